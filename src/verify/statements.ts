import { calculateJwkThumbprint, decodeProtectedHeader, jwtVerify } from 'jose';
import type { CanonicalUrl, Site } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { CLOCK_TOLERANCE, MAX_ADMISSION_LIFE, MAX_TOKEN_LENGTH, MAX_TOKEN_LIFE, POLICY_LIFE } from '../core/limits.js';
import { fromBase64Url, toBase64Url } from '../protocol/base64.js';
import type { Verdict } from '../protocol/bridge.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  DIGEST_TYPE,
  POLICY_TYPE,
  REFUSAL_TYPE,
  isAdmissionClaims,
  isDigestClaims,
  isPolicyClaims,
  isRefusalClaims,
  type AdmissionClaims,
  type DigestClaims,
  type PolicyClaims,
  type RefusalClaims,
} from '../protocol/hasher.js';
import type { KeySource } from './keys.js';

/** Either the claims of a genuine, current statement, or why it is not one. Never both, never neither. */
export type Checked<Claims> =
  | { readonly verdict: 'verified'; readonly claims: Claims }
  | { readonly verdict: Exclude<Verdict, 'verified' | 'refused'> };

export interface Verification {
  readonly keys: KeySource;
  readonly clock: Clock;
}

interface Kind<Claims> {
  readonly typ: string;
  readonly audience: string;
  /** Longest allowed `exp - iat`, in seconds. */
  readonly maxLife: number;
  readonly isClaims: (value: unknown) => value is Claims;
}

/** Checks a digest token for `site`. Rejects only when the keys cannot be had. */
export function verifyDigest(token: string, site: Site, using: Verification): Promise<Checked<DigestClaims>> {
  return verify(token, { typ: DIGEST_TYPE, audience: site, maxLife: MAX_TOKEN_LIFE, isClaims: isDigestClaims }, using);
}

export function verifyRefusal(token: string, site: Site, using: Verification): Promise<Checked<RefusalClaims>> {
  return verify(token, { typ: REFUSAL_TYPE, audience: site, maxLife: MAX_TOKEN_LIFE, isClaims: isRefusalClaims }, using);
}

export function verifyPolicy(token: string, site: Site, using: Verification): Promise<Checked<PolicyClaims>> {
  return verify(token, { typ: POLICY_TYPE, audience: site, maxLife: POLICY_LIFE, isClaims: isPolicyClaims }, using);
}

/** Checks an admission and that it was made out to `publicKey` (raw P-256 point, base64url). */
export async function verifyAdmission(token: string, publicKey: string, using: Verification): Promise<Checked<AdmissionClaims>> {
  const kind = { typ: ADMISSION_TYPE, audience: ADMISSION_AUDIENCE, maxLife: MAX_ADMISSION_LIFE, isClaims: isAdmissionClaims };
  const checked = await verify(token, kind, using);
  if (checked.verdict !== 'verified') return checked;
  return checked.claims.jkt === (await thumbprint(publicKey)) ? checked : { verdict: 'mismatch' };
}

/** RFC 7638 thumbprint of a raw P-256 point in base64url; `undefined` when it is none. */
export async function thumbprint(publicKey: string): Promise<string | undefined> {
  const point = fromBase64Url(publicKey);
  if (point?.byteLength !== 65 || point[0] !== 4) return undefined;
  const jwk = { kty: 'EC', crv: 'P-256', x: toBase64Url(point.subarray(1, 33)), y: toBase64Url(point.subarray(33)) };
  return calculateJwkThumbprint(jwk, 'sha256');
}

/** The type a statement claims to be, to choose the check; says nothing about its being genuine. */
export function claimedType(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined;
  }
}

/** Whether a policy voids a statement about `url` that was made in `epoch` and names `root`. */
export function isRevoked(policy: PolicyClaims, statement: { epoch: number; sub: CanonicalUrl; root?: string }): boolean {
  if (statement.epoch < policy.minEpoch) return true;
  return policy.revoked.some((entry) => entry === statement.sub || entry === statement.root);
}

async function verify<Claims extends { iat: number; exp: number }>(
  token: string,
  kind: Kind<Claims>,
  using: Verification,
): Promise<Checked<Claims>> {
  const kid = keyIdOf(token);
  const key = kid === undefined ? undefined : await using.keys.find(kid);
  if (!key) return { verdict: 'unsigned' };
  try {
    const { payload } = await jwtVerify(token, key.key, {
      algorithms: key.algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : ['ES256'],
      typ: kind.typ,
      audience: kind.audience,
      currentDate: new Date(using.clock.now()),
      clockTolerance: CLOCK_TOLERANCE,
    });
    if (!kind.isClaims(payload) || payload.exp - payload.iat > kind.maxLife) return { verdict: 'unsigned' };
    const tooNew = payload.iat > using.clock.now() / 1000 + CLOCK_TOLERANCE;
    return tooNew ? { verdict: 'unsigned' } : { verdict: 'verified', claims: payload };
  } catch (error) {
    return { verdict: isExpiry(error) ? 'expired' : 'unsigned' };
  }
}

function keyIdOf(token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

function isExpiry(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
}
