import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteLength, PieceIndex, Root } from '../../../src/core/brands.js';
import { BackedStore } from '../../../src/store/backed.js';
import {
  LEAST_QUOTA,
  MOST_QUOTA,
  Quota,
  quotaFor,
  USUAL_QUOTA,
  type Estimate,
} from '../../../src/store/quota.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { memoryBacking } from '../../support/memory-backing.js';
import { holds } from '../../support/property.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('how much may be kept', () => {
  it.each<[string, Estimate, number, number]>([
    ['a twentieth of what is free', { quota: 8000 * MIB, usage: 0 }, 0, 400 * MIB],
    ['counting what is ours already', { quota: 8000 * MIB, usage: 3000 * MIB }, 1000 * MIB, 300 * MIB],
    [
      'also when the browser counts it only in part',
      { quota: 8000 * MIB, usage: 10 * MIB },
      1000 * MIB,
      400 * MIB,
    ],
    ['no more than a gibibyte', { quota: 500 * GIB, usage: 0 }, 0, MOST_QUOTA],
    ['no less than a page needs', { quota: 10 * MIB, usage: 0 }, 0, LEAST_QUOTA],
    ['also on a full disk', { quota: GIB, usage: 2 * GIB }, 0, LEAST_QUOTA],
    ['the usual when the browser does not tell', {}, 0, USUAL_QUOTA],
    ['the usual when what it tells makes no sense', { quota: NaN, usage: 3 }, 0, USUAL_QUOTA],
    ['the usual when nothing is granted', { quota: 0, usage: 0 }, 0, USUAL_QUOTA],
  ])('is %s', (_, estimate, kept, bytes) => {
    expect(quotaFor(estimate, kept)).toBe(bytes);
  });

  const size = fc.double({ min: 0, max: 2 ** 45, noNaN: true });

  it('lies within its bounds, and is never lessened by keeping more in place of what is free', () =>
    holds(
      fc.property(size, size, size, (quota, others, kept) => {
        const bytes = quotaFor({ quota, usage: others + kept }, kept);
        expect(bytes).toBeGreaterThanOrEqual(LEAST_QUOTA);
        expect(bytes).toBeLessThanOrEqual(MOST_QUOTA);
        const fits = quota > others + kept;
        // To the byte: sums of doubles are not exact.
        if (fits) expect(Math.abs(bytes - quotaFor({ quota, usage: others }, 0))).toBeLessThan(1);
      }),
      1000,
    ));
});

describe('a quota', () => {
  it('is the most there can be until the platform has answered', async () => {
    const quota = new Quota(
      () => Promise.resolve({ quota: 2000 * MIB, usage: 0 }),
      () => 0,
    );
    expect(quota.bytes).toBe(MOST_QUOTA);
    await quota.estimate();
    expect(quota.bytes).toBe(100 * MIB);
  });

  it('asks again after every 64 MiB written', async () => {
    let asked = 0;
    const quota = new Quota(
      () => Promise.resolve({ quota: ++asked * 2000 * MIB }),
      () => 0,
    );
    for (let i = 0; i < 63; i++) quota.wrote(MIB);
    expect(asked).toBe(0);
    quota.wrote(MIB);
    await settle();
    expect([asked, quota.bytes]).toEqual([1, 100 * MIB]);
    for (let i = 0; i < 64; i++) quota.wrote(MIB);
    await settle();
    expect([asked, quota.bytes]).toEqual([2, 200 * MIB]);
  });

  it.each([
    ['refuses', () => Promise.reject(new TypeError('no storage manager'))],
    ['tells nothing', () => Promise.resolve({})],
  ])('is the usual when the platform %s', async (_, estimate) => {
    const quota = new Quota(estimate, () => 0);
    await quota.estimate();
    expect(quota.bytes).toBe(USUAL_QUOTA);
  });

  it('stays restricted, whatever the platform says or was about to say', async () => {
    let answer: (estimate: Estimate) => void = () => undefined;
    const quota = new Quota(
      () => new Promise((resolve) => (answer = resolve)),
      () => 0,
    );
    const asking = quota.estimate();
    expect(quota.restrict(5 * MIB)).toBe(5 * MIB);
    answer({ quota: GIB });
    await asking;
    await quota.estimate();
    expect(quota.bytes).toBe(5 * MIB);
    expect(quota.restrict(9 * MIB)).toBe(5 * MIB);
  });

  it('that is fixed asks nobody', async () => {
    const quota = new Quota(7 * MIB, () => 0);
    quota.wrote(GIB);
    await quota.estimate();
    expect(quota.bytes).toBe(7 * MIB);
  });
});

describe('a store with an estimated quota', () => {
  const PIECE = 2 ** 20;
  const what = (n: number) => ({
    root: n.toString(16).padStart(64, '0') as Root,
    cut: { length: (16 * PIECE) as ByteLength, piece: PIECE as ByteLength },
  });
  const bytes = new Uint8Array(PIECE);

  async function write(store: BackedStore, n: number): Promise<void> {
    for (let i = 0; i < 16; i++) store.write(what(n), i as PieceIndex, bytes);
    await store.flush();
  }

  it('has its first estimate when it starts', async () => {
    const store = new BackedStore({
      backing: memoryBacking(),
      clock: new FakeClock(),
      quota: () => Promise.resolve({ quota: 20 * 32 * MIB, usage: 0 }),
    });
    await store.ready;
    await settle();
    for (const n of [1, 2, 3]) await write(store, n);
    expect([1, 2, 3].map((n) => store.find(what(n).root)?.stored.count)).toEqual([undefined, 16, 16]);
  });

  it('keeps what fits, least recently used out first, and follows the disk as it fills', async () => {
    let quota = 20 * 64 * MIB;
    const store = new BackedStore({
      backing: memoryBacking(),
      clock: new FakeClock(),
      quota: () => Promise.resolve({ quota, usage: 0 }),
    });
    await store.ready;
    const kept = () => Array.from({ length: 20 }, (_, n) => n).filter((n) => store.find(what(n).root));
    for (let n = 0; n < 6; n++) await write(store, n);
    expect(kept()).toEqual([2, 3, 4, 5]);
    quota = 20 * 32 * MIB;
    for (let n = 6; n < 10; n++) await write(store, n);
    expect(kept()).toEqual([8, 9]);
    store.use(what(8).root, 0 as PieceIndex);
    await write(store, 10);
    expect(kept()).toEqual([8, 10]);
  });

  it('does not wait for an estimate that never comes', async () => {
    const store = new BackedStore({
      backing: memoryBacking(),
      clock: new FakeClock(),
      quota: () => new Promise(() => undefined),
    });
    await store.ready;
    await write(store, 1);
    expect(await store.read(what(1).root, 3 as PieceIndex)).toBe(bytes);
  });
});
