import type { Clock } from '../core/clock.js';
import { MAX_ADMISSION_LIFE } from '../core/limits.js';
import { fromBase64Url } from '../protocol/base64.js';
import { parseObject } from '../protocol/check.js';
import type { AdmissionResponse, Relays } from '../protocol/hasher.js';
import type { Identity } from '../protocol/seal.js';

export interface Admission {
  readonly jws: string;
  /** For reports; nobody but the hash service is to see it. */
  readonly receipt: string;
  readonly relays: Relays | undefined;
  /** When to get the next one (clock's `now`, ms). */
  readonly renewAt: number;
}

export interface AdmissionsOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  /** Asks the hash service for an admission of this public key. */
  readonly request: (key: string) => Promise<AdmissionResponse>;
}

/** Peers that are introduced to us check our admission; it should not run out while they do (ms). */
const MARGIN = 90_000;
/** A broken `exp` must not make us ask all the time (ms). */
const SHORTEST = 60_000;

/** This visitor's right to use the tracker, renewed before it expires; one request at a time. */
export class Admissions {
  #current: Admission | undefined;
  #asking: Promise<Admission> | undefined;

  constructor(private readonly options: AdmissionsOptions) {}

  /** What came with the last admission. */
  get relays(): Relays | undefined {
    return this.#current?.relays;
  }

  /** A current admission. Rejects as `request` does. */
  async get(): Promise<Admission> {
    const { clock } = this.options;
    if (this.#current && this.#current.renewAt > clock.now()) return this.#current;
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The tracker did not accept it: the next `get` asks anew. */
  discard(): void {
    this.#current = undefined;
  }

  async #renew(): Promise<Admission> {
    const { identity, clock, request } = this.options;
    const { admission: jws, receipt, relays } = await request(identity.publicKey);
    const now = clock.now();
    const life = expiryOf(jws) - now;
    const bounded = Math.min(Number.isFinite(life) ? life : 0, MAX_ADMISSION_LIFE * 1000);
    this.#current = { jws, receipt, relays, renewAt: now + Math.max(bounded - MARGIN, SHORTEST) };
    return this.#current;
  }
}

/** The claimed expiry in milliseconds, unverified: it only says when we ask again. */
function expiryOf(jws: string): number {
  const payload = fromBase64Url(jws.split('.')[1] ?? '');
  const claims = payload && parseObject(new TextDecoder().decode(payload), jws.length);
  return Number(claims?.['exp'] ?? NaN) * 1000;
}
