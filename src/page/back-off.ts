/** First and longest average delay before another attempt, in milliseconds. */
const FIRST = 1000;
const LONGEST = 60_000;

/**
 * Exponential back-off with full jitter: visitors who lost a service at the same moment come back
 * spread over the whole interval.
 */
export class BackOff {
  #failures = 0;

  constructor(private readonly random: () => number) {}

  /** Milliseconds to wait after one more failure; at least `atLeast`, where the service named a time. */
  next(atLeast = 0): number {
    const ceiling = Math.min(LONGEST, FIRST * 2 ** this.#failures++);
    return Math.round(atLeast + this.random() * ceiling);
  }

  reset(): void {
    this.#failures = 0;
  }
}
