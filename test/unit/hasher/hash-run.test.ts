import { beforeEach, describe, expect, it } from 'vitest';
import { HashPool } from '../../../hasher-service/hashing/hash-pool.js';
import { HashRun } from '../../../hasher-service/hashing/hash-run.js';
import { SLAB_LENGTH, type SlabJob } from '../../../hasher-service/hashing/slab-jobs.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { piecesRoot } from '../../support/bep52.js';
import { settle } from '../../support/fake-clock.js';
import { FakeHashWorker } from '../../support/fake-hash-worker.js';
import { sha256 } from '../../support/sha256.js';

const CONTENT = new Uint8Array(Uint32Array.from({ length: (5 * SLAB_LENGTH) / 4 + 10 }, (_, i) => i).buffer);

let workers: FakeHashWorker[] = [];
let returned: number[] = [];
let run = newRun();

beforeEach(() => {
  run = newRun();
});

function newRun(): HashRun {
  workers = [];
  returned = [];
  const pool = new HashPool(2, () => {
    const worker = new FakeHashWorker();
    workers.push(worker);
    return worker;
  });
  return new HashRun(pool, sha256, (_slab: Bytes, index) => returned.push(index));
}

function slab(index: number): SlabJob {
  return { kind: 'bytes', slab: CONTENT.slice(index * SLAB_LENGTH, (index + 1) * SLAB_LENGTH) };
}

/** Gives all slabs of the content, as far as the run takes them. */
function giveAll(): { taken: number; error?: unknown } {
  const progress: { taken: number; error?: unknown } = { taken: 0 };
  void (async () => {
    for (let index = 0; index < 6; index++) {
      await run.give(slab(index));
      progress.taken++;
    }
  })().catch((error: unknown) => {
    progress.error = error;
  });
  return progress;
}

/** Which worker does its oldest job next, until all is done. */
async function work(order: readonly number[]): Promise<void> {
  for (const index of order) {
    workers[index]?.work();
    await settle();
  }
}

describe('HashRun', () => {
  it('takes no more slabs than threads have room for', async () => {
    const progress = giveAll();
    await settle();
    expect(progress.taken).toBe(4);
    workers[0]?.work();
    await settle();
    expect(progress.taken).toBe(5);
  });

  it('puts together in order what comes back in any', async () => {
    giveAll();
    await settle();
    await work([1, 1, 1, 1, 0, 0]);
    expect(returned).not.toEqual(returned.toSorted((a, b) => a - b));
    expect((await run.finish())?.root).toBe(piecesRoot(CONTENT));
  });

  it('gives slabs back at once, whatever the others are doing', async () => {
    giveAll();
    await settle();
    await work([1, 1]);
    expect(returned).toEqual([1, 3]);
  });

  it('takes nothing after a failure, and is settled only when no thread works for it', async () => {
    const progress = giveAll();
    await settle();
    workers[0]?.reply({ id: 1, fault: 'short' });
    await settle();
    expect(progress).toMatchObject({ taken: 5, error: { code: 'changed' } });
    let isSettled = false;
    void run.settled().then(() => (isSettled = true));
    await work([1, 1]);
    expect(isSettled).toBe(false);
    workers[0]?.requests.shift();
    await work([0, 0]);
    expect(isSettled).toBe(true);
    await expect(run.finish()).rejects.toMatchObject({ code: 'changed' });
  });
});
