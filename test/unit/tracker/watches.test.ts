import { describe, expect, it } from 'vitest';
import { NO_WATCH, Watches } from '../../../tracker-service/core/watches.js';
import { seededRandom } from '../../support/random.js';

function seen(watches: Watches, root: number, most = 1_000_000): [watcher: number, position: number][] {
  const all: [number, number][] = [];
  watches.visit(root, most, (watcher, position) => all.push([watcher, position]));
  return all;
}

describe('watches', () => {
  it('agree with a plain model through random changes', () => {
    const watches = new Watches();
    const model = new Map<number, { root: number; watcher: number; position: number }>();
    const dice = seededRandom(5);
    for (let step = 0; step < 50_000; step++) {
      const nodes = [...model.keys()];
      if (dice() < 0.52 || nodes.length === 0) {
        const entry = { root: Math.floor(dice() * 50), watcher: step, position: Math.floor(dice() * 300) };
        model.set(watches.add(entry.root, entry.watcher, entry.position), entry);
      } else {
        const node = nodes[Math.floor(dice() * nodes.length)] ?? 0;
        expect(watches.remove(node)).toBe(model.get(node)?.root);
        model.delete(node);
      }
      if (step % 500 !== 0) continue;
      for (let root = 0; root < 50; root++) {
        const expected = [...model.values()].filter((entry) => entry.root === root);
        expect(new Set(seen(watches, root).map(String))).toEqual(
          new Set(expected.map(({ watcher, position }) => `${watcher},${position}`)),
        );
        expect(watches.isWatched(root)).toBe(expected.length > 0);
      }
      expect(watches.count).toBe(model.size);
    }
  });

  it('tell what a node is about, and which other one its watcher has', () => {
    const watches = new Watches();
    const gone = watches.add(9, 1, 9);
    let last = NO_WATCH;
    for (let position = 0; position < 2000; position++) last = watches.add(5 * position, 7, position, last);
    watches.remove(gone);
    for (let position = 1999; position >= 0; position--) {
      expect([watches.positionOf(last), watches.rootOf(last)]).toEqual([position, 5 * position]);
      last = watches.siblingOf(last);
    }
    expect(last).toBe(NO_WATCH);
    // A node that is used again has nothing left of whoever had it before.
    expect(watches.siblingOf(watches.add(1, 2, 3))).toBe(NO_WATCH);
  });

  it('tell of no more watchers than wanted, the latest first', () => {
    const watches = new Watches();
    for (let watcher = 0; watcher < 10; watcher++) watches.add(3, watcher, 0);
    expect(seen(watches, 3, 2)).toEqual([
      [9, 0],
      [8, 0],
    ]);
    expect(watches.visit(3, 4, () => undefined)).toBe(4);
    expect(watches.visit(99_999, 4, () => undefined)).toBe(0);
  });
});
