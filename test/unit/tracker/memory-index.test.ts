import { describe, expect, it } from 'vitest';
import { Candidates } from '../../../tracker-service/holders/candidates.js';
import { MemoryIndex } from '../../../tracker-service/holders/memory-index.js';
import { RootTable } from '../../../tracker-service/holders/root-table.js';
import type { RootPrefix } from '../../../src/core/brands.js';
import { seededRandom } from '../../support/random.js';
import { prefix } from '../../support/tracker-world.js';

const everybody = () => true;
const LIMITS = { holdersPerRoot: 64, holdersPerNetwork: 4 };

function indexOf(changes: Partial<typeof LIMITS> = {}, networkOf: (peer: number) => number = () => 0) {
  const dice = seededRandom(1);
  const roots = new RootTable(dice);
  const index = new MemoryIndex({ limits: { ...LIMITS, ...changes }, dice, networkOf, roots });
  tables.set(index, roots);
  return index;
}

const tables = new WeakMap<MemoryIndex, RootTable>();
const numberOf = (index: MemoryIndex, root: RootPrefix) => tables.get(index)?.find(root);

/** Who holds which of `roots`: peers in ascending order, with positions. */
function found(index: MemoryIndex, roots: readonly RootPrefix[]): [peer: number, has: number[]][] {
  const candidates = new Candidates();
  candidates.begin(roots.length, 10_000);
  roots.forEach((root, position) => {
    const number = numberOf(index, root);
    if (number !== undefined) index.collect(number, position, candidates);
  });
  return Array.from({ length: candidates.count }, (_, slot): [number, number[]] => [
    candidates.peerAt(slot),
    candidates.positionsAt(slot),
  ]).sort(([a], [b]) => a - b);
}

describe('the index', () => {
  it('finds who holds what, by position in the question', () => {
    const index = indexOf();
    index.add(1, [prefix(1), prefix(3)]);
    index.add(2, [prefix(3)]);
    expect(found(index, [prefix(3), prefix(2), prefix(1)])).toEqual([
      [1, [0, 2]],
      [2, [0]],
    ]);
    expect(index.size).toEqual({ roots: 2, entries: 3 });
  });

  it('adds and removes each entry once, and tells what was new', () => {
    const index = indexOf();
    expect(index.add(1, [prefix(1), prefix(1), prefix(2)])).toEqual([prefix(1), prefix(2)]);
    expect(index.add(1, [prefix(1)])).toEqual([]);
    expect(index.countOf(1)).toBe(2);
    for (let i = 0; i < 3; i++) index.remove(1, [prefix(1), prefix(2), prefix(3)]);
    expect(index.size).toEqual({ roots: 0, entries: 0 });
  });

  it('forgets roots nobody holds and peers that hold nothing', () => {
    const index = indexOf();
    index.add(1, [prefix(1), prefix(2)]);
    index.add(2, [prefix(2)]);
    index.leave(1);
    index.leave(9);
    expect(index.size).toEqual({ roots: 1, entries: 1 });
    expect(index.isHeld(numberOf(index, prefix(2)) ?? -1)).toBe(true);
    expect(numberOf(index, prefix(1))).toBeUndefined();
    index.forget(prefix(2), everybody);
    index.forget(prefix(7), everybody);
    expect(index.size).toEqual({ roots: 0, entries: 0 });
    expect(index.countOf(2)).toBe(0);
  });

  it('forgets a root of some of its holders', () => {
    const index = indexOf();
    for (const peer of [1, 2, 3, 4]) index.add(peer, [prefix(1)]);
    index.forget(prefix(1), (peer) => peer % 2 === 0);
    expect(found(index, [prefix(1)])).toEqual([
      [1, [0]],
      [3, [0]],
    ]);
  });

  it('gives a freed number to nobody’s old entries', () => {
    const index = indexOf();
    index.add(1, [prefix(1), prefix(2)]);
    index.add(2, [prefix(2)]);
    // Root 1 is gone from the index, not from the list of peer 1; its number goes to root 3.
    index.remove(1, [prefix(1)]);
    index.add(2, [prefix(3)]);
    index.leave(1);
    expect(found(index, [prefix(1), prefix(2), prefix(3)])).toEqual([[2, [1, 2]]]);
  });

  it('keeps a bounded, changing set of holders of a popular root', () => {
    const index = indexOf();
    for (let peer = 0; peer < 1000; peer++) index.add(peer, [prefix(1)]);
    const holders = found(index, [prefix(1)]).map(([peer]) => peer);
    expect(holders).toHaveLength(64);
    expect(index.size).toEqual({ roots: 1, entries: 64 });
    expect([holders.some((peer) => peer >= 900), holders.some((peer) => peer < 900)]).toEqual([true, true]);
  });

  it('lets one network crowd nobody out', () => {
    const index = indexOf({}, (peer) => (peer < 20 ? peer + 1 : 99));
    for (let peer = 0; peer < 20; peer++) index.add(peer, [prefix(1)]);
    for (let peer = 100; peer < 1100; peer++) index.add(peer, [prefix(1)]);
    const holders = found(index, [prefix(1)]).map(([peer]) => peer);
    expect(holders).toHaveLength(24);
    expect(holders.filter((peer) => peer < 20)).toHaveLength(20);
  });

  it('does not grow by a peer that is pushed out of popular roots again and again', () => {
    const index = indexOf({ holdersPerRoot: 1 });
    const roots = Array.from({ length: 500 }, (_, i) => prefix(i));
    const sizes = new Set<number>();
    for (let round = 0; round < 50; round++) {
      index.add(1, [...roots, prefix(999)]);
      index.add(2, roots);
      sizes.add(index.bytes);
    }
    expect([index.countOf(1), index.countOf(2)]).toEqual([1, 500]);
    expect(sizes.size).toBe(1);
  });

  it('agrees with a plain model through random changes', () => {
    const index = indexOf({ holdersPerRoot: 1000 });
    const model = new Map<number, Set<RootPrefix>>();
    const dice = seededRandom(7);
    const pick = (n: number) => Math.floor(dice() * n);
    for (let step = 0; step < 30_000; step++) {
      const peer = pick(40);
      const held = model.get(peer) ?? new Set<RootPrefix>();
      model.set(peer, held);
      const root = prefix(pick(60));
      const action = pick(100);
      if (action < 55) {
        index.add(peer, [root]);
        held.add(root);
      } else if (action < 95) {
        index.remove(peer, [root]);
        held.delete(root);
      } else if (action < 98) {
        index.leave(peer);
        held.clear();
      } else {
        index.forget(root, everybody);
        for (const roots of model.values()) roots.delete(root);
      }
    }
    const roots = Array.from({ length: 60 }, (_, i) => prefix(i));
    const holdings = new Map(found(index, roots));
    let entries = 0;
    for (const [peer, held] of model) {
      entries += held.size;
      expect(index.countOf(peer)).toBe(held.size);
      expect(holdings.get(peer) ?? []).toEqual(roots.flatMap((root, i) => (held.has(root) ? [i] : [])));
      for (const root of roots) expect(index.holds(peer, root)).toBe(held.has(root));
    }
    expect(index.size.entries).toBe(entries);
  });
});
