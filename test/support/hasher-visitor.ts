import type { Site } from '../../src/core/brands.js';
import { parseDigestsResponse, type DigestClaims, type RefusalClaims } from '../../src/protocol/hasher.js';
import { systemClock } from '../../src/protocol/system-clock.js';
import { RemoteKeys } from '../../src/verify/keys.js';
import { verifyDigest, verifyRefusal } from '../../src/verify/statements.js';

export interface Answer {
  readonly jws: string;
  readonly digest?: DigestClaims;
  readonly refusal?: RefusalClaims;
}

/** Asks a hash service as the pages of a site do, and believes only what is signed. */
export class Visitor {
  readonly #site: Site;
  readonly #keys: RemoteKeys;

  constructor(
    readonly hasher: string,
    site: string,
  ) {
    this.#site = site as Site;
    this.#keys = new RemoteKeys({ hasher, fetch: globalThis.fetch, clock: systemClock });
  }

  get(path: string): Promise<Response> {
    return fetch(this.hasher + path, { headers: { origin: this.#site } });
  }

  /** The statement about a path of the site; asks until there is one. */
  async ask(path: string): Promise<Answer> {
    for (;;) {
      const jws = await this.askOnce(path);
      if (typeof jws !== 'string') {
        // As visitors do: a thousand who ask again at once would keep the origin from answering.
        await new Promise((resolve) => setTimeout(resolve, jws.pending));
        continue;
      }
      const using = { keys: this.#keys, clock: systemClock };
      const digest = await verifyDigest(jws, this.#site, using);
      if (digest.verdict === 'verified') return { jws, digest: digest.claims };
      const refusal = await verifyRefusal(jws, this.#site, using);
      if (refusal.verdict === 'verified') return { jws, refusal: refusal.claims };
      throw new Error(`the answer is ${digest.verdict}`);
    }
  }

  /**
   * The claims of a statement about a path whose version is as wanted, whatever the clock says that made
   * it; asks until there is one.
   */
  async said(path: string, isWanted: (ver: number) => boolean): Promise<DigestClaims> {
    for (;;) {
      const jws = await this.askOnce(path);
      const claims = typeof jws === 'string' ? claimsOf(jws) : undefined;
      if (claims && isWanted(claims.ver)) return claims;
    }
  }

  /** One question: a statement as it was sent, or when to ask again. */
  async askOnce(path: string): Promise<string | { readonly pending: number }> {
    const response = await fetch(`${this.hasher}/v1/digests`, {
      method: 'POST',
      body: JSON.stringify({ site: this.#site, urls: [new URL(path, this.#site).href] }),
      headers: { 'content-type': 'text/plain;charset=UTF-8', origin: this.#site },
    });
    const answer = parseDigestsResponse(await response.json(), 1)?.answers[0];
    if (answer === undefined) throw new Error(`no answer: ${response.status}`);
    return answer;
  }
}

function claimsOf(jws: string): DigestClaims {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as DigestClaims;
}
