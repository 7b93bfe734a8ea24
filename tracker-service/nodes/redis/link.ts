import type { Clock } from '../../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../../src/core/errors.js';
import type { Script } from './scripts.js';
import { createWire, type Wire } from './wire.js';

export interface NodesLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface LinkOptions {
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: NodesLog;
}

/** Between two complaints in the log (ms). */
const TELL_AGAIN = 60_000;
/** What every command fails with while Redis is away. */
const AWAY = new PeerfoldError('store-failed', 'Redis is away.');

/**
 * The connection to Redis, and whether it is of use: up from a heartbeat that succeeds until one that does
 * not, or until the connection fails. While it is down, commands fail at once.
 */
export class RedisLink {
  /** Runs whenever a connection stands, maybe again. */
  onReady: () => void = () => undefined;
  /** Runs when a connection fails that is one of several: whether the link is of use is to be seen. */
  onDoubt: () => void = () => undefined;
  readonly wire: Wire;
  #up = false;
  #away: { readonly since: number; readonly reason: string };
  /** Before then (ticks) the log is not told of further failures. */
  #tellAfter = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: LinkOptions) {
    this.#away = { since: options.clock.now(), reason: 'not connected yet' };
    this.wire = createWire({
      urls: options.urls,
      ready: () => {
        if (this.wire.isReady) this.onReady();
      },
      failed: (error) => {
        this.note(error);
        if (!this.wire.isReady) this.fall(error);
        else if (this.#up) this.onDoubt();
      },
    });
  }

  get isUp(): boolean {
    return this.#up && this.wire.isReady;
  }

  get away(): { readonly since: number; readonly reason: string } | undefined {
    return this.isUp ? undefined : this.#away;
  }

  /** Rejects when the link is down, or the command fails. */
  send(key: string, command: string[]): Promise<unknown> {
    return this.isUp ? this.wire.send(key, command) : Promise.reject(AWAY);
  }

  publish(channel: string, text: string): Promise<number> {
    return this.isUp ? this.wire.publish(channel, text) : Promise.reject(AWAY);
  }

  /** Runs a script on keys of one shard. */
  async run({ text, sha }: Script, names: readonly string[], values: readonly string[]): Promise<unknown> {
    const rest = [String(names.length), ...names, ...values];
    const [shard = ''] = names;
    try {
      return await this.send(shard, ['EVALSHA', sha, ...rest]);
    } catch (error) {
      if (!reasonOf(error).startsWith('NOSCRIPT')) throw error;
      return this.send(shard, ['EVAL', text, ...rest]);
    }
  }

  rise(): void {
    if (this.#up) return;
    this.#up = true;
    this.#tellAfter = Number.NEGATIVE_INFINITY;
    this.options.log.info({}, 'Redis is there: sharing with other nodes');
  }

  fall(error: unknown): void {
    this.note(error);
    if (this.#up) this.#away = { since: this.options.clock.now(), reason: reasonOf(error) };
    else this.#away = { since: this.#away.since, reason: reasonOf(error) };
    this.#up = false;
  }

  /** A failure is told from time to time, however many commands and attempts it makes fail. */
  note(error: unknown): void {
    const { clock, log } = this.options;
    if (error === AWAY || clock.ticks() < this.#tellAfter) return;
    this.#tellAfter = clock.ticks() + TELL_AGAIN;
    log.warn({ reason: reasonOf(error) }, 'Redis fails; going on with what is known here');
  }

  close(): void {
    this.#up = false;
    this.wire.close();
  }
}
