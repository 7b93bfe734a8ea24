import { concat, type Bytes } from '../../src/core/bytes.js';
import type { Span } from '../../src/core/pieces.js';
import { SLAB_LENGTH } from './slab-jobs.js';

/** Bytes for random access, as far as they are known. */
export interface MediaBytes {
  /** Of the whole file. */
  readonly length: number;
  /** `undefined` for a span that is not wholly known. */
  read(span: Span): Promise<Bytes | undefined>;
}

/**
 * Slabs kept from each end of a media file, 4 MiB. There are the index of an MP4 (2 MB for an hour of
 * film) and the head of a WebM; what lies between is only sound and pictures.
 */
const END_SLABS = 8;
const END_LENGTH = END_SLABS * SLAB_LENGTH;

/** What the ends of one file hold. */
export const KEPT_SLABS = 2 * END_SLABS;

/** Whether a span lies within what is kept of a file; the same however the bytes came. */
export function isKept(length: number, { start, end }: Span): boolean {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return false;
  if (start < 0 || start >= end || end > length) return false;
  const tailStart = Math.ceil(length / SLAB_LENGTH) * SLAB_LENGTH - END_LENGTH;
  return tailStart <= END_LENGTH || end <= END_LENGTH || start >= tailStart;
}

/** Keeps the slabs of both ends of a file, in whatever order they come. All but the last are full. */
export class MediaEnds {
  readonly #slabs = new Map<number, Bytes>();
  #count = 0;

  /** Takes slab `index`; returns those that are not kept any more. */
  keep(slab: Bytes, index: number): Bytes[] {
    this.#slabs.set(index, slab);
    this.#count = Math.max(this.#count, index + 1);
    return this.#remove((at) => at >= END_SLABS && at < this.#count - END_SLABS);
  }

  /** What can be read, once the file has passed and its length is known. */
  bytes(length: number): MediaBytes {
    const read = (span: Span) => Promise.resolve(isKept(length, span) ? this.#join(span) : undefined);
    return { length, read };
  }

  /** Forgets everything; returns the slabs that were kept. */
  release(): Bytes[] {
    return this.#remove(() => true);
  }

  #remove(isUnused: (index: number) => boolean): Bytes[] {
    const removed = [...this.#slabs].filter(([index]) => isUnused(index));
    for (const [index] of removed) this.#slabs.delete(index);
    return removed.map(([, slab]) => slab);
  }

  #join({ start, end }: Span): Bytes {
    const parts: Bytes[] = [];
    for (let at = start; at < end; at = nextSlab(at)) {
      const offset = at % SLAB_LENGTH;
      const slab = this.#slabs.get(Math.floor(at / SLAB_LENGTH));
      if (!slab) throw new RangeError(`bytes at ${at} are not kept`);
      parts.push(slab.subarray(offset, offset + end - at));
    }
    return concat(parts);
  }
}

function nextSlab(at: number): number {
  return (Math.floor(at / SLAB_LENGTH) + 1) * SLAB_LENGTH;
}
