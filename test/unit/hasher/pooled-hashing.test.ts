import type { FileHandle } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { HashPool } from '../../../hasher-service/hashing/hash-pool.js';
import { MediaDurations } from '../../../hasher-service/hashing/media-durations.js';
import { PooledHashing } from '../../../hasher-service/hashing/pooled-hashing.js';
import { SLAB_LENGTH, SPAN_LENGTH } from '../../../hasher-service/hashing/slab-jobs.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeHashWorker } from '../../support/fake-hash-worker.js';
import { FakeParser } from '../../support/fake-parser.js';
import { sha256 } from '../../support/sha256.js';

let workers: FakeHashWorker[] = [];
let hashing = newHashing();

beforeEach(() => {
  hashing = newHashing();
});

/** Two threads with two jobs each at most. */
function newHashing(): PooledHashing {
  workers = [];
  const pool = new HashPool(2, () => {
    const worker = new FakeHashWorker();
    workers.push(worker);
    return worker;
  });
  return new PooledHashing(pool, sha256, new MediaDurations(() => new FakeParser(), new FakeClock()));
}

describe('a stream', () => {
  let read = 0;
  let isStopped = false;

  beforeEach(() => {
    read = 0;
    isStopped = false;
  });

  async function* endless(): AsyncGenerator<Bytes> {
    const chunk = new Uint8Array(SLAB_LENGTH / 2);
    try {
      for (;;) {
        read += chunk.byteLength;
        yield Promise.resolve(chunk);
      }
    } finally {
      isStopped = true;
    }
  }

  it('is read no further ahead than threads have room, and one slab', async () => {
    void hashing.hashStream(endless(), 'text/plain');
    await settle();
    expect(read).toBe(5 * SLAB_LENGTH);
    workers[1]?.work();
    await settle();
    expect(read).toBe(6 * SLAB_LENGTH);
  });

  it('uses the buffers of slabs again', async () => {
    void hashing.hashStream(endless(), 'text/plain');
    await settle();
    const buffers = new Set<ArrayBuffer>();
    for (let slab = 0; slab < 50; slab++) {
      const worker = workers[slab % 2];
      for (const { job } of worker?.requests ?? []) if (job.kind === 'bytes') buffers.add(job.slab.buffer);
      worker?.work();
      await settle();
    }
    expect(buffers.size).toBeLessThanOrEqual(6);
  });

  it('is left when a thread fails, once the others have finished', async () => {
    const hashed = expect(hashing.hashStream(endless(), 'text/plain')).rejects.toThrow(/EIO/);
    await settle();
    workers[0]?.reply({ id: 1, fault: 'failed', reason: 'EIO' });
    await settle();
    expect(isStopped).toBe(true);
    for (const worker of workers) worker.exit();
    await hashed;
  });
});

describe('a file', () => {
  const FD = 77;
  const file = { fd: FD } as FileHandle;

  it('is read by the threads, span by span', async () => {
    void hashing.hashFile(file, 3 * SPAN_LENGTH + 5, 'text/plain');
    await settle();
    const jobs = workers.flatMap(({ requests }) => requests.map(({ job }) => job));
    const spans = [0, 1, 2, 3].map((index) => ({
      kind: 'file',
      fd: FD,
      start: index * SPAN_LENGTH,
      length: index < 3 ? SPAN_LENGTH : 5,
    }));
    expect(jobs).toHaveLength(4);
    expect(jobs).toEqual(expect.arrayContaining(spans));
  });

  it('may be closed when hashing it failed: no thread reads it any more', async () => {
    let error: unknown;
    hashing.hashFile(file, 10 * SPAN_LENGTH, 'text/plain').catch((thrown: unknown) => {
      error = thrown;
    });
    await settle();
    workers[0]?.reply({ id: 1, fault: 'short' });
    await settle();
    expect(error).toBeUndefined();
    for (const worker of workers) {
      for (const { id } of worker.requests) worker.reply({ id, fault: 'short' });
    }
    await settle();
    expect(error).toMatchObject({ code: 'changed' });
  });
});
