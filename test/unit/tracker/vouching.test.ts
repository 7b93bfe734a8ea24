import { beforeEach, describe, expect, it } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { MAX_ROOTS_ASKED, type RootsResponse } from '../../../src/protocol/hasher.js';
import { Vouching } from '../../../tracker-service/admission/vouching.js';
import { RootTable } from '../../../tracker-service/holders/root-table.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/random.js';
import { prefix } from '../../support/tracker-world.js';

type Ask = (roots: readonly RootPrefix[]) => Promise<RootsResponse['live']>;

let clock: FakeClock;
let asked: RootPrefix[][];
let heard: { live: readonly RootPrefix[]; dead: readonly RootPrefix[] }[];
let failures: number;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  heard = [];
  failures = 0;
});

const seconds = () => clock.now() / 1000;

function vouching(ask: Ask): Vouching {
  return new Vouching({
    ask: (roots) => {
      asked.push([...roots]);
      return ask(roots);
    },
    settled: (live, dead) => heard.push({ live, dead }),
    failed: () => failures++,
    roots: new RootTable(seededRandom(1)),
    clock,
    dice: seededRandom(1),
  });
}

const all: Ask = (roots) => Promise.resolve(roots.map((root) => ({ root, until: seconds() + 3600 })));
const none: Ask = () => Promise.resolve([]);

describe('vouching', () => {
  it('asks about what comes in one moment together, once', async () => {
    const desk = vouching(all);
    desk.check([prefix(1), prefix(2)]);
    desk.check([prefix(2), prefix(3)]);
    expect(desk.isLive(prefix(1))).toBe(false);
    await clock.advance(30);
    expect(asked).toEqual([[prefix(1), prefix(2), prefix(3)]]);
    expect(desk.isLive(prefix(1))).toBe(true);
    desk.check([prefix(1)]);
    await clock.advance(1_000);
    expect(asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('asks about no more at once than the hash service takes', async () => {
    const desk = vouching(all);
    desk.check(Array.from({ length: 2 * MAX_ROOTS_ASKED + 1 }, (_, i) => prefix(i)));
    await clock.advance(500);
    expect(asked.map(({ length }) => length)).toEqual([MAX_ROOTS_ASKED, MAX_ROOTS_ASKED, 1]);
  });

  it('does not ask about a dead root again for 10 s, and then does', async () => {
    const desk = vouching(none);
    desk.check([prefix(1)]);
    await clock.advance(50);
    desk.check([prefix(1)]);
    await clock.advance(9_000);
    expect(asked).toHaveLength(1);
    await clock.advance(2_000);
    expect(asked).toHaveLength(2);
    expect(heard).toEqual([
      { live: [], dead: [prefix(1)] },
      { live: [], dead: [prefix(1)] },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('does not let a dead root hold up the others', async () => {
    const desk = vouching((roots) => (asked.length === 1 ? none(roots) : all(roots)));
    desk.check([prefix(1)]);
    await clock.advance(50);
    desk.check([prefix(1), prefix(2)]);
    await clock.advance(1_100);
    expect(asked[1]).toEqual([prefix(2)]);
    expect(desk.isLive(prefix(2))).toBe(true);
  });

  it('keeps to the time that the hash service gives', async () => {
    const desk = vouching((roots) => Promise.resolve(roots.map((root) => ({ root, until: seconds() + 60 }))));
    desk.check([prefix(1)]);
    await clock.advance(59_000);
    expect(desk.isLive(prefix(1))).toBe(true);
    await clock.advance(2_000);
    expect(desk.isLive(prefix(1))).toBe(false);
  });

  it('renews ahead of the end, without asking all the time', async () => {
    const until = seconds() + 60;
    const desk = vouching((roots) => Promise.resolve(roots.map((root) => ({ root, until }))));
    for (let ms = 0; ms < 60_000; ms += 100) {
      desk.check([prefix(1)]);
      await clock.advance(100);
    }
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.length).toBeLessThan(10);
  });

  it('ignores what it did not ask for and what has ended', async () => {
    const desk = vouching(() =>
      Promise.resolve([
        { root: prefix(9), until: seconds() + 60 },
        { root: prefix(1), until: seconds() - 1 },
      ]),
    );
    desk.check([prefix(1)]);
    await clock.advance(50);
    expect([desk.isLive(prefix(9)), desk.isLive(prefix(1))]).toEqual([false, false]);
    expect(heard).toEqual([{ live: [], dead: [prefix(1)] }]);
  });

  it('backs off while nobody answers, keeps what is vouched for, and loses no question', async () => {
    let down = false;
    const desk = vouching((roots) => (down ? Promise.reject(new Error('down')) : all(roots)));
    desk.check([prefix(1)]);
    await clock.advance(50);
    down = true;
    desk.check([prefix(2)]);
    await clock.advance(300_000);
    expect(failures).toBeGreaterThan(10);
    expect(failures).toBeLessThan(22);
    expect(desk.isLive(prefix(1))).toBe(true);
    down = false;
    await clock.advance(30_000);
    expect(desk.isLive(prefix(2))).toBe(true);
  });

  it('has room for so many questions and no more', async () => {
    const desk = vouching(() => new Promise(() => undefined));
    const room = desk.room;
    for (let i = 0; i < room + 5_000; i += 1_000) {
      desk.check(Array.from({ length: 1_000 }, (_, j) => prefix(i + j)));
    }
    expect(desk.room).toBe(0);
    await clock.advance(1_000);
    desk.close();
    expect(clock.pending).toBe(0);
  });

  it('is silent once closed, also when an answer comes late', async () => {
    let answer: (live: RootsResponse['live']) => void = () => undefined;
    const desk = vouching(() => new Promise((resolve) => (answer = resolve)));
    desk.check([prefix(1)]);
    await clock.advance(50);
    desk.close();
    answer([{ root: prefix(1), until: seconds() + 60 }]);
    await clock.advance(50);
    expect(heard).toEqual([]);
    desk.check([prefix(2)]);
    expect(clock.pending).toBe(0);
  });
});
