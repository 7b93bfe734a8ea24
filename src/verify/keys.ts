import { importJWK, type CryptoKey as JoseKey, type JWK } from 'jose';
import type { Clock } from '../core/clock.js';
import { PeerfoldError, reasonOf } from '../core/errors.js';
import { isListOf, isObject, isText, type JsonObject } from '../protocol/check.js';

/** A public key of a hash service and the one algorithm it may be used with. */
export interface VerifyingKey {
  readonly key: JoseKey | Uint8Array;
  readonly algorithm: 'EdDSA' | 'ES256';
}

/** Where verifiers find keys: `undefined` for a key id that the hash service does not publish. */
export interface KeySource {
  find(kid: string): Promise<VerifyingKey | undefined>;
}

export interface RemoteKeysOptions {
  /** Address of the hash service; keys are read from its `/.well-known/jwks.json`. */
  readonly hasher: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Keys are read again after this long (ms), so that a revoked key is dropped. */
const MAX_AGE = 300_000;
/** An unknown key id triggers at most one request in this time (ms): strangers choose key ids. */
const COOLDOWN = 30_000;
const REQUEST_TIMEOUT = 5_000;
const MAX_KEYS = 16;

/**
 * The hash service's key set: one request in flight, refreshed by age, re-read (with a cooldown) for
 * an unknown key id. Rejects with `hasher-unreachable` when the key set cannot be had.
 */
export class RemoteKeys implements KeySource {
  #keys = new Map<string, VerifyingKey>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(private readonly options: RemoteKeysOptions) {}

  async find(kid: string): Promise<VerifyingKey | undefined> {
    const age = this.options.clock.ticks() - this.#readAt;
    if (age > MAX_AGE || (age > COOLDOWN && !this.#keys.has(kid))) await this.read();
    return this.#keys.get(kid);
  }

  /** Reads the key set now; concurrent callers share one request. */
  read(): Promise<void> {
    this.#reading ??= this.#fetch().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fetch(): Promise<void> {
    const address = new URL('/.well-known/jwks.json', this.options.hasher).href;
    try {
      const response = await this.options.fetch(address, {
        credentials: 'omit',
        signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.#keys = await readKeySet(await response.json());
      this.#readAt = this.options.clock.ticks();
    } catch (cause) {
      throw new PeerfoldError('hasher-unreachable', `no keys from ${address}: ${reasonOf(cause)}`, {}, { cause });
    }
  }
}

/** Imports the usable keys of a JWK set; keys of other types are skipped, as RFC 7517 section 5 asks. */
export async function readKeySet(value: unknown): Promise<Map<string, VerifyingKey>> {
  const keys = new Map<string, VerifyingKey>();
  if (!isObject(value) || !isListOf(value['keys'], MAX_KEYS, isObject)) throw new Error('not a JWK set');
  for (const jwk of value['keys']) {
    const algorithm = algorithmOf(jwk);
    if (!algorithm || !isText(jwk['kid'], 128)) continue;
    const publicPart = { kty: jwk['kty'], crv: jwk['crv'], x: jwk['x'], y: jwk['y'] } as JWK;
    keys.set(jwk['kid'], { key: await importJWK(publicPart, algorithm), algorithm });
  }
  return keys;
}

function algorithmOf(jwk: JsonObject): VerifyingKey['algorithm'] | undefined {
  if (jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519') return 'EdDSA';
  if (jwk['kty'] === 'EC' && jwk['crv'] === 'P-256') return 'ES256';
  return undefined;
}
