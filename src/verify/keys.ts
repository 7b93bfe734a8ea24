import type { Clock } from '../core/clock.js';
import { PeerfoldError, reasonOf } from '../core/errors.js';
import { isListOf, isObject, isText, type JsonObject } from '../protocol/check.js';
import { MAX_KEY_ID, importPublicKey, type VerifyingKey } from './jws.js';

export type { VerifyingKey };

/** Where verifiers find keys: `undefined` for a key id that the hash service does not publish. */
export interface KeySource {
  find(kid: string): Promise<VerifyingKey | undefined>;
}

export interface RemoteKeysOptions {
  /** Address of the hash service, without a slash at its end; keys are read from its `/v1/jwks.json`. */
  readonly hasher: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Keys are read again after this long (ms), so that a revoked key is dropped. */
const MAX_AGE = 300_000;
/** An unknown key id triggers at most one request in this time (ms): strangers choose key ids. */
const COOLDOWN = 30_000;
/** After a failed request none is made for this long (ms): an outage must not cost each request a wait. */
const FAILURE_COOLDOWN = 10_000;
const REQUEST_TIMEOUT = 5_000;
const MAX_KEYS = 16;

/**
 * The hash service's key set: one request in flight, refreshed by age, re-read (with a cooldown) for
 * an unknown key id. Rejects with `hasher-unreachable` when the key set cannot be had.
 */
export class RemoteKeys implements KeySource {
  #keys = new Map<string, VerifyingKey>();
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  #failure: { readonly at: number; readonly error: PeerfoldError } | undefined;

  constructor(private readonly options: RemoteKeysOptions) {}

  async find(kid: string): Promise<VerifyingKey | undefined> {
    const now = this.options.clock.ticks();
    const age = now - this.#readAt;
    if (age > MAX_AGE || (age > COOLDOWN && !this.#keys.has(kid))) {
      if (this.#failure && now - this.#failure.at < FAILURE_COOLDOWN) throw this.#failure.error;
      await this.read();
    }
    return this.#keys.get(kid);
  }

  /** Whether the key set, as last read, holds this key. */
  has(kid: string | undefined): boolean {
    return kid !== undefined && this.#keys.has(kid);
  }

  /** Reads the key set now; concurrent callers share one request. */
  read(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #refresh(): Promise<void> {
    const { clock, hasher } = this.options;
    const address = `${hasher}/v1/jwks.json`;
    try {
      this.#keys = await readKeySet(await this.#download(address));
      this.#readAt = clock.ticks();
      this.#failure = undefined;
    } catch (cause) {
      const message = `no keys from ${address}: ${reasonOf(cause)}`;
      const error = new PeerfoldError('hasher-unreachable', message, {}, { cause });
      this.#failure = { at: clock.ticks(), error };
      throw error;
    }
  }

  async #download(address: string): Promise<unknown> {
    // Not called as a method: the platform's `fetch` refuses a foreign `this`.
    const { clock, fetch } = this.options;
    const attempt = new AbortController();
    const timer = clock.setTimeout(() => attempt.abort(new Error('no answer in time')), REQUEST_TIMEOUT);
    try {
      const response = await fetch(address, { credentials: 'omit', signal: attempt.signal });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return await response.json();
    } finally {
      clock.clearTimeout(timer);
    }
  }
}

/**
 * Imports the usable keys of a JWK set. Keys of other types, broken ones, and ones that this platform
 * cannot import are skipped, as RFC 7517 section 5 asks: one of them must not disable the others.
 */
export async function readKeySet(value: unknown): Promise<Map<string, VerifyingKey>> {
  if (!isObject(value) || !isListOf(value['keys'], MAX_KEYS, isObject)) throw new Error('not a JWK set');
  const keys = new Map<string, VerifyingKey>();
  for (const jwk of value['keys']) {
    const key = isText(jwk['kid'], MAX_KEY_ID) ? await importKey(jwk) : undefined;
    if (key) keys.set(String(jwk['kid']), key);
  }
  return keys;
}

async function importKey(jwk: JsonObject): Promise<VerifyingKey | undefined> {
  const algorithm = algorithmOf(jwk);
  if (!algorithm) return undefined;
  try {
    return await importPublicKey(jwk, algorithm);
  } catch {
    return undefined;
  }
}

function algorithmOf(jwk: JsonObject): VerifyingKey['algorithm'] | undefined {
  if (jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519') return 'EdDSA';
  if (jwk['kty'] === 'EC' && jwk['crv'] === 'P-256') return 'ES256';
  return undefined;
}
