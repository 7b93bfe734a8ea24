import type { Bytes } from '../core/bytes.js';
import { MAX_POLICY_LENGTH } from '../core/limits.js';
import { fromBase64Url } from '../protocol/base64.js';
import { isCompactJws, isText, parseObject, type JsonObject } from '../protocol/check.js';

/**
 * Compact JWS (RFC 7515), verifying only, and only by a key that fixes the algorithm. The worker has
 * a size budget in which a general JOSE library would take a third.
 */
export type Algorithm = 'EdDSA' | 'ES256';

/** A public key and the one algorithm it may be used with. */
export interface VerifyingKey {
  readonly key: CryptoKey;
  readonly algorithm: Algorithm;
}

/** A statement taken apart. Nothing of it is proven before `isSignedBy` says so. */
export interface Jws {
  readonly alg: string;
  readonly kid: string;
  readonly typ: string;
  readonly payload: Bytes;
  readonly signature: Bytes;
  /** What the signature is over. */
  readonly signed: Bytes;
}

export const MAX_KEY_ID = 128;
const MAX_HEADER = 1024;
const MAX_NAME = 64;

/** Header names that each kind of key goes by; RFC 9864 renamed the first. */
const NAMES: Readonly<Record<Algorithm, readonly string[]>> = {
  EdDSA: ['EdDSA', 'Ed25519'],
  ES256: ['ES256'],
};

/** In the words of WebCrypto, which takes of them what importing or verifying needs. */
const PARAMETERS = {
  EdDSA: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;

/** `undefined` for anything that is not a compact JWS with the three header members that ours have. */
export function parseJws(token: string): Jws | undefined {
  if (!isCompactJws(token, MAX_POLICY_LENGTH)) return undefined;
  const [head = '', body = '', tail = ''] = token.split('.');
  const header = headerOf(head);
  const payload = fromBase64Url(body);
  const signature = fromBase64Url(tail);
  if (!header || !payload || !signature) return undefined;
  return { ...header, payload, signature, signed: new TextEncoder().encode(`${head}.${body}`) };
}

function headerOf(text: string): Pick<Jws, 'alg' | 'kid' | 'typ'> | undefined {
  const bytes = text.length <= MAX_HEADER ? fromBase64Url(text) : undefined;
  const header = bytes && parseObject(new TextDecoder().decode(bytes), MAX_HEADER);
  // `crit` names extensions that must be understood (RFC 7515 section 4.1.11), and none is.
  if (!header || header['crit'] !== undefined) return undefined;
  const { alg, kid, typ } = header;
  if (!isText(alg, MAX_NAME) || !isText(kid, MAX_KEY_ID) || !isText(typ, MAX_NAME)) return undefined;
  return { alg, kid, typ };
}

/** The claims of a statement. */
export function claimsOf({ payload }: Jws): JsonObject | undefined {
  return parseObject(new TextDecoder().decode(payload), MAX_POLICY_LENGTH);
}

export async function isSignedBy(jws: Jws, { key, algorithm }: VerifyingKey): Promise<boolean> {
  if (!NAMES[algorithm].includes(jws.alg)) return false;
  return crypto.subtle.verify(PARAMETERS[algorithm], key, jws.signature, jws.signed);
}

/** Imports the public part of a JWK (RFC 7517). Rejects when it is broken or unknown to this platform. */
export async function importPublicKey(jwk: JsonObject, algorithm: Algorithm): Promise<VerifyingKey> {
  const { kty, crv, x, y } = jwk;
  const publicPart = { kty, crv, x, ...(algorithm === 'ES256' ? { y } : {}) } as JsonWebKey;
  const key = await crypto.subtle.importKey('jwk', publicPart, PARAMETERS[algorithm], false, ['verify']);
  return { key, algorithm };
}
