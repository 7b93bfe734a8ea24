import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerId, RootPrefix } from '../../../src/core/brands.js';
import { NOWHERE } from '../../../tracker-service/choosing/place.js';
import { Allowances } from '../../../tracker-service/core/allowances.js';
import { Visitor } from '../../../tracker-service/core/visitor.js';
import { LiveWants, type LiveWant } from '../../../tracker-service/core/wants.js';
import { RootTable } from '../../../tracker-service/holders/root-table.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/random.js';
import { DEFAULT_LIMITS, FakeConnection, SITE, prefix } from '../../support/tracker-world.js';

let clock: FakeClock;
let table: RootTable;
let wants: LiveWants;

beforeEach(() => {
  clock = new FakeClock();
  table = new RootTable(seededRandom(1));
  wants = new LiveWants(clock, table);
});

function visitor(name: string): Visitor {
  const identity = { pid: name as PeerId, site: SITE, key: name, admission: undefined, until: Infinity };
  const nothing = (): void => undefined;
  const line = {
    connection: new FakeConnection(),
    crowded: false,
    send: nothing,
    sendText: nothing,
    end: nothing,
  };
  return new Visitor(identity, '', line, NOWHERE, new Allowances(DEFAULT_LIMITS, clock), clock);
}

function open(who: Visitor, numbers: readonly number[], q = 1, live = 60): LiveWant {
  return wants.open(who, { t: 'want', q, roots: numbers.map(prefix), k: 2, live });
}

/** What an open want asks for, by the numbers of its roots. */
function namesOf(want: LiveWant): RootPrefix[] {
  const numbers = new Uint32Array(300);
  wants.rootsOf(want, numbers);
  return [...numbers.subarray(0, want.size)].map((number) => table.nameOf(number - 1));
}

describe('open wants', () => {
  it('know what they ask for, whoever else asks for it', () => {
    const mine = open(visitor('me'), [5, 3, 9, 3]);
    const yours = open(visitor('you'), [9, 8, 5]);
    expect(namesOf(mine)).toEqual([5, 3, 9, 3].map(prefix));
    expect(namesOf(yours)).toEqual([9, 8, 5].map(prefix));
  });

  it('keep roots known only as long as somebody waits for them', () => {
    const [me, you] = [visitor('me'), visitor('you')];
    for (let round = 0; round < 3; round++) {
      open(me, [1, 2, 2, 3], 1);
      open(you, [3, 4], 1);
      open(me, [1], 2);
      wants.cancel(me, 1);
      expect(table.size).toBe(3);
      wants.cancelAll(me);
      expect(table.size).toBe(2);
      expect(table.find(prefix(3))).toBeDefined();
      wants.cancelAll(you);
      expect(table.size).toBe(0);
    }
  });

  it('leave nothing behind once their time is over', async () => {
    for (let i = 0; i < 100; i++) open(visitor(`v${i}`), [i, i + 1, 500], 1, 10);
    expect(table.size).toBe(102);
    await clock.advance(10_000);
    wants.sweep();
    expect(table.size).toBe(0);
  });

  it('that are answered only once are not kept', () => {
    const want = open(visitor('me'), [1, 2], 1, 0);
    expect([wants.isOpen(want), table.size]).toEqual([false, 0]);
    wants.mark([prefix(1)]);
    wants.remind(want, [0]);
    expect(wants.hasNews).toBe(false);
  });

  it('hear of each position with news once, in the order in which it came', () => {
    const [mine, yours] = [open(visitor('me'), [1, 2]), open(visitor('you'), [2, 3])];
    wants.mark([prefix(3), prefix(2), prefix(3), prefix(77)]);
    expect(wants.takeReady(1)).toEqual([{ want: yours, positions: [1, 0] }]);
    expect(wants.takeReady(9)).toEqual([{ want: mine, positions: [1] }]);
    expect(wants.hasNews).toBe(false);
  });

  it('are closed when they had their fill', () => {
    const want = open(visitor('me'), [1]);
    for (let i = 0; i < 3; i++) {
      expect(wants.isOpen(want)).toBe(true);
      wants.told(want, [`a${i}`, `b${i}`] as PeerId[]);
    }
    expect([wants.isOpen(want), want.told.length, table.size]).toEqual([false, 6, 0]);
  });
});
