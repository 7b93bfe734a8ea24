import type { JWK } from 'jose';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { readKeySet, type KeySource, type VerifyingKey } from '../../src/verify/keys.js';
import { newKey } from './key-care.js';
import { KeyDirectory, type Keys } from './key-directory.js';
import type { SigningKey } from './key-file.js';
import { MAX_KEYS, neededKeys, signingKey } from './schedule.js';

/** The files are looked at no more often than this (ms): a revocation is to act soon, requests are many. */
const LOOK_AGAIN = 2000;

interface KeyLog {
  error(details: object, message: string): void;
  info(details: object, message: string): void;
}

export interface KeyringOptions {
  readonly data: string;
  readonly clock: Clock;
  readonly log: KeyLog;
}

/** The keys of one moment: those of the files, and what verifies what they signed. */
interface Held {
  readonly version: string;
  readonly keys: readonly SigningKey[];
  readonly verifying: ReadonlyMap<string, VerifyingKey>;
}

/**
 * All keys of the service. One signs, those that verifiers need are published, and only what those signed
 * is believed. The files are looked at again while the service runs: keys made, rotated or revoked by the
 * command act within seconds. A file that can no longer be used is reported, and its key stays as it was.
 */
export class Keyring implements KeySource {
  readonly #directory: KeyDirectory;
  #lookedAt: number;
  #edition = 0;

  private constructor(
    private readonly options: KeyringOptions,
    private held: Held,
  ) {
    this.#directory = new KeyDirectory(options.data);
    this.#lookedAt = options.clock.ticks();
  }

  /** Reads the keys in `data`, making the first one when there is none. Throws `bad-config` for a file that cannot be used. */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const directory = new KeyDirectory(options.data);
    await directory.make();
    await directory.tidy();
    if ((await readUsable(directory)).keys.length === 0)
      await newKey(options.data, { alg: 'Ed25519', now: options.clock.now() });
    const version = await directory.version();
    return new Keyring(options, await hold(version, (await readUsable(directory)).keys));
  }

  /** The key that signs now. */
  get active(): SigningKey {
    const key = signingKey(this.held.keys, this.options.clock.now());
    if (!key) throw new PeerfoldError('bad-config', `no key in ${this.#directory.path}`);
    return key;
  }

  /** Changes when a key has come or gone, other than with time. */
  get edition(): number {
    return this.#edition;
  }

  /** The key set for verifiers. */
  get published(): readonly JWK[] {
    return this.#needed().map(({ publicJwk }) => publicJwk);
  }

  /** Whether what this key signed is good: it is published, and not revoked. */
  trusts(kid: string): boolean {
    return this.#needed().some((key) => key.kid === kid);
  }

  /** For checking our own statements. */
  find(kid: string): Promise<VerifyingKey | undefined> {
    return Promise.resolve(this.trusts(kid) ? this.held.verifying.get(kid) : undefined);
  }

  /** Reads what has changed, at most every two seconds, and removes keys that nobody needs. Never rejects. */
  async refresh(): Promise<void> {
    const { clock, log } = this.options;
    if (clock.ticks() - this.#lookedAt < LOOK_AGAIN) return;
    this.#lookedAt = clock.ticks();
    try {
      await this.#look();
      await this.#removeOld();
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the keys cannot be read; those read last stay');
    }
  }

  async #look(): Promise<void> {
    const { log } = this.options;
    const version = await this.#directory.version();
    if (version === this.held.version) return;
    const { keys, revoked, faults } = await this.#directory.read();
    for (const fault of faults.values()) log.error({ reason: fault.message }, 'a key file cannot be used');
    const kept = this.held.keys.filter(({ kid }) => faults.has(kid) && !revoked.has(kid));
    const next = [...keys, ...kept];
    if (next.length === 0) throw new PeerfoldError('bad-config', `no key in ${this.#directory.path}`);
    this.held = await hold(version, next);
    this.#edition++;
    log.info({ kids: next.map(({ kid }) => kid), signs: this.active.kid }, 'keys read');
  }

  async #removeOld(): Promise<void> {
    const needed = this.#needed();
    for (const { kid } of this.held.keys)
      if (!needed.some((key) => key.kid === kid)) await this.#directory.remove(kid);
  }

  #needed(): SigningKey[] {
    return neededKeys(this.held.keys, this.options.clock.now()).slice(-MAX_KEYS);
  }
}

async function readUsable(directory: KeyDirectory): Promise<Keys> {
  const found = await directory.read();
  const [fault] = found.faults.values();
  if (fault) throw fault;
  return found;
}

async function hold(version: string, keys: readonly SigningKey[]): Promise<Held> {
  const sets = await Promise.all(keys.map(({ publicJwk }) => readKeySet({ keys: [publicJwk] })));
  return { version, keys, verifying: new Map(sets.flatMap((set) => [...set])) };
}
