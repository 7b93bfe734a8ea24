import { describe, expect, it } from 'vitest';
import { Lists } from '../../../tracker-service/holders/lists.js';
import { seededRandom } from '../../support/random.js';

const sorted = (entries: Iterable<number>) => [...entries].sort((a, b) => a - b);

describe('lists', () => {
  it('hold what was pushed and not removed, each on its own', () => {
    const lists = new Lists();
    const model = new Map<number, number[]>();
    const dice = seededRandom(3);
    for (let step = 0; step < 200_000; step++) {
      const list = Math.floor(dice() * 400) ** 2 % 3001;
      const entries = model.get(list) ?? [];
      model.set(list, entries);
      if (dice() < 0.55) {
        lists.push(list, step);
        entries.push(step);
      } else if (entries.length > 0 && dice() < 0.99) {
        const at = Math.floor(dice() * entries.length);
        const gone = lists.view(list)[at] ?? -1;
        lists.removeAt(list, at);
        entries.splice(entries.indexOf(gone), 1);
      } else {
        lists.clear(list);
        entries.length = 0;
      }
    }
    for (const [list, entries] of model) {
      expect(lists.sizeOf(list)).toBe(entries.length);
      expect(sorted(lists.view(list))).toEqual(sorted(entries));
    }
  });

  it('grow to the largest size and shrink again', () => {
    const lists = new Lists();
    for (let i = 0; i < Lists.MAX_SIZE; i++) lists.push(7, i);
    expect(lists.view(7)).toEqual(Uint32Array.from({ length: Lists.MAX_SIZE }, (_, i) => i));
    const full = lists.bytes;
    while (lists.sizeOf(7) > 0) lists.removeAt(7, 0);
    expect(lists.view(7)).toHaveLength(0);
    // What was given back is used again.
    for (let list = 0; list < 1000; list++) for (let i = 0; i < 16; i++) lists.push(list, i);
    expect(lists.bytes).toBeLessThanOrEqual(full + 32 * 1024);
  });

  it('replace all entries of a list', () => {
    const lists = new Lists();
    for (let i = 0; i < 100; i++) lists.push(1, i);
    lists.assign(1, Uint32Array.of(4, 5, 6), 2);
    expect([...lists.view(1)]).toEqual([4, 5]);
    lists.clear(1);
    lists.clear(1);
    lists.clear(5000);
    expect([lists.sizeOf(1), lists.sizeOf(5000)]).toEqual([0, 0]);
  });

  it('cost at most 6 bytes an entry, from 16 entries a list on', () => {
    const lists = new Lists();
    for (let list = 0; list < 20_000; list++) for (let i = 0; i < 16; i++) lists.push(list, i);
    expect(lists.bytes / (20_000 * 16)).toBeLessThanOrEqual(6);
  });
});
