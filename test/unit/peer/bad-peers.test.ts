import { beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.js';
import { Content, type TestClock, type Town, type Visitor } from '../../support/swarm-town.js';
import { townOfTest } from '../../support/town-of-test.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const DATA = 5;

let clock: TestClock;
let town: Town;
let needs = 0;

beforeEach(() => {
  town = townOfTest();
  clock = town.clock;
});

/** One after the other, each asked for when the one before was over; returns how they ended. */
async function needInTurn(leecher: Visitor, all: readonly Content[], wait: number): Promise<string[]> {
  const ends: string[] = [];
  for (const content of all) {
    const id = ++needs;
    const missed = () => leecher.misses.find((miss) => miss.id === id);
    leecher.need(content, { id, wait });
    await town.until(() => leecher.has(content) || missed() !== undefined);
    ends.push(missed()?.reason ?? 'complete');
    leecher.swarm.cancel(id);
  }
  return ends;
}

function contents(count: number, length: number): Content[] {
  return Array.from({ length: count }, (_, i) => new Content(`content ${i} of ${length}`, length, length));
}

/** Requests that `leecher` sent to `seeder`, by their arrival there. */
function counted(): { count: number; read: (right: Bytes) => undefined } {
  const counter = {
    count: 0,
    read: () => {
      counter.count++;
      return undefined;
    },
  };
  return counter;
}

describe('a peer that has everything and delivers nothing', () => {
  it('is soon not asked any more, then loses its link, and gets none for a while', async () => {
    const leecher = town.visitor();
    const refusals = counted();
    const liar = town.visitor({ latency: 1, read: refusals.read });
    const honest = town.visitor({ bandwidth: 200 * KIB, latency: 30 });
    const all = contents(400, 64 * KIB);
    for (const content of all) for (const seeder of [liar, honest]) seeder.holdAll(content);
    await town.link(leecher, liar, honest);
    let asked = 0;
    while (leecher.downs.length === 0) await needInTurn(leecher, [all[asked++] as Content], 10_000);
    expect(leecher.downs).toMatchObject([{ peer: { key: liar.key }, reason: 'stalled' }]);
    expect(leecher.reports).toMatchObject([{ pid: liar.pid, ok: 0, bad: 0, slow: refusals.count }]);
    expect(refusals.count).toBeLessThan(0.3 * asked);
    expect(all.slice(0, asked).every((content) => leecher.has(content))).toBe(true);
    expect(leecher.misses).toEqual([]);
    await clock.advance(100);
    expect(leecher.meet(liar)).toBe(false);
    await clock.advance(40_000);
    expect(leecher.meet(liar)).toBe(true);
  });
});

describe('a peer that dribbles', () => {
  it('is not asked for a while after it made one need late after another', async () => {
    const leecher = town.visitor();
    const dribbler = town.visitor({ bandwidth: 40 * KIB });
    const all = contents(6, 256 * KIB);
    for (const content of all) dribbler.holdAll(content);
    await town.link(leecher, dribbler);
    const ends = await needInTurn(leecher, all, 4000);
    expect(ends).toEqual(['deadline', 'deadline', 'deadline', 'no-peers', 'no-peers', 'no-peers']);
    const requests = leecher.requests.length;
    await clock.advance(10_000);
    leecher.need(all[0] as Content);
    await clock.advance(200);
    expect(leecher.requests.length).toBeGreaterThan(requests);
  });

  it('is not blamed for a deadline that came right after it was asked', async () => {
    const leecher = town.visitor();
    const seeder = town.visitor({ bandwidth: 100 * KIB, latency: 200 });
    const all = contents(12, 64 * KIB);
    for (const content of all) seeder.holdAll(content);
    await town.link(leecher, seeder);
    expect(await needInTurn(leecher, all.slice(0, 10), 500)).toEqual(Array(10).fill('deadline'));
    expect(await needInTurn(leecher, all.slice(10), 10_000)).toEqual(['complete', 'complete']);
  });
});

describe('a slow peer', () => {
  it('is known for it over its next link, too', async () => {
    const leecher = town.visitor();
    const slow = town.visitor({ bandwidth: 30 * KIB });
    const fair = town.visitor({ bandwidth: 300 * KIB, latency: 60 });
    const [first, second] = [new Content('first', 256 * KIB), new Content('second', 512 * KIB)];
    slow.holdAll(first);
    for (const seeder of [slow, fair]) seeder.holdAll(second);
    await town.link(leecher, slow);
    await needInTurn(leecher, [first], 60_000);
    expect(leecher.has(first)).toBe(true);
    leecher.swarm.disconnect();
    await clock.advance(500);
    leecher.ups.length = 0;
    await town.link(leecher, slow, fair);
    leecher.swarm.interest([second]);
    await clock.advance(200);
    const before = slow.swarm.stats().uploaded;
    leecher.need(second, { id: 2 });
    await clock.advance(400);
    const peers = leecher.swarm.stats().peers;
    // At 500 kB/s, as strangers are taken to be, it would have been given the first window.
    expect(peers.find(({ key }) => key === slow.key)?.inFlight).toBe(0);
    await town.until(() => leecher.has(second));
    expect(slow.swarm.stats().uploaded - before).toBeLessThanOrEqual(64 * KIB);
  });
});

describe('a peer that falls silent', () => {
  it('is not linked to again at once', async () => {
    const leecher = town.visitor();
    const mute = town.visitor({ corrupt: (frame) => (frame[0] === DATA ? undefined : frame) });
    const content = new Content('silence', MIB);
    mute.holdAll(content);
    await town.link(leecher, mute);
    leecher.need(content);
    await town.until(() => leecher.downs.length > 0, 15_000);
    expect(leecher.downs).toMatchObject([{ reason: 'stalled' }]);
    await clock.advance(100);
    expect(leecher.meet(mute)).toBe(false);
    mute.meet(leecher);
    await clock.advance(100);
    expect(mute.downs.at(-1)?.reason).toBe('declined');
    await clock.advance(10_000);
    expect(leecher.meet(mute)).toBe(true);
  });
});
