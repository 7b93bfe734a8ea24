import type { Clock } from '../../../src/core/clock.js';
import { within } from '../../../src/core/within.js';

/** The same, but rejects after `ms`. */
export function inTime<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return within(clock, ms, work, () => {
    throw new Error('no answer in time');
  });
}
