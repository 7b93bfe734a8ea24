import type { Clock, Timer } from '../core/clock.js';
import { BackOff } from './back-off.js';

export interface SeekerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Whether there is a link, or nothing to want from one. */
  readonly isSettled: () => boolean;
  /** Asks once more for whoever holds what the page wants. */
  readonly seek: () => void;
}

/** What was found has become a link by then, or will not (ms). */
export const SEEK_AFTER = 5000;

/**
 * A page that wants something and has no link at all asks again, less and less often: links fail, trackers
 * restart, and what was asked is forgotten after a while.
 */
export class Seeker {
  readonly #options: SeekerOptions;
  readonly #backOff: BackOff;
  #timer: Timer;

  constructor(options: SeekerOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.random);
  }

  /** Something is wanted, or a link has gone. */
  start(): void {
    const { clock, isSettled, seek } = this.#options;
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined;
      if (isSettled()) {
        this.#backOff.reset();
        return;
      }
      seek();
      this.start();
    }, SEEK_AFTER + this.#backOff.next());
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
