import { pino, type Logger } from 'pino';
import type { Clock, Timer } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import type { TrackerConfig } from '../config.js';
import type { Turned } from './turned.js';

export type Log = Pick<Logger, 'info' | 'warn'>;

/** Lines of JSON on standard error: standard output belongs to the command. */
export function createLog(level: TrackerConfig['logLevel']): Logger {
  const name = 'peerfold-tracker';
  return level === 'silent' ? pino({ name, level }) : pino({ name, level }, pino.destination(2));
}

export interface JournalOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Whether the addresses of those who are turned away are logged. */
  readonly addresses: boolean;
}

interface Trouble {
  readonly since: number;
  times: number;
  /** It came up since the last look. */
  again: boolean;
}

/** What goes on is told this often (ms), whatever strangers do. */
const TELL_EVERY = 60_000;
/** Addresses in one line. */
const MAX_ADDRESSES = 100;

/** Tells an operator what happens as few lines: a trouble when it begins and ends, the rest by the minute. */
export class Journal {
  readonly #troubles = new Map<string, Trouble>();
  #turned = new Map<Turned, number>();
  #addresses = new Map<string, number>();
  #timer: Timer;

  constructor(private readonly options: JournalOptions) {}

  trouble(error: unknown): void {
    const kind = kindOf(error);
    const known = this.#troubles.get(kind);
    if (known) {
      known.times++;
      known.again = true;
      return;
    }
    this.#troubles.set(kind, { since: this.options.clock.ticks(), times: 1, again: true });
    this.#wake();
    this.options.log.warn({ trouble: kind }, reasonOf(error));
  }

  turnedAway(why: Turned, address?: string): void {
    this.#turned.set(why, (this.#turned.get(why) ?? 0) + 1);
    this.#wake();
    if (!this.options.addresses || address === undefined) return;
    const count = this.#addresses.get(address);
    if (count !== undefined || this.#addresses.size < MAX_ADDRESSES)
      this.#addresses.set(address, (count ?? 0) + 1);
  }

  /** Tells what is left to tell. */
  close(): void {
    this.options.clock.clearTimeout(this.#timer);
    this.#tellTurned();
  }

  /** There is a timer only while there is something to tell. */
  #wake(): void {
    this.#timer ??= this.options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#tellTurned();
      this.#tellOver();
      if (this.#troubles.size > 0) this.#wake();
    }, TELL_EVERY);
  }

  #tellTurned(): void {
    if (this.#turned.size === 0) return;
    const addresses = this.#addresses.size > 0 ? { addresses: Object.fromEntries(this.#addresses) } : {};
    const turnedAway = Object.fromEntries(this.#turned);
    this.options.log.warn({ turnedAway, ...addresses }, 'sockets turned away in the last minute');
    this.#turned = new Map();
    this.#addresses = new Map();
  }

  #tellOver(): void {
    for (const [kind, trouble] of this.#troubles) {
      if (trouble.again) trouble.again = false;
      else {
        const seconds = Math.round((this.options.clock.ticks() - trouble.since) / 1000);
        this.options.log.warn({ trouble: kind, times: trouble.times, seconds }, 'over');
        this.#troubles.delete(kind);
      }
    }
  }
}

/** A closed set, so that nothing grows: our codes, the system's, and the classes of errors. */
function kindOf(error: unknown): string {
  if (error instanceof PeerfoldError) return error.code;
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
