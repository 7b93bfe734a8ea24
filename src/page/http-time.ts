import type { TransferReport } from '../protocol/bridge.js';

/** Before anything was measured: an ordinary image over an ordinary link. */
const FIRST_GUESS = 300;
/** How much one transfer counts. */
const WEIGHT = 0.25;
/** A body that was read slowly, or a laptop that slept, says nothing about the origin. */
const LONGEST = 5000;

/** What the browser's own timing of one resource tells (Resource Timing). */
export type TimedResource = Pick<
  PerformanceResourceTiming,
  'initiatorType' | 'workerStart' | 'transferSize' | 'duration'
>;

/** Moving average of what HTTP fetches take, in milliseconds, for images and for the rest apart. */
export class HttpTime {
  readonly #averages = new Map<boolean, number>();

  /** To be told of every transfer; only those wholly from the origin say what HTTP takes. */
  learn({ destination, bytes, duration }: TransferReport): void {
    if (bytes.http === 0 || bytes.peer + bytes.store + bytes.cache > 0) return;
    this.#add(destination === 'image', duration);
  }

  /**
   * To be told what the page loaded before Peerfold came: on a first visit that is all there is to know.
   * `transferSize` is 0 for what came from the cache, `workerStart` is not for what a worker answered.
   */
  recall(resources: Iterable<TimedResource>): void {
    for (const { initiatorType, workerStart, transferSize, duration } of resources) {
      if (initiatorType === 'img' && workerStart === 0 && transferSize > 0) this.#add(true, duration);
    }
  }

  expect(destination: string): number {
    return this.#averages.get(destination === 'image') ?? FIRST_GUESS;
  }

  #add(isImage: boolean, duration: number): void {
    if (!(duration >= 0)) return;
    const seen = Math.min(duration, LONGEST);
    const before = this.#averages.get(isImage) ?? seen;
    this.#averages.set(isImage, before + (seen - before) * WEIGHT);
  }
}
