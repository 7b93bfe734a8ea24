import type { Bytes } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';

/** What is handed out at once (ms of the rate): players take their samples over times that are longer. */
const STEP = 40;
/** Smaller parts cost more than they smooth (bytes). */
const LEAST_PART = 16 * 1024;

/**
 * Hands bytes on no faster than at a rate, counted from the first. Players choose a rendition by how fast the bytes
 * of the one before came, and what lay in the store would tell them of a network that nobody has.
 */
export class Pace {
  readonly #part: number;
  #began: number | undefined;
  #given = 0;

  /** `rate` in bytes per second. */
  constructor(
    private readonly clock: Clock,
    private readonly rate: number,
  ) {
    this.#part = Math.max(LEAST_PART, Math.ceil((rate * STEP) / 1000));
  }

  /** The same bytes in parts, each when its last byte is due. */
  async *slow(bytes: Bytes): AsyncGenerator<Bytes, undefined> {
    for (let at = 0; at < bytes.byteLength; at += this.#part) {
      const part = bytes.subarray(at, at + this.#part);
      await this.#due(part.byteLength);
      yield part;
    }
    return undefined;
  }

  /** Bytes that came at a pace of their own count as given, too. */
  passed(bytes: number): void {
    this.#began ??= this.clock.ticks();
    this.#given += bytes;
  }

  #due(bytes: number): Promise<void> {
    this.passed(bytes);
    const due = (this.#began ?? 0) + (1000 * this.#given) / this.rate;
    const wait = due - this.clock.ticks();
    if (wait <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.clock.setTimeout(resolve, wait);
    });
  }
}
