import type { Bytes } from '../src/core/bytes.js';
import type { Span } from '../src/core/pieces.js';

/** Parts of one representation as they came from the origin, to be cut into pieces later. */
export class SpanBuffer {
  #parts: { readonly start: number; readonly bytes: Uint8Array }[] = [];

  /** Bytes held, overlaps counted twice. */
  get size(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  add(start: number, bytes: Uint8Array): void {
    this.#parts.push({ start, bytes });
    this.#parts.sort((a, b) => a.start - b.start);
  }

  /** The bytes of `span`, put together from the parts; `undefined` while any is missing. */
  read({ start, end }: Span): Bytes | undefined {
    const whole = new Uint8Array(end - start);
    let at = start;
    for (const part of this.#parts) {
      const partEnd = part.start + part.bytes.byteLength;
      if (part.start > at || partEnd <= at) continue;
      const slice = part.bytes.subarray(at - part.start, Math.min(partEnd, end) - part.start);
      whole.set(slice, at - start);
      at += slice.byteLength;
      if (at >= end) return whole;
    }
    return undefined;
  }

  /** Lets go of the parts that lie wholly within bytes for which `done` holds. */
  trim(done: (span: Span) => boolean): void {
    this.#parts = this.#parts.filter(({ start, bytes }) => !done({ start, end: start + bytes.byteLength }));
  }
}
