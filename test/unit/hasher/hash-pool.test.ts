import { beforeEach, describe, expect, it } from 'vitest';
import { HashPool } from '../../../hasher-service/hashing/hash-pool.js';
import type { SlabJob, SlabResult } from '../../../hasher-service/hashing/slab-jobs.js';
import { OriginFault } from '../../../hasher-service/origin/fault.js';
import { PeerfoldError } from '../../../src/core/errors.js';
import { settle } from '../../support/fake-clock.js';
import { FakeHashWorker } from '../../support/fake-hash-worker.js';

let workers: FakeHashWorker[] = [];
let pool = poolOf(1);

beforeEach(() => {
  pool = poolOf(2);
});

function poolOf(size: number): HashPool {
  workers = [];
  return new HashPool(size, () => {
    const worker = new FakeHashWorker();
    workers.push(worker);
    return worker;
  });
}

function slab(): SlabJob {
  return { kind: 'bytes', slab: new Uint8Array(100) };
}

/** A job, what has become of it so far. */
class Watched {
  taken = false;
  result: SlabResult | undefined;
  error: unknown;

  constructor(pool: HashPool, job = slab()) {
    void this.#watch(pool, job);
  }

  async #watch(pool: HashPool, job: SlabJob): Promise<void> {
    try {
      const { outcome } = await pool.submit(job);
      this.taken = true;
      this.result = await outcome;
    } catch (error) {
      this.error = error;
    }
  }
}

function watch(count: number): Watched[] {
  return Array.from({ length: count }, () => new Watched(pool));
}

function loads(): number[] {
  return workers.map(({ requests }) => requests.length);
}

describe('HashPool', () => {
  it('starts threads when there is work that the running ones do not take', async () => {
    expect(workers).toHaveLength(0);
    const [first] = watch(1);
    expect(loads()).toEqual([1]);
    workers[0]?.work();
    await settle();
    expect(first?.result?.hashes.length).toBe(100);
    watch(1);
    expect(loads()).toEqual([1]);
    watch(1);
    expect(loads()).toEqual([1, 1]);
  });

  it('gives each thread one job to do and one to wait, and lets others wait in order', async () => {
    const jobs = watch(7);
    await settle();
    expect(loads()).toEqual([2, 2]);
    expect(jobs.map(({ taken }) => taken)).toEqual([true, true, true, true, false, false, false]);
    workers[1]?.work();
    await settle();
    expect(loads()).toEqual([2, 2]);
    expect(jobs.map(({ taken }) => taken)).toEqual([true, true, true, true, true, false, false]);
  });

  it('holds the process only while there is work', async () => {
    watch(2);
    expect(workers.map(({ isHeld }) => isHeld)).toEqual([true, true]);
    workers[0]?.work();
    await settle();
    expect(workers.map(({ isHeld }) => isHeld)).toEqual([false, true]);
    watch(1);
    expect(workers.map(({ isHeld }) => isHeld)).toEqual([true, true]);
  });

  it('says why a thread ended, to those whose work it had, and goes on with another', async () => {
    const jobs = watch(5);
    workers[0]?.die(new Error('Cannot find module hash-worker.js'));
    await settle();
    const failed = jobs.filter(({ error }) => error !== undefined);
    expect(failed).toHaveLength(2);
    for (const { error } of failed) {
      expect(error).toBeInstanceOf(PeerfoldError);
      expect(error).toMatchObject({ code: 'worker-failed' });
      expect(String(error)).toContain('Cannot find module hash-worker.js');
    }
    expect(workers).toHaveLength(3);
    expect(loads().slice(1)).toEqual([2, 1]);
    workers[2]?.work();
    await settle();
    expect(jobs[4]?.result).toBeDefined();
  });

  it('passes on what a thread could not do', async () => {
    const [short, broken] = watch(2);
    workers[0]?.reply({ id: 1, fault: 'short' });
    workers[1]?.reply({ id: 1, fault: 'failed', reason: 'EIO: i/o error, read' });
    await settle();
    expect(short?.error).toBeInstanceOf(OriginFault);
    expect(short?.error).toMatchObject({ code: 'changed' });
    expect(String(broken?.error)).toContain('EIO: i/o error, read');
  });

  it('rejects what it has and what comes when it is closed', async () => {
    const jobs = watch(6);
    await settle();
    await pool.close();
    jobs.push(...watch(1));
    await settle();
    for (const { error } of jobs) expect(error).toMatchObject({ code: 'worker-failed' });
    expect(workers.every(({ isOver }) => isOver)).toBe(true);
    expect(workers).toHaveLength(2);
    await pool.close();
  });
});
