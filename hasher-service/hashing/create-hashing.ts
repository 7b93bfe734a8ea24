import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { SyncSha256 } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { HashPool } from './hash-pool.js';
import { MediaDurations } from './media-durations.js';
import { PooledHashing } from './pooled-hashing.js';
import type { Hashing } from './port.js';

export interface HashingOptions {
  readonly clock: Clock;
  readonly sha256: SyncSha256;
  /** Threads that hash, at most. */
  readonly threads: number;
  /** The built hash-worker.ts and media-parser.ts. */
  readonly hashWorker: URL;
  readonly mediaParser: URL;
}

/** A megabyte is enough for what a thread throws away; by default it would fill sixteen. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 1 };

/**
 * For the parser's heap (MB): an index of 4 MiB unfolds to 40. Its environment is empty, because it
 * reads strangers' files and has no need for our secrets.
 */
const PARSER_HEAP = 96;

/** Starts nothing yet: threads and the parser's process come with the first work. */
export function createHashing({ clock, sha256, threads, hashWorker, mediaParser }: HashingOptions): Hashing {
  const pool = new HashPool(threads, () => new Worker(hashWorker, { resourceLimits: THREAD_LIMITS }));
  const startParser = () =>
    fork(mediaParser, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${PARSER_HEAP}`],
      env: {},
    });
  return new PooledHashing(pool, sha256, new MediaDurations(startParser, clock));
}
