import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../../src/core/brands.js';
import { PeerfoldError } from '../../../../src/core/errors.js';
import type { Telling } from '../../../../tracker-service/nodes/port.js';
import { ADD, REMOVE, type Script } from '../../../../tracker-service/nodes/redis/scripts.js';
import { Teller } from '../../../../tracker-service/nodes/redis/teller.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { placeOf } from '../../../support/nodes-conformance.js';
import { SITE, prefix } from '../../../support/tracker-world.js';

const LEASE = 3_600_000;
const BEAT = 4_000;

/** A Redis that counts, and a node that holds `held` roots. */
function setUp(held: number) {
  const clock = new FakeClock();
  /** When roots were taken back. */
  const removals: number[] = [];
  /** Roots told, by when. */
  const told: { readonly at: number; readonly roots: number }[] = [];
  const state = { isUp: true, fails: '', held };
  const answer = () => {
    if (!state.fails) return Promise.resolve([]);
    if (state.fails.startsWith('Socket')) state.isUp = false;
    return Promise.reject(new PeerfoldError('store-failed', state.fails));
  };
  const link = {
    get isUp() {
      return state.isUp;
    },
    note: () => undefined,
    send: answer,
    run: (script: Script, names: readonly string[]) => {
      if (script === REMOVE) removals.push(clock.ticks());
      if (script === ADD) told.push({ at: clock.ticks(), roots: names.length / 2 });
      return answer();
    },
  };
  function* retell(): Iterable<Telling> {
    for (let i = 0; i < state.held; i += 100) {
      const roots = Array.from({ length: 100 }, (_, j) => prefix(i + j));
      yield { site: SITE, pid: 'aaaaaaaaaaaaaaaaaaaa' as PeerId, place: placeOf(1), roots };
    }
  }
  const teller = new Teller({
    link,
    clock,
    lease: LEASE,
    holdersPerRoot: 64,
    retell,
    added: () => undefined,
  });
  /** A heartbeat, and the time until the next. */
  const beats = async (count: number, lost = false) => {
    for (let i = 0; i < count; i++) {
      teller.beaten(lost && i === 0);
      await clock.advance(BEAT);
    }
  };
  const sum = (from = 0) =>
    told.filter(({ at }) => at >= from).reduce((total, { roots }) => total + roots, 0);
  return { clock, state, told, removals, teller, beats, sum };
}

describe('telling everything again', () => {
  it('takes turns of some hundred roots', async () => {
    const { told, beats, sum } = setUp(20_000);
    await beats(1, true);
    expect(sum()).toBe(20_000);
    const turns = new Map<number, number>();
    for (const { at, roots } of told) turns.set(at, (turns.get(at) ?? 0) + roots);
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(600);
    expect(turns.size).toBeGreaterThan(30);
  });

  it('is over before half of the lease is, without a rush', async () => {
    const { told, beats, sum, clock } = setUp(20_000);
    await beats(1, true);
    const first = clock.ticks();
    await beats(LEASE / 2 / BEAT - 1);
    expect(sum(first)).toBe(20_000);
    const begun = told.find(({ at }) => at >= first)?.at ?? 0;
    expect((told.at(-1)?.at ?? 0) - begun).toBeGreaterThan(LEASE / 10);
  });

  it('is over in time when there is much more than the last time', async () => {
    const { state, beats, sum, clock } = setUp(100);
    await beats(1, true);
    state.held = 200_000;
    const first = clock.ticks();
    await beats(LEASE / 2 / BEAT - 1);
    expect(sum(first)).toBe(200_000);
  });

  it('follows upon a failure, not more often than every ten seconds', async () => {
    const { state, teller, beats, sum } = setUp(100);
    await beats(4, true);
    state.fails = 'OOM command not allowed';
    teller.add(SITE, 'm', [prefix(1)]);
    await beats(10);
    const rounds = (sum() - 101) / 100;
    expect(rounds).toBeGreaterThanOrEqual(3);
    expect(rounds).toBeLessThanOrEqual(4);
    state.fails = '';
    await beats(4);
    const settled = sum();
    await beats(20);
    expect(sum()).toBe(settled);
  });

  it('does not follow upon a key that holds something else', async () => {
    const { state, teller, beats, sum } = setUp(100);
    await beats(4, true);
    state.fails = 'WRONGTYPE Operation against a key';
    teller.add(SITE, 'm', [prefix(1)]);
    await beats(20);
    expect(sum()).toBe(101);
  });

  it('makes up for what was not told while nobody could be told', async () => {
    const { state, teller, beats, sum, clock } = setUp(0);
    await beats(4, true);
    state.isUp = false;
    teller.add(SITE, 'm', [prefix(1)]);
    await clock.advance(60_000);
    expect([sum(), clock.pending]).toEqual([0, 0]);
    [state.isUp, state.held] = [true, 100];
    await beats(1);
    expect(sum()).toBe(100);
  });

  it('takes back later what could not be taken back when the link broke', async () => {
    const { state, teller, beats, removals, clock } = setUp(0);
    await beats(4, true);
    state.fails = 'Socket closed unexpectedly';
    teller.remove(SITE, 'm', [prefix(1)]);
    await clock.advance(60_000);
    expect(removals).toHaveLength(1);
    Object.assign(state, { isUp: true, fails: '' });
    await beats(2);
    expect(removals).toHaveLength(2);
  });
});
