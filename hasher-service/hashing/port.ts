import type { FileHandle } from 'node:fs/promises';
import type { Bytes } from '../../src/core/bytes.js';
import type { Hashed } from '../../src/core/merkle-assembler.js';

/** What is known about bytes once they were all seen. */
export interface Digested extends Hashed {
  /** Seconds that the media lasts, where its format is understood and says so. */
  readonly duration?: number;
}

/** Hashes off the main thread, in memory that does not grow with what is hashed. */
export interface Hashing {
  /**
   * Bytes that arrive in chunks; chunks may be reused once the next one is asked for. `undefined` when
   * there were none. Rejects with what the iterable throws. `mediaType` decides whether a duration is
   * looked for.
   */
  hashStream(chunks: AsyncIterable<Bytes>, mediaType: string): Promise<Digested | undefined>;
  /**
   * The first `length` bytes of an open file, which must stay open until this settles, and is the
   * caller's. Rejects with `OriginFault('changed')` when it is shorter by now.
   */
  hashFile(file: FileHandle, length: number, mediaType: string): Promise<Digested | undefined>;
  /**
   * Ends all threads; what is under way rejects with `worker-failed`, a stream when its next bytes come.
   * May be called again.
   */
  close(): Promise<void>;
}
