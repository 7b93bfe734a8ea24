import type { Bytes } from '../core/bytes.js';

/** Bytes that only memory holds, in the order in which they wait to be written. */
export class Pending {
  readonly #waiting = new Map<string, Bytes>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Keys, the longest waiting first. */
  keys(): Iterable<string> {
    return this.#waiting.keys();
  }

  get(key: string): Bytes | undefined {
    return this.#waiting.get(key);
  }

  add(key: string, bytes: Bytes): void {
    this.remove(key);
    this.#waiting.set(key, bytes);
    this.#bytes += bytes.byteLength;
  }

  remove(key: string): void {
    this.#bytes -= this.#waiting.get(key)?.byteLength ?? 0;
    this.#waiting.delete(key);
  }

  /** What has waited longest, up to `limit` bytes, but at least one value. */
  batch(limit: number): [string, Bytes][] {
    const batch: [string, Bytes][] = [];
    let size = 0;
    for (const [key, bytes] of this.#waiting) {
      size += bytes.byteLength;
      if (batch.length > 0 && size > limit) break;
      batch.push([key, bytes]);
    }
    return batch;
  }
}
