import { createECDH } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { RootPrefix, Site } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock } from '../../../src/core/clock.js';
import type { OpenSocket } from '../../../src/page/tracker-client.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  parseAdmissionRequest,
  parseDigestsRequest,
  POLICY_TYPE,
  RECEIPT_TYPE,
} from '../../../src/protocol/hasher.js';
import type { Identity } from '../../../src/protocol/seal.js';
import { readKeySet } from '../../../src/verify/keys.js';
import { thumbprint } from '../../../src/verify/statements.js';
import { SignedAdmission } from '../../../tracker-service/admission/admission.js';
import type { RootsAuthority } from '../../../tracker-service/admission/hasher-client.js';
import { NOWHERE } from '../../../tracker-service/choosing/place.js';
import { TrackerCore } from '../../../tracker-service/core/tracker.js';
import { seededBytes } from '../random.js';
import { DEFAULT_LIMITS, FakeTally } from '../tracker-world.js';
import type { SiteFile } from './site-file.js';

export const SITE = 'https://site.example' as Site;
export const HASHER = 'https://hash.example';

/** Milliseconds from a question to the hash service to its answer, and from a visitor to the tracker. */
const HASHER_DELAY = 50;
const TRACKER_DELAY = 20;
const HOUR = 3600;
const KID = 'k1';

/** The site's hash service, true to its protocol, and the real tracker's core, for any number of visitors. */
export class SiteServices {
  readonly #tokens = new Map<string, string>();

  private constructor(
    private readonly clock: Clock,
    private readonly files: readonly SiteFile[],
    private readonly key: { readonly privateKey: CryptoKey; readonly jwk: object },
    private readonly tracker: TrackerCore,
    /** What went wrong at the tracker. */
    readonly troubles: readonly unknown[],
  ) {}

  static async start(clock: Clock, files: readonly SiteFile[], seed: number): Promise<SiteServices> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: KID, alg: 'EdDSA' };
    const keys = await readKeySet({ keys: [jwk] });
    const using = { keys: { find: (kid: string) => Promise.resolve(keys.get(kid)) }, clock };
    const tally = new FakeTally();
    const core = new TrackerCore({
      ...{ limits: DEFAULT_LIMITS, clock, random: seededBytes(seed), tally },
      ...{
        desk: new SignedAdmission(
          using,
          (error) => tally.troubles.push(error),
          () => undefined,
        ),
        roots: allLive(clock),
      },
      ...{ pressure: { level: 0 }, federations: [] },
    });
    const services = new SiteServices(clock, files, { privateKey, jwk }, core, tally.troubles);
    for (const file of files) services.#tokens.set(SITE + file.path, await services.#digest(file));
    return services;
  }

  close(): void {
    this.tracker.close();
  }

  /** The hash service's answer to one request. */
  async answer(path: string, body: string): Promise<Response> {
    await new Promise<void>((done) => this.clock.setTimeout(done, HASHER_DELAY));
    if (path === '/v1/jwks.json') return Response.json({ keys: [this.key.jwk] });
    if (path === '/v1/policy') return new Response(await this.#policy());
    if (path === '/v1/admissions') return this.#admit(body);
    if (path === '/v1/digests') return this.#digests(body);
    const file = this.files.find(({ root }) => path === `/v1/layers/${root}`);
    return file ? new Response(file.layer.slice()) : new Response('{}', { status: 404 });
  }

  /** What pages have in place of a browser's WebSocket here. */
  readonly openSocket: OpenSocket = (_url, _protocol, handlers) => {
    const later = (act: () => void): void => void this.clock.setTimeout(act, TRACKER_DELAY);
    const session = this.tracker.connect({
      ...{ origin: SITE, place: NOWHERE, bufferedAmount: 0 },
      send: (text) => {
        later(() => {
          handlers.message(text);
        });
      },
      close: () => {
        later(() => {
          handlers.closed();
        });
      },
    });
    later(() => {
      handlers.opened();
    });
    return {
      send: (text) => {
        later(() => void session.receive(text));
      },
      close: () => {
        later(() => {
          session.closed();
        });
      },
    };
  };

  async #admit(body: string): Promise<Response> {
    const jkt = await thumbprint(parseAdmissionRequest(body)?.key ?? '');
    const life = { exp: this.#now() + 600, jkt };
    const admission = await this.#jws(ADMISSION_TYPE, { ...life, aud: ADMISSION_AUDIENCE, site: SITE });
    return Response.json({ admission, receipt: await this.#jws(RECEIPT_TYPE, life) });
  }

  #digests(body: string): Response {
    const urls = parseDigestsRequest(body)?.urls ?? [];
    return Response.json({ answers: urls.map((url) => this.#tokens.get(url) ?? { pending: 1000 }) });
  }

  #digest({ path, root, cut }: SiteFile): Promise<string> {
    const hdr = { 'content-type': 'image/jpeg', 'cache-control': `public, max-age=${HOUR}` };
    return this.#jws(DIGEST_TYPE, { sub: SITE + path, root, len: cut.length, piece: cut.piece, hdr });
  }

  #policy(): Promise<string> {
    const rules = { enabled: true, minEpoch: 0, rollout: 1, revoked: [] };
    return this.#jws(POLICY_TYPE, { ...rules, exp: this.#now() + 300 });
  }

  #jws(typ: string, claims: Record<string, unknown>): Promise<string> {
    const now = this.#now();
    const usual = { iss: HASHER, aud: SITE, iat: now, exp: now + HOUR, ver: this.clock.now(), epoch: 1 };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: KID, typ })
      .sign(this.key.privateKey);
  }

  #now(): number {
    return Math.floor(this.clock.now() / 1000);
  }
}

function allLive(clock: Clock): RootsAuthority {
  return {
    liveRoots: (_site: Site, roots: readonly RootPrefix[]) =>
      Promise.resolve(roots.map((root) => ({ root, until: clock.now() / 1000 + HOUR }))),
  };
}

/** An identity that is the same for a number in every run: whose offer wins depends on it. */
export async function seededIdentity(number: number): Promise<Identity> {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(Buffer.from(seededBytes(number)(32)));
  const point: Bytes = Uint8Array.from(curve.getPublicKey());
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(toBase64Url);
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as JsonWebKey;
  const d = toBase64Url(Uint8Array.from(curve.getPrivateKey()));
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  const privateKey = await crypto.subtle.importKey('jwk', { ...jwk, d }, algorithm, true, ['deriveBits']);
  const publicKey = await crypto.subtle.importKey('jwk', jwk, algorithm, true, []);
  return { keys: { privateKey, publicKey }, publicKey: toBase64Url(point) };
}
