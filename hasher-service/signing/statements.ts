import { SignJWT, compactVerify, createLocalJWKSet, type JWTPayload } from 'jose';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { MAX_ADMISSION_LIFE, MAX_TOKEN_LENGTH, POLICY_LIFE } from '../../src/core/limits.js';
import { isCompactJws } from '../../src/protocol/check.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  POLICY_TYPE,
  REFUSAL_TYPE,
  isDigestClaims,
  isRefusalClaims,
  type AdmissionClaims,
  type DigestClaims,
  type PolicyClaims,
  type RefusalClaims,
} from '../../src/protocol/hasher.js';
import type { Keyring } from './keys.js';
import { whyOf, type RefusalCode } from '../judging/refusals.js';

/** Signed statements about one URL, with the claims in them. */
export interface Token {
  readonly kind: 'digest';
  readonly jws: string;
  readonly claims: DigestClaims;
}
export interface Refusal {
  readonly kind: 'refusal';
  readonly jws: string;
  readonly claims: RefusalClaims;
}
export type Statement = Token | Refusal;

/** Whom and what a statement is about, and when: `ver` in milliseconds, the rest in seconds. */
export interface About {
  readonly site: Site;
  readonly url: CanonicalUrl;
  readonly iat: number;
  readonly exp: number;
  readonly ver: number;
  readonly epoch: number;
}

export type DigestBody = Pick<DigestClaims, 'root' | 'len' | 'piece' | 'hdr'>;
export type PolicyBody = Pick<PolicyClaims, 'enabled' | 'minEpoch' | 'rollout' | 'revoked'>;

/** Makes the four kinds of statement. The only place where the private key is used. */
export class Signer {
  readonly #trusted: ReturnType<typeof createLocalJWKSet>;

  constructor(
    private readonly keyring: Keyring,
    private readonly issuer: string,
  ) {
    this.#trusted = createLocalJWKSet({ keys: [...keyring.published] });
  }

  /** `undefined` when the token would be longer than verifiers read. */
  async digest(about: About, body: DigestBody): Promise<Token | undefined> {
    const claims: DigestClaims = { ...this.#common(about), ...body };
    const jws = await this.#sign(DIGEST_TYPE, { ...claims });
    return jws.length > MAX_TOKEN_LENGTH ? undefined : { kind: 'digest', jws, claims };
  }

  async refusal(about: About, code: RefusalCode): Promise<Refusal> {
    const claims: RefusalClaims = { ...this.#common(about), code, why: whyOf(code) };
    return { kind: 'refusal', jws: await this.#sign(REFUSAL_TYPE, { ...claims }), claims };
  }

  async policy(site: Site, body: PolicyBody, nowMs: number): Promise<string> {
    const iat = Math.floor(nowMs / 1000);
    const claims: PolicyClaims = {
      iss: this.issuer,
      aud: site,
      ...body,
      iat,
      exp: iat + POLICY_LIFE,
      ver: nowMs,
    };
    return this.#sign(POLICY_TYPE, { ...claims });
  }

  async admission(site: Site, jkt: string, nowMs: number): Promise<string> {
    const iat = Math.floor(nowMs / 1000);
    const exp = iat + MAX_ADMISSION_LIFE;
    const claims: AdmissionClaims = { iss: this.issuer, aud: ADMISSION_AUDIENCE, site, jkt, iat, exp };
    return this.#sign(ADMISSION_TYPE, { ...claims });
  }

  /**
   * Reads back a statement of ours, current or not; `undefined` when it is torn, foreign or of a key
   * that was removed.
   */
  async reopen(jws: string): Promise<Statement | undefined> {
    if (!isCompactJws(jws, MAX_TOKEN_LENGTH)) return undefined;
    try {
      const { payload, protectedHeader } = await compactVerify(jws, this.#trusted);
      return asStatement(jws, protectedHeader.typ, JSON.parse(new TextDecoder().decode(payload)));
    } catch {
      // Whatever is wrong with it, it is not a statement of ours; the caller drops it and says so.
      return undefined;
    }
  }

  #common({ site, url, iat, exp, ver, epoch }: About) {
    return { iss: this.issuer, aud: site, sub: url, iat, exp, ver, epoch };
  }

  #sign(typ: string, claims: JWTPayload): Promise<string> {
    const { alg, kid, privateKey } = this.keyring.active;
    return new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(privateKey);
  }
}

function asStatement(jws: string, typ: string | undefined, claims: unknown): Statement | undefined {
  if (typ === DIGEST_TYPE && isDigestClaims(claims)) return { kind: 'digest', jws, claims };
  if (typ === REFUSAL_TYPE && isRefusalClaims(claims)) return { kind: 'refusal', jws, claims };
  return undefined;
}
