import type { FileHandle } from 'node:fs/promises';
import type { Bytes, SyncSha256 } from '../../src/core/bytes.js';
import type { Hashed } from '../../src/core/merkle-assembler.js';
import type { HashPool } from './hash-pool.js';
import { HashRun } from './hash-run.js';
import type { MediaDurations } from './media-durations.js';
import { KEPT_SLABS, MediaEnds, type MediaBytes } from './media-ends.js';
import { mediaFile } from './media-file.js';
import type { Digested, Hashing } from './port.js';
import { SPAN_LENGTH } from './slab-jobs.js';
import { SlabBuffers, slabsOf } from './slabs.js';
import { isTimedMedia } from './timed-media.js';

/**
 * Cuts files into slabs for the pool, and has durations found in what it kept of them. The thread of the
 * caller copies what streams by into slabs, and does not touch the bytes of files at all.
 */
export class PooledHashing implements Hashing {
  readonly #buffers: SlabBuffers;

  constructor(
    private readonly pool: HashPool,
    private readonly sha256: SyncSha256,
    private readonly durations: MediaDurations,
  ) {
    this.#buffers = new SlabBuffers(pool.capacity + KEPT_SLABS);
  }

  async hashStream(chunks: AsyncIterable<Bytes>, mediaType: string): Promise<Digested | undefined> {
    let ends: MediaEnds | undefined;
    const run = new HashRun(this.pool, this.sha256, (slab, index) => {
      this.#buffers.give(ends ? ends.keep(slab, index) : [slab]);
    });
    let isFirst = true;
    try {
      for await (const slab of slabsOf(chunks, this.#buffers)) {
        if (isFirst && isTimedMedia(mediaType, slab)) ends = new MediaEnds();
        isFirst = false;
        await run.give({ kind: 'bytes', slab });
      }
    } finally {
      await run.settled();
    }
    const hashed = await run.finish();
    const digested = hashed && (await this.#digested(hashed, ends?.bytes(hashed.cut.length)));
    this.#buffers.give(ends?.release() ?? []);
    return digested;
  }

  async hashFile(file: FileHandle, length: number, mediaType: string): Promise<Digested | undefined> {
    const run = new HashRun(this.pool, this.sha256);
    try {
      for (let start = 0; start < length; start += SPAN_LENGTH) {
        const span = Math.min(SPAN_LENGTH, length - start);
        await run.give({ kind: 'file', fd: file.fd, start, length: span });
      }
    } finally {
      // The caller may close the file next, and its number become another file's: nobody may read by then.
      await run.settled();
    }
    const hashed = await run.finish();
    return hashed && this.#digested(hashed, await mediaFile(file, length, mediaType));
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.durations.close()]);
  }

  async #digested(hashed: Hashed, media: MediaBytes | undefined): Promise<Digested> {
    const duration = media && (await this.durations.of(media));
    return duration === undefined ? hashed : { ...hashed, duration };
  }
}
