import type { Clock } from './clock.js';

/** Tokens saved up at most, in seconds of the rate: idle time is not made up for in one blow. */
const BURST_SECONDS = 0.25;

export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens per second. */
  readonly rate: number;
  /** The largest amount that is ever taken at once: a bucket smaller than that would never give it. */
  readonly largest: number;
}

/** A rate cap: over any time `t` at most `burst + rate × t` tokens are given out. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #largest: number;
  #rate: number;
  #tokens: number;
  #filledAt: number;

  constructor({ clock, rate, largest }: TokenBucketOptions) {
    this.#clock = clock;
    this.#largest = largest;
    this.#rate = checkedRate(rate);
    this.#tokens = this.burst;
    this.#filledAt = clock.ticks();
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#fill();
    this.#rate = checkedRate(rate);
    this.#tokens = Math.min(this.#tokens, this.burst);
  }

  /** The most that is given out at once; nothing at rate 0. */
  get burst(): number {
    return this.#rate === 0 ? 0 : Math.max(this.#largest, this.#rate * BURST_SECONDS);
  }

  /** Takes `amount` tokens if they are there. */
  take(amount: number): boolean {
    this.#fill();
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  /**
   * Takes `amount` tokens whether they are there or not; what is missing is owed. A negative amount is
   * given back. For what something cost that is known only afterwards.
   */
  charge(amount: number): void {
    this.#fill();
    this.#tokens -= amount;
  }

  /** Milliseconds until `amount` tokens will be there; `Infinity` when never. */
  waitFor(amount: number): number {
    this.#fill();
    if (amount > this.burst) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.ceil(((amount - this.#tokens) * 1000) / this.#rate));
  }

  #fill(): void {
    const now = this.#clock.ticks();
    const gained = ((now - this.#filledAt) * this.#rate) / 1000;
    this.#tokens = Math.min(this.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}

function checkedRate(rate: number): number {
  if (!(rate >= 0)) throw new RangeError(`a rate of ${rate}`);
  return rate;
}
