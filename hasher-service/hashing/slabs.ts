import type { Bytes } from '../../src/core/bytes.js';
import { SLAB_LENGTH } from './slab-jobs.js';

/** Buffers of `SLAB_LENGTH` that are used again: a gigabyte passes through a handful of them. */
export class SlabBuffers {
  readonly #free: Bytes[] = [];

  constructor(private readonly kept: number) {}

  take(): Bytes {
    return this.#free.pop() ?? new Uint8Array(SLAB_LENGTH);
  }

  /** Takes back slabs that nobody reads any more. */
  give(slabs: readonly Bytes[]): void {
    for (const { buffer } of slabs)
      if (this.#free.length < this.kept) this.#free.push(new Uint8Array(buffer));
  }
}

/** Copies chunks of any length into slabs; all but the last are full. Chunks may be reused afterwards. */
export async function* slabsOf(chunks: AsyncIterable<Bytes>, buffers: SlabBuffers): AsyncGenerator<Bytes> {
  let slab = buffers.take();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + slab.byteLength - filled);
      slab.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < slab.byteLength) continue;
      yield slab;
      slab = buffers.take();
      filled = 0;
    }
  }
  if (filled > 0) yield slab.subarray(0, filled);
  else buffers.give([slab]);
}
