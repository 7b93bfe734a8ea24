import { SignJWT, type JWTPayload } from 'jose';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { MAX_ADMISSION_LIFE, MAX_TOKEN_LENGTH, POLICY_LIFE } from '../../src/core/limits.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  POLICY_TYPE,
  RECEIPT_TYPE,
  REFUSAL_TYPE,
  isDigestClaims,
  isRefusalClaims,
  type AdmissionClaims,
  type AdmissionResponse,
  type DigestClaims,
  type PolicyClaims,
  type ReceiptClaims,
  type RefusalClaims,
} from '../../src/protocol/hasher.js';
import { claimsOf, isSignedBy, parseJws } from '../../src/verify/jws.js';
import type { Keyring } from './keys.js';
import { whyOf, type RefusalCode } from '../judging/refusals.js';

/** Signed statements about one URL, with the claims in them. */
export interface Token {
  readonly kind: 'digest';
  readonly jws: string;
  /** The key that signed it: it is good only as long as that key is trusted. */
  readonly kid: string;
  readonly claims: DigestClaims;
}
export interface Refusal {
  readonly kind: 'refusal';
  readonly jws: string;
  readonly kid: string;
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

export type DigestBody = Pick<DigestClaims, 'root' | 'len' | 'piece' | 'hdr' | 'dur'>;
export type PolicyBody = Pick<PolicyClaims, 'enabled' | 'minEpoch' | 'rollout' | 'revoked'>;

/** Makes the kinds of statement. The only place where the private key is used. */
export class Signer {
  constructor(
    private readonly keyring: Pick<Keyring, 'active' | 'find'>,
    private readonly issuer: string,
  ) {}

  /** `undefined` when the token would be longer than verifiers read. */
  async digest(about: About, body: DigestBody): Promise<Token | undefined> {
    const claims: DigestClaims = { ...this.#common(about), ...body };
    const signed = await this.#sign(DIGEST_TYPE, { ...claims });
    return signed.jws.length > MAX_TOKEN_LENGTH ? undefined : { kind: 'digest', ...signed, claims };
  }

  async refusal(about: About, code: RefusalCode): Promise<Refusal> {
    const claims: RefusalClaims = { ...this.#common(about), code, why: whyOf(code) };
    return { kind: 'refusal', ...(await this.#sign(REFUSAL_TYPE, { ...claims })), claims };
  }

  /** The same, said about another URL; `undefined` when it would be longer than verifiers read. */
  async renamed(statement: Statement, sub: CanonicalUrl): Promise<Statement | undefined> {
    const isDigest = statement.kind === 'digest';
    const claims = { ...statement.claims, sub };
    const signed = await this.#sign(isDigest ? DIGEST_TYPE : REFUSAL_TYPE, claims);
    if (signed.jws.length > MAX_TOKEN_LENGTH) return undefined;
    return { ...statement, ...signed, claims } as Statement;
  }

  /** `now` and `ver` in milliseconds, `life` in seconds. */
  async policy(
    site: Site,
    body: PolicyBody,
    times: { readonly now: number; readonly ver: number; readonly life?: number },
  ): Promise<string> {
    const { now, ver, life = POLICY_LIFE } = times;
    const iat = Math.floor(now / 1000);
    const claims: PolicyClaims = {
      iss: this.issuer,
      aud: site,
      ...body,
      iat,
      exp: iat + life,
      ver,
    };
    return (await this.#sign(POLICY_TYPE, { ...claims })).jws;
  }

  /** An admission and the receipt for it, which end together. */
  async admission(site: Site, jkt: string, nowMs: number): Promise<AdmissionResponse> {
    const iat = Math.floor(nowMs / 1000);
    const common = { iss: this.issuer, jkt, iat, exp: iat + MAX_ADMISSION_LIFE };
    const admission: AdmissionClaims = { ...common, aud: ADMISSION_AUDIENCE, site };
    const receipt: ReceiptClaims = { ...common, aud: site };
    return {
      admission: (await this.#sign(ADMISSION_TYPE, { ...admission })).jws,
      receipt: (await this.#sign(RECEIPT_TYPE, { ...receipt })).jws,
    };
  }

  /**
   * Reads back a statement of ours, current or not; `undefined` when it is torn, foreign, or of a key
   * that is not trusted any more.
   */
  async reopen(jws: string): Promise<Statement | undefined> {
    const parsed = jws.length <= MAX_TOKEN_LENGTH ? parseJws(jws) : undefined;
    const key = parsed && (await this.keyring.find(parsed.kid));
    if (!parsed || !key || !(await isSignedBy(parsed, key))) return undefined;
    return asStatement({ jws, kid: parsed.kid }, parsed.typ, claimsOf(parsed));
  }

  #common({ site, url, iat, exp, ver, epoch }: About) {
    return { iss: this.issuer, aud: site, sub: url, iat, exp, ver, epoch };
  }

  async #sign(typ: string, claims: JWTPayload): Promise<{ readonly jws: string; readonly kid: string }> {
    const { alg, kid, privateKey } = this.keyring.active;
    const jws = await new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(privateKey);
    return { jws, kid };
  }
}

function asStatement(
  signed: Pick<Statement, 'jws' | 'kid'>,
  typ: string,
  claims: unknown,
): Statement | undefined {
  if (typ === DIGEST_TYPE && isDigestClaims(claims)) return { kind: 'digest', ...signed, claims };
  if (typ === REFUSAL_TYPE && isRefusalClaims(claims)) return { kind: 'refusal', ...signed, claims };
  return undefined;
}
