import type { Clock, Timer } from '../../src/core/clock.js';

export interface TokenWatchOptions {
  readonly clock: Clock;
  /** Resolves with why the hash service does not take our token, if it says so; rejects when it does not answer. */
  readonly ask: () => Promise<string | undefined>;
  /** Told whenever that changes; `undefined`: it takes it again. */
  readonly changed: (fault: string | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** By then (ms) a start that fails beside us has been given up. */
const FIRST_TRY = 1_000;
/** How often the token is tried (ms). */
const TRY_EVERY = 60_000;
/** Whoever asks hears nothing older than this (ms). */
const MAX_AGE = 10_000;

/**
 * Whether a hash service takes the tracker's token: without it visitors are welcomed, but nothing they hold is ever
 * known, which nobody would see. One that is away changes nothing: it has not refused.
 */
export class TokenWatch {
  #timer: Timer;
  #fault: string | undefined;
  #triedAt = -Infinity;
  #trying: Promise<void> | undefined;

  constructor(private readonly options: TokenWatchOptions) {}

  start(): void {
    this.#arm(FIRST_TRY);
  }

  /** Why it is not taken. */
  async fault(): Promise<string | undefined> {
    if (this.options.clock.ticks() - this.#triedAt > MAX_AGE) await this.#try();
    return this.#fault;
  }

  close(): void {
    this.options.clock.clearTimeout(this.#timer);
  }

  #arm(delay: number): void {
    this.#timer = this.options.clock.setTimeout(() => {
      this.#arm(TRY_EVERY);
      void this.#try();
    }, delay);
  }

  #try(): Promise<void> {
    return (this.#trying ??= this.#ask().finally(() => {
      this.#trying = undefined;
    }));
  }

  async #ask(): Promise<void> {
    const { ask, changed, clock, failed } = this.options;
    try {
      const fault = await ask();
      if (fault !== this.#fault) changed(fault);
      this.#fault = fault;
    } catch (error) {
      failed(error);
    } finally {
      this.#triedAt = clock.ticks();
    }
  }
}
