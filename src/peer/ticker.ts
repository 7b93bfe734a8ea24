import type { Clock, Timer } from '../core/clock.js';

/** Runs something at intervals for as long as it says that there is a reason to. */
export class Ticker {
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    /** Milliseconds. */
    private readonly interval: number,
    /** Hears how many milliseconds late it is, and returns whether to go on. */
    private readonly run: (late: number) => boolean,
  ) {}

  /** Starts, unless it is running. */
  start(): void {
    const due = this.clock.ticks() + this.interval;
    this.#timer ??= this.clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.run(this.clock.ticks() - due)) this.start();
    }, this.interval);
  }

  stop(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
