import type { CanonicalUrl, Site } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import {
  CLOCK_TOLERANCE,
  MAX_ADMISSION_LIFE,
  MAX_POLICY_LENGTH,
  MAX_STATEMENT_LIFE,
  MAX_TOKEN_LENGTH,
} from '../core/limits.js';
import { fromBase64Url, toBase64Url } from '../protocol/base64.js';
import { matchesPattern } from '../protocol/patterns.js';
import type { Verdict } from '../protocol/bridge.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  POLICY_TYPE,
  RECEIPT_TYPE,
  REFUSAL_TYPE,
  isAdmissionClaims,
  isDigestClaims,
  isPolicyClaims,
  isReceiptClaims,
  isRefusalClaims,
  type AdmissionClaims,
  type DigestClaims,
  type PolicyClaims,
  type ReceiptClaims,
  type RefusalClaims,
} from '../protocol/hasher.js';
import type { JsonObject } from '../protocol/check.js';
import { claimsOf, isSignedBy, parseJws, type Jws } from './jws.js';
import type { KeySource } from './keys.js';

/** Either the claims of a genuine, current statement, or why it is not one. Never both, never neither. */
export type Checked<Claims> =
  | { readonly verdict: 'verified'; readonly claims: Claims }
  | { readonly verdict: Exclude<Verdict, 'verified' | 'refused'> };

export interface Verification {
  readonly keys: KeySource;
  readonly clock: Clock;
}

interface Kind<Claims extends Registered> {
  readonly typ: string;
  readonly audience: string;
  /** Longest allowed `exp - iat`, in seconds. */
  readonly maxLife: number;
  /** Longest allowed compact JWS, in characters. */
  readonly maxLength: number;
  readonly isClaims: (value: unknown) => value is Claims;
}

/** Checks a digest token for `site`. Rejects only when the keys cannot be had. */
export function verifyDigest(token: string, site: Site, using: Verification): Promise<Checked<DigestClaims>> {
  return verify(
    token,
    {
      typ: DIGEST_TYPE,
      audience: site,
      maxLife: MAX_STATEMENT_LIFE,
      maxLength: MAX_TOKEN_LENGTH,
      isClaims: isDigestClaims,
    },
    using,
  );
}

export function verifyRefusal(
  token: string,
  site: Site,
  using: Verification,
): Promise<Checked<RefusalClaims>> {
  return verify(
    token,
    {
      typ: REFUSAL_TYPE,
      audience: site,
      maxLife: MAX_STATEMENT_LIFE,
      maxLength: MAX_TOKEN_LENGTH,
      isClaims: isRefusalClaims,
    },
    using,
  );
}

export function verifyPolicy(token: string, site: Site, using: Verification): Promise<Checked<PolicyClaims>> {
  return verify(
    token,
    {
      typ: POLICY_TYPE,
      audience: site,
      maxLife: MAX_STATEMENT_LIFE,
      maxLength: MAX_POLICY_LENGTH,
      isClaims: isPolicyClaims,
    },
    using,
  );
}

/** Checks an admission and that it was made out to `publicKey` (raw P-256 point, base64url). */
export async function verifyAdmission(
  token: string,
  publicKey: string,
  using: Verification,
): Promise<Checked<AdmissionClaims>> {
  const kind = {
    typ: ADMISSION_TYPE,
    audience: ADMISSION_AUDIENCE,
    maxLife: MAX_ADMISSION_LIFE,
    maxLength: MAX_TOKEN_LENGTH,
    isClaims: isAdmissionClaims,
  };
  const checked = await verify(token, kind, using);
  if (checked.verdict !== 'verified') return checked;
  return checked.claims.jkt === (await thumbprint(publicKey)) ? checked : { verdict: 'mismatch' };
}

/** Checks a receipt for an admission to `site`. */
export function verifyReceipt(
  token: string,
  site: Site,
  using: Verification,
): Promise<Checked<ReceiptClaims>> {
  const kind = {
    typ: RECEIPT_TYPE,
    audience: site,
    maxLife: MAX_ADMISSION_LIFE,
    maxLength: MAX_TOKEN_LENGTH,
    isClaims: isReceiptClaims,
  };
  return verify(token, kind, using);
}

/** RFC 7638 thumbprint of a raw P-256 point in base64url; `undefined` when it is none. */
export async function thumbprint(publicKey: string): Promise<string | undefined> {
  const point = fromBase64Url(publicKey);
  if (point?.byteLength !== 65 || point[0] !== 4) return undefined;
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(toBase64Url);
  const members = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  return toBase64Url(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(members))),
  );
}

/** The key id a statement names; says nothing about its being genuine. */
export function claimedKey(token: string): string | undefined {
  return parseJws(token)?.kid;
}

/** The type a statement claims to be, to choose the check; says nothing about its being genuine. */
export function claimedType(token: string): string | undefined {
  return parseJws(token)?.typ;
}

/** What voiding depends on, in digests and refusals alike. */
export interface Voidable {
  readonly sub: CanonicalUrl;
  readonly root?: string;
  readonly ver: number;
  readonly epoch: number;
}

/** Whether a policy voids a statement. */
export function isRevoked(
  { minEpoch, revoked }: Pick<PolicyClaims, 'minEpoch' | 'revoked'>,
  { epoch, ver, sub, root }: Voidable,
): boolean {
  if (epoch < minEpoch) return true;
  const later = revoked.filter(({ before }) => ver < before);
  if (later.length === 0) return false;
  const url = new URL(sub);
  return later.some(({ of }) => of === sub || of === root || matchesPattern(of, url));
}

interface Registered {
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
}

const UNSIGNED = { verdict: 'unsigned' } as const;

async function verify<Claims extends Registered>(
  token: string,
  kind: Kind<Claims>,
  using: Verification,
): Promise<Checked<Claims>> {
  const jws = token.length <= kind.maxLength ? parseJws(token) : undefined;
  if (jws?.typ !== kind.typ) return UNSIGNED;
  if (!(await isGenuine(jws, using.keys))) return UNSIGNED;
  const claims = claimsOf(jws);
  if (!claims || !kind.isClaims(claims) || claims.aud !== kind.audience) return UNSIGNED;
  if (claims.exp - claims.iat > kind.maxLife) return UNSIGNED;
  const verdict = timeliness(claims, using.clock.now() / 1000);
  return verdict === 'verified' ? { verdict, claims } : { verdict };
}

async function isGenuine(jws: Jws, keys: KeySource): Promise<boolean> {
  const key = await keys.find(jws.kid);
  return key !== undefined && isSignedBy(jws, key);
}

/** RFC 7519 sections 4.1.4 to 4.1.6, with honest clocks apart by `CLOCK_TOLERANCE`. */
function timeliness(claims: JsonObject & Registered, now: number): 'verified' | 'expired' | 'unsigned' {
  const from = claims['nbf'] ?? claims.iat;
  if (typeof from !== 'number' || Math.max(from, claims.iat) > now + CLOCK_TOLERANCE) return 'unsigned';
  return claims.exp <= now - CLOCK_TOLERANCE ? 'expired' : 'verified';
}
