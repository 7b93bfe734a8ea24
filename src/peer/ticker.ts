import type { Clock, Timer } from '../core/clock.js';

/** Runs something at intervals for as long as it says that there is a reason to. */
export class Ticker {
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    /** Milliseconds. */
    private readonly interval: number,
    /** Returns whether to go on. */
    private readonly run: () => boolean,
  ) {}

  /** Starts, unless it is running. */
  start(): void {
    this.#timer ??= this.clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.run()) this.start();
    }, this.interval);
  }

  stop(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
