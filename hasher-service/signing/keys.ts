import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { isObject, isText, isWhole, type JsonObject } from '../../src/protocol/check.js';
import { readKeySet, type KeySource } from '../../src/verify/keys.js';
import { readSecret, secretDirectory, writeSecret } from './secrets.js';

export type KeyAlgorithm = 'Ed25519' | 'ES256';

/** What may be told about a key. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  /** Milliseconds since 1970; the newest key signs. */
  readonly created: number;
}

export interface SigningKey extends KeyInfo {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** All keys of the service: the newest signs, every one of them is published and trusted. */
export interface Keyring {
  readonly active: SigningKey;
  readonly published: readonly JWK[];
  /** For checking our own statements. */
  readonly source: KeySource;
}

/** Verifiers read at most this many keys of a set. */
const MAX_KEYS = 16;

/** Reads the keys in `data`, making the first one when there is none. */
export async function openKeyring(data: string, now: () => number): Promise<Keyring> {
  if ((await listKeys(data)).length === 0) await newKey(data, { alg: 'Ed25519', now });
  const keys = await readKeys(data);
  const active = keys.at(-1);
  if (!active) throw new PeerfoldError('bad-config', `no key in ${keyDirectory(data)}`);
  const published = keys.map((key) => key.publicJwk);
  const trusted = await readKeySet({ keys: published });
  return { active, published, source: { find: (kid) => Promise.resolve(trusted.get(kid)) } };
}

/** The keys in a data directory, oldest first. Private parts stay in the files. */
export async function listKeys(data: string): Promise<KeyInfo[]> {
  return (await readKeys(data)).map(({ kid, alg, created }) => ({ kid, alg, created }));
}

/** Makes a key, which signs from the next start on. */
export async function newKey(
  data: string,
  options: { alg?: KeyAlgorithm; now?: () => number } = {},
): Promise<KeyInfo> {
  const { alg = 'Ed25519', now = Date.now } = options;
  const existing = await readKeys(data);
  if (existing.length >= MAX_KEYS)
    throw new PeerfoldError('bad-config', `${keyDirectory(data)} holds ${MAX_KEYS} keys; remove an old one`);
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  const created = Math.max(now(), (existing.at(-1)?.created ?? 0) + 1);
  await secretDirectory(keyDirectory(data));
  await writeSecret(join(keyDirectory(data), `${kid}.json`), JSON.stringify({ ...jwk, kid, alg, created }));
  return { kid, alg, created };
}

async function readKeys(data: string): Promise<SigningKey[]> {
  const directory = keyDirectory(data);
  await secretDirectory(directory);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  const keys = await Promise.all(names.map((name) => readKey(join(directory, name))));
  return keys.sort((a, b) => a.created - b.created);
}

async function readKey(path: string): Promise<SigningKey> {
  const text = await readSecret(path);
  try {
    return await importKey(JSON.parse(text ?? ''));
  } catch (error) {
    // The text of the file is the secret: it must not reach the message.
    const reason = error instanceof SyntaxError ? 'not JSON' : reasonOf(error);
    throw new PeerfoldError('bad-config', `${path} is not a usable key: ${reason}`);
  }
}

async function importKey(jwk: unknown): Promise<SigningKey> {
  if (!isObject(jwk) || !isText(jwk['kid'], 128) || !isWhole(jwk['created'], 0, Number.MAX_SAFE_INTEGER))
    throw new Error('kid or created is missing');
  const { kid, created } = jwk;
  const alg = algorithmOf(jwk);
  const privateKey = await importJWK({ ...jwk, kty: String(jwk['kty']) }, alg);
  if (privateKey instanceof Uint8Array || privateKey.type !== 'private') throw new Error('no private part');
  return { kid, alg, created, privateKey, publicJwk: publicPartOf(jwk, kid, alg) };
}

function algorithmOf(jwk: JsonObject): KeyAlgorithm {
  if (jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519') return 'Ed25519';
  if (jwk['kty'] === 'EC' && jwk['crv'] === 'P-256') return 'ES256';
  throw new Error('neither Ed25519 nor P-256');
}

/** Named member by member, so that no private one can slip through. */
function publicPartOf(jwk: JsonObject, kid: string, alg: KeyAlgorithm): JWK {
  const { kty, crv, x, y } = jwk;
  const point = typeof y === 'string' ? { x: String(x), y } : { x: String(x) };
  return { kty: String(kty), crv: String(crv), ...point, kid, alg, use: 'sig' };
}

function keyDirectory(data: string): string {
  return join(data, 'keys');
}
