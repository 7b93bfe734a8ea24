import type { Clock } from '../../src/core/clock.js';

/** Gives statements their versions: the time in ms, made to rise also while a clock that was set back catches up. */
export class Versions {
  #highest = 0;

  constructor(private readonly clock: Clock) {}

  /** Above all versions that were given out, and above `said`. */
  next(said = 0): number {
    this.#highest = Math.max(Math.floor(this.clock.now()), Math.max(this.#highest, said) + 1);
    return this.#highest;
  }

  /** Not below any version that was given out: for what may be said twice with the same. */
  latest(): number {
    this.#highest = Math.max(Math.floor(this.clock.now()), this.#highest);
    return this.#highest;
  }

  /** Takes into account that versions up to `ver` were used: in an earlier run, or by another instance. */
  remember(ver: number): void {
    this.#highest = Math.max(this.#highest, ver);
  }
}
