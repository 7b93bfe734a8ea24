/** Half-lives (ms) of the two averages: the fast one notices a drop within a second, the slow one steadies a rise. */
const FAST_HALF_LIFE = 1000;
const SLOW_HALF_LIFE = 4000;
/** Measured time (ms) from which the estimate is worth basing a refusal on. */
const SETTLED_AFTER = 400;

/** Exponentially weighted average of a rate, corrected for its start from nothing. */
class Average {
  #weighted = 0;
  #weight = 0;

  constructor(private readonly halfLife: number) {}

  add(rate: number, ms: number): void {
    const keep = 0.5 ** (ms / this.halfLife);
    this.#weighted = keep * this.#weighted + (1 - keep) * rate;
    this.#weight = keep * this.#weight + (1 - keep);
  }

  get value(): number {
    return this.#weight > 0 ? this.#weighted / this.#weight : 0;
  }
}

/**
 * The pace of a source, bytes per second: the smaller of a fast and a slow moving average, so that it
 * drops fast and rises slowly (as in hls.js, EwmaBandWidthEstimator). Only busy time is measured.
 */
export class RateMeter {
  readonly #fast = new Average(FAST_HALF_LIFE);
  readonly #slow = new Average(SLOW_HALF_LIFE);
  #measured = 0;

  /** `bytes` took `ms` (more than 0) to arrive. */
  add(bytes: number, ms: number): void {
    if (!(ms > 0) || !(bytes >= 0)) throw new RangeError(`${bytes} bytes in ${ms} ms`);
    const rate = (1000 * bytes) / ms;
    this.#fast.add(rate, ms);
    this.#slow.add(rate, ms);
    this.#measured += ms;
  }

  /** Bytes per second; 0 until something was measured. */
  get rate(): number {
    return Math.min(this.#fast.value, this.#slow.value);
  }

  get settled(): boolean {
    return this.#measured >= SETTLED_AFTER;
  }
}
