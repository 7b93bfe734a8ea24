import type { webcrypto } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { PeerfoldError } from '../../src/core/errors.js';
import { isObject, isText, isWhole, type JsonObject } from '../../src/protocol/check.js';
import type { KeyAlgorithm, KeyInfo } from './schedule.js';

/** A key that can sign. Its private part cannot be taken out of memory again, nor printed. */
export interface SigningKey extends KeyInfo {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

const MAX_TIME = Number.MAX_SAFE_INTEGER;
/** Numbers of 256 bits take 43 characters. */
const MAX_MEMBER = 64;
const ALGORITHMS = {
  Ed25519: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;

/** Makes a key, and the text of the file that keeps it. */
export async function makeKey(
  alg: KeyAlgorithm,
  times: Pick<KeyInfo, 'created' | 'activeFrom'>,
): Promise<{ readonly info: KeyInfo; readonly text: string }> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const info = { kid: await calculateJwkThumbprint(jwk), alg, ...times };
  // A command would take it for a flag.
  if (info.kid.startsWith('-')) return makeKey(alg, times);
  return { info, text: JSON.stringify({ ...jwk, ...info }) };
}

/** The text of a key file with another time from which the key signs. */
export function withActiveFrom(text: string, activeFrom: number): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), activeFrom });
}

/**
 * Reads a key file. What is thrown says what is wrong in our own words: what a parser or a crypto
 * library says may quote the file, and the file is the secret.
 */
export async function readKey(text: string): Promise<SigningKey> {
  const jwk = parsed(text);
  const { kid, created, activeFrom = created } = jwk;
  if (!isText(kid, 128) || !isWhole(created, 0, MAX_TIME) || !isWhole(activeFrom, 0, MAX_TIME))
    throw broken('kid, created or activeFrom is missing');
  const alg = algorithmOf(jwk);
  const publicJwk = { ...publicPartOf(jwk), kid, alg, use: 'sig' };
  if ((await calculateJwkThumbprint(publicJwk).catch(() => '')) !== kid)
    throw broken('kid is not the thumbprint of its public part');
  return { kid, alg, created, activeFrom, privateKey: await importPair(jwk, alg), publicJwk };
}

function parsed(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken('not JSON');
  }
  if (!isObject(value)) throw broken('not a JSON object');
  return value;
}

function algorithmOf({ kty, crv }: JsonObject): KeyAlgorithm {
  if (kty === 'OKP' && crv === 'Ed25519') return 'Ed25519';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  throw broken('neither Ed25519 nor P-256');
}

/** Named member by member, so that no private one can slip through. */
function publicPartOf(jwk: JsonObject): JWK {
  const [kty, crv, x] = [textIn(jwk, 'kty'), textIn(jwk, 'crv'), textIn(jwk, 'x')];
  return kty === 'EC' ? { kty, crv, x, y: textIn(jwk, 'y') } : { kty, crv, x };
}

function textIn(jwk: JsonObject, member: string): string {
  const value = jwk[member];
  if (isText(value, MAX_MEMBER)) return value;
  throw broken(`its member ${member} is missing or no text`);
}

/** Tried once: a private part that goes with another public one would make statements nobody believes. */
async function importPair(jwk: JsonObject, alg: KeyAlgorithm): Promise<CryptoKey> {
  const algorithm = ALGORITHMS[alg];
  const publicPart = publicPartOf(jwk) as webcrypto.JsonWebKey;
  const d = textIn(jwk, 'd');
  const sample = new Uint8Array(1);
  try {
    const own = await crypto.subtle.importKey('jwk', { ...publicPart, d }, algorithm, false, ['sign']);
    const shown = await crypto.subtle.importKey('jwk', publicPart, algorithm, true, ['verify']);
    const signature = await crypto.subtle.sign(algorithm, own, sample);
    if (await crypto.subtle.verify(algorithm, shown, signature, sample)) return own;
  } catch {
    throw broken('its private part is missing or damaged');
  }
  throw broken('its private part does not belong to its public one');
}

function broken(why: string): PeerfoldError {
  return new PeerfoldError('bad-config', why);
}
