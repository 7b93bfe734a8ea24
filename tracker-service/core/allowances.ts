import type { Clock } from '../../src/core/clock.js';
import { TokenBucket } from '../../src/core/token-bucket.js';
import type { Limits } from '../config.js';
import { Targets } from './targets.js';

/** Seconds' worth of offers that can come at once: several wants answered in one moment. */
const OFFER_BURST = 6;

/**
 * What one identity may still do. It outlives the socket, so that reconnecting refills nothing. Each part
 * is made when it is first asked for: thousands of visitors are idle.
 */
export class Allowances {
  #introductions: TokenBucket | undefined;
  #offers: TokenBucket | undefined;
  #targets: Targets | undefined;

  constructor(
    private readonly limits: Limits,
    private readonly clock: Clock,
  ) {}

  /** Being shown peers it has not met. */
  get introductions(): TokenBucket {
    const largest = this.limits.introductionsPerMinute;
    return (this.#introductions ??= new TokenBucket({ clock: this.clock, rate: largest / 60, largest }));
  }

  /** Being shown to others: a single holder must survive a crowd. */
  get offers(): TokenBucket {
    const rate = this.limits.offersPerSecond;
    return (this.#offers ??= new TokenBucket({ clock: this.clock, rate, largest: rate * OFFER_BURST }));
  }

  /** Reaching out to strangers. */
  get targets(): Targets {
    return (this.#targets ??= new Targets(this.clock, this.limits.signalTargetsPerMinute));
  }
}
