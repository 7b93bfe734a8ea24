import type { Clock } from '../src/core/clock.js';
import { within } from './timers.js';

/** A disk that delivers nothing at all for so long (ms) is not waited for. */
export const DISK_SILENCE = 250;
/** One read, however busy the disk is with the others (ms): by then the origin would have answered. */
export const LONGEST_READ = 1000;

/**
 * Patience with the store. A page that shows fifty images at once queues hundreds of reads; what
 * counts is then not how long one of them has waited but whether the disk delivers.
 */
export class Disk {
  #delivered = 0;

  constructor(private readonly clock: Clock) {}

  /** What `read` gives, or `undefined` when the disk is silent, or the read takes too long. */
  async await<T>(read: Promise<T>): Promise<T | undefined> {
    const counted = read.finally(() => {
      this.#delivered++;
    });
    const started = this.clock.ticks();
    for (let before = -1; before !== this.#delivered && this.clock.ticks() - started < LONGEST_READ;) {
      before = this.#delivered;
      const value = await within(this.clock, DISK_SILENCE, counted);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
