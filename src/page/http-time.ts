import type { TransferReport } from '../protocol/bridge.js';

/** Before anything was measured: an ordinary image over an ordinary link. */
const FIRST_GUESS = 300;
/** How much one transfer counts. */
const WEIGHT = 0.25;
/** A body that was read slowly, or a laptop that slept, says nothing about the origin. */
const LONGEST = 5000;

/** Moving average of what HTTP fetches take, in milliseconds, for images and for the rest apart. */
export class HttpTime {
  readonly #averages = new Map<boolean, number>();

  /** To be told of every transfer; only those wholly from the origin say what HTTP takes. */
  learn({ destination, bytes, duration }: TransferReport): void {
    if (bytes.http === 0 || bytes.peer + bytes.store + bytes.cache > 0 || !(duration >= 0)) return;
    const isImage = destination === 'image';
    const seen = Math.min(duration, LONGEST);
    const before = this.#averages.get(isImage) ?? seen;
    this.#averages.set(isImage, before + (seen - before) * WEIGHT);
  }

  expect(destination: string): number {
    return this.#averages.get(destination === 'image') ?? FIRST_GUESS;
  }
}
