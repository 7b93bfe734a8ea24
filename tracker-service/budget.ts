import type { Clock } from '../src/core/clock.js';

/** A token bucket: `perSecond` points flow in, at most `burst` are saved up. */
export class Budget {
  #points: number;
  #at: number;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.#points = burst;
    this.#at = clock.ticks();
  }

  /** Pays `cost` (capped at a full bucket) and returns 0, or returns the ms until it could be paid. */
  spend(cost: number): number {
    const wait = this.wait(cost);
    if (wait === 0) this.#points -= Math.min(cost, this.burst);
    return wait;
  }

  /** Milliseconds until `cost` can be paid. */
  wait(cost = 1): number {
    this.#refill();
    const missing = Math.min(cost, this.burst) - this.#points;
    return missing <= 0 ? 0 : Math.ceil((missing / this.perSecond) * 1000);
  }

  /** Nothing is owed: forgetting this budget would change nothing. */
  get full(): boolean {
    this.#refill();
    return this.#points >= this.burst;
  }

  #refill(): void {
    const now = this.clock.ticks();
    const earned = ((now - this.#at) / 1000) * this.perSecond;
    this.#points = Math.min(this.burst, this.#points + earned);
    this.#at = now;
  }
}
