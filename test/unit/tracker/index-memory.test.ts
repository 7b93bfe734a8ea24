import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { MemoryIndex } from '../../../tracker-service/index-memory.js';
import { SortedIds } from '../../../tracker-service/sorted-ids.js';
import { seededRandom } from '../../support/random.js';
import { prefix } from '../../support/tracker-world.js';

const limits = { holdersPerRoot: 64, holdersPerNetwork: 4 };
const peer = (n: number, network?: string) => ({
  pid: `peer${String(n).padStart(6, '0')}` as PeerId,
  network,
});

function indexOf(changes: Partial<typeof limits> = {}): MemoryIndex {
  return new MemoryIndex({ ...limits, ...changes }, seededRandom(1));
}

describe('the index', () => {
  it('finds who holds what, by position in the question', async () => {
    const index = indexOf();
    index.add(peer(1), [prefix(1), prefix(3)]);
    index.add(peer(2), [prefix(3)]);
    const found = await index.find([prefix(3), prefix(2), prefix(1)]);
    expect(found).toEqual([
      { pid: peer(1).pid, has: [0, 2] },
      { pid: peer(2).pid, has: [0] },
    ]);
    expect(index.size()).toEqual({ roots: 2, entries: 3 });
  });

  it('adds and removes each entry once', () => {
    const index = indexOf();
    for (let i = 0; i < 3; i++) index.add(peer(1), [prefix(1), prefix(1)]);
    expect(index.size().entries).toBe(1);
    expect(index.countOf(peer(1).pid)).toBe(1);
    for (let i = 0; i < 3; i++) index.remove(peer(1).pid, [prefix(1), prefix(2)]);
    expect(index.size()).toEqual({ roots: 0, entries: 0 });
  });

  it('forgets roots nobody holds and peers that hold nothing', async () => {
    const index = indexOf();
    index.add(peer(1), [prefix(1), prefix(2)]);
    index.add(peer(2), [prefix(2)]);
    index.leave(peer(1).pid);
    index.leave(peer(9).pid);
    expect(index.size()).toEqual({ roots: 1, entries: 1 });
    expect(await index.find([prefix(1)])).toEqual([]);
    index.forget(prefix(2));
    index.forget(prefix(7));
    expect(index.size()).toEqual({ roots: 0, entries: 0 });
    expect(index.countOf(peer(2).pid)).toBe(0);
  });

  it('gives a freed number to nobody’s old entries', async () => {
    const index = indexOf();
    index.add(peer(1), [prefix(1)]);
    index.add(peer(2), [prefix(1)]);
    index.leave(peer(1).pid);
    index.add(peer(3), [prefix(2)]);
    expect((await index.find([prefix(1)])).map(({ pid }) => pid)).toEqual([peer(2).pid]);
    expect((await index.find([prefix(2)])).map(({ pid }) => pid)).toEqual([peer(3).pid]);
  });

  it('keeps a bounded, changing set of holders of a popular root', async () => {
    const index = indexOf();
    for (let i = 0; i < 1000; i++) index.add(peer(i), [prefix(1)]);
    const found = await index.find([prefix(1)]);
    expect(found).toHaveLength(64);
    expect(index.size()).toEqual({ roots: 1, entries: 64 });
    expect(found.some(({ pid }) => pid >= peer(900).pid)).toBe(true);
    expect(found.some(({ pid }) => pid < peer(900).pid)).toBe(true);
  });

  it('lets one network crowd nobody out', async () => {
    const index = indexOf();
    for (let i = 0; i < 20; i++) index.add(peer(i, `net${i}`), [prefix(1)]);
    for (let i = 100; i < 1100; i++) index.add(peer(i, 'hostile'), [prefix(1)]);
    const found = await index.find([prefix(1)]);
    expect(found).toHaveLength(24);
    expect(found.filter(({ pid }) => pid < peer(20).pid)).toHaveLength(20);
  });

  it('agrees with a plain model through random changes', async () => {
    const index = indexOf({ holdersPerRoot: 1000 });
    const model = new Map<PeerId, Set<string>>();
    const dice = seededRandom(7);
    const pick = (n: number) => Math.floor(dice() * n);
    for (let step = 0; step < 20_000; step++) {
      const holder = peer(pick(40));
      const held = model.get(holder.pid) ?? new Set<string>();
      model.set(holder.pid, held);
      const root = prefix(pick(60));
      const action = pick(100);
      if (action < 55) {
        index.add(holder, [root]);
        held.add(root);
      } else if (action < 95) {
        index.remove(holder.pid, [root]);
        held.delete(root);
      } else if (action < 98) {
        index.leave(holder.pid);
        held.clear();
      } else {
        index.forget(root);
        for (const roots of model.values()) roots.delete(root);
      }
    }
    const roots = Array.from({ length: 60 }, (_, i) => prefix(i));
    const found = new Map((await index.find(roots)).map(({ pid, has }) => [pid, has]));
    let entries = 0;
    for (const [pid, held] of model) {
      entries += held.size;
      expect(index.countOf(pid)).toBe(held.size);
      expect(found.get(pid) ?? []).toEqual(roots.flatMap((root, i) => (held.has(root) ? [i] : [])));
      for (const root of roots) expect(index.holds(pid, root)).toBe(held.has(root));
    }
    expect(index.size().entries).toBe(entries);
  });
});

describe('sorted ids', () => {
  it('behave like a set and stay small', () => {
    const ids = new SortedIds();
    const model = new Set<number>();
    const dice = seededRandom(3);
    for (let step = 0; step < 5_000; step++) {
      const id = Math.floor(dice() * 300);
      if (dice() < 0.5) expect(ids.add(id)).toBe(!model.has(id) && Boolean(model.add(id)));
      else expect(ids.delete(id)).toBe(model.delete(id));
      expect(ids.size).toBe(model.size);
    }
    expect([...ids]).toEqual([...model].sort((x, y) => x - y));
    for (const id of model) expect(ids.has(id)).toBe(true);
    for (const id of [...model]) ids.delete(id);
    expect(ids.bytes).toBeLessThanOrEqual(48);
  });

  it('cost at most 6 bytes an entry', () => {
    const ids = new SortedIds();
    for (let id = 0; id < 64; id++) ids.add(id * 7919);
    expect(ids.bytes / ids.size).toBeLessThanOrEqual(6);
  });
});
