import { describe, expect, it } from 'vitest';
import { SLOW } from '../../../src/core/deadline.js';
import { Traffic } from '../../../sw/traffic.js';
import { FakeClock } from '../../support/fake-clock.js';
import { visitTo } from '../../support/visits.js';
import { expectSame, WorkerRig } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;

/** What `page` was told since it leads. */
const told = (page: Awaited<ReturnType<WorkerRig['visitor']>>) => page.all('busy').map(({ on }) => on);

describe('traffic', () => {
  function trafficOf() {
    const clock = new FakeClock();
    const heard: boolean[] = [];
    const traffic = new Traffic(clock, (busy) => heard.push(busy));
    const load = async (ms: number): Promise<void> => {
      await traffic.count(new Promise<void>((resolve) => clock.setTimeout(resolve, ms)));
    };
    return { clock, heard, traffic, load };
  }

  it('is told when it begins, and when it has been over for a while', async () => {
    const { clock, heard, traffic, load } = trafficOf();
    void load(1000);
    expect(heard).toEqual([true]);
    await clock.advance(1199);
    expect(heard).toEqual([true]);
    await clock.advance(1);
    expect(heard).toEqual([true, false]);
    expect(traffic.busy).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('does not flap over a gallery', async () => {
    const { clock, heard, load } = trafficOf();
    for (let i = 0; i < 50; i++) {
      void load(30 + 17 * (i % 7));
      await clock.advance(110);
    }
    await clock.advance(1000);
    expect(heard).toEqual([true, false]);
  });

  it('goes on while one is under way, however long after the others', async () => {
    const { clock, heard, load } = trafficOf();
    void load(60_000);
    void load(10);
    await clock.advance(59_000);
    expect(heard).toEqual([true]);
  });

  it('is slow while one of them takes long, whichever, and no longer', async () => {
    const { clock, traffic, load } = trafficOf();
    expect(traffic.isSlow).toBe(false);
    void load(SLOW + 500);
    await clock.advance(SLOW - 500);
    void load(SLOW + 600);
    void load(10);
    await clock.advance(500);
    expect(traffic.isSlow).toBe(false);
    await clock.advance(1);
    expect(traffic.isSlow).toBe(true);
    // By then the first has ended, and the second has not taken so long.
    await clock.advance(499);
    await clock.advance(0);
    expect(traffic.isSlow).toBe(false);
  });

  it('is not slow for being much', async () => {
    const { clock, traffic, load } = trafficOf();
    for (let i = 0; i < 100; i++) {
      void load(SLOW - 100);
      await clock.advance(110);
      expect(traffic.isSlow).toBe(false);
    }
  });

  it('ends with what fails, and hands the failure on', async () => {
    const { clock, heard, traffic } = trafficOf();
    await expect(traffic.count(Promise.reject(new Error('down')))).rejects.toThrow('down');
    await clock.advance(200);
    expect(heard).toEqual([true, false]);
  });
});

describe('the leading page', () => {
  it.each([
    ['ends', LENGTH, [false, true, false]],
    ['does not end', 100_000, [false, true]],
  ])('is told of what passes through and %s', async (_, stallsAfter, expected) => {
    const { rig, bytes, page } = await visitTo(PATH, LENGTH);
    rig.files.set(PATH, { bytes, stallsAfter });
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    void rig.ask(PATH);
    await rig.rest(2000);
    expect(told(page)).toEqual(expected);
  });

  it.each([
    ['ends', LENGTH, [false, true, false]],
    ['does not end', 50_000, [false, true]],
  ])('is told of what is fetched in the place of late peers and %s', async (_, stallsAfter, expected) => {
    const { rig, bytes, signed, page } = await visitTo(PATH, LENGTH);
    rig.files.set(PATH, { bytes, stallsAfter });
    rig.serve(page, bytes, signed, (piece, index) => (index === 0 ? piece : undefined));
    void rig.ask(PATH);
    await rig.rest(3000);
    expect(rig.requests.at(-1)).toMatchObject({ range: `bytes=65536-${LENGTH - 1}` });
    expect(told(page)).toEqual(expected);
  });

  it('is told nothing of what peers, the store or the HTTP cache bring', async () => {
    const { rig, bytes, signed, page } = await visitTo(PATH, LENGTH);
    rig.serve(page, bytes, signed, (one) => one);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    const other = '/media/cached.jpg';
    const cached = {
      'content-type': 'image/jpeg',
      'cache-control': 'public, max-age=3600',
      date: new Date(rig.clock.now()).toUTCString(),
    };
    rig.cached.set(other, () => new Response(bytes, { headers: cached }));
    expectSame(await rig.bytes(rig.ask(other)), bytes);
    await rig.rest(1000);
    expect(page.reports.map(({ bytes: { peer, store, cache } }) => [peer > 0, store > 0, cache > 0])).toEqual(
      [
        [true, false, false],
        [false, true, false],
        [false, false, true],
      ],
    );
    expect(told(page)).toEqual([false]);
  });

  it('is told at once that others are loading, when it is new', async () => {
    const rig = await WorkerRig.make();
    const first = await rig.visitor('tab-1');
    first.place = () => ({ wait: 0, reason: 'above-fold' });
    rig.files.set(PATH, { bytes: new Uint8Array(LENGTH), hangs: true });
    void rig.ask(PATH);
    await rig.rest(1000);
    const second = await rig.visitor('tab-2');
    expect(told(first)).toEqual([false, true]);
    expect(told(second)).toEqual([true]);
  });
});
