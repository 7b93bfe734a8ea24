import { describe, expect, it } from 'vitest';
import { assign, byUrgency, finishTime, type Supplier, type Wish } from '../../../src/core/picker.js';

const KIB = 1024;

interface Named extends Supplier {
  readonly name: string;
}

function supplier(name: string, traits: Partial<Supplier> = {}): Named {
  return { name, queued: 0, rate: 1000 * KIB, latency: 50, room: 256 * KIB, ...traits };
}

function wish(position: number, holders: Named[], deadline = 1000): Wish<Named> {
  return { size: 64 * KIB, deadline, position, holders };
}

function chosen(wishes: Wish<Named>[]): [position: number, name: string][] {
  return assign<Named, Wish<Named>>(wishes).map(({ wish: { position }, supplier: { name } }) => [
    position,
    name,
  ]);
}

describe('urgency', () => {
  it('is the deadline first, then the place, then rarity among neighbours', () => {
    const [a, b] = [supplier('a'), supplier('b')];
    const wishes = [wish(5, [a]), wish(2, [a, b]), wish(3, [a]), wish(9, [a, b], 500), wish(0, [a, b])];
    expect(wishes.sort(byUrgency).map(({ position }) => position)).toEqual([9, 3, 0, 2, 5]);
  });
});

describe('assignment', () => {
  it('gives a piece to whoever finishes first: rate, queue and latency together', () => {
    const slow = supplier('slow', { rate: 100 * KIB });
    const busy = supplier('busy', { queued: 200 * KIB });
    const far = supplier('far', { latency: 300 });
    const near = supplier('near');
    expect(finishTime(near, 64 * KIB)).toBeLessThan(finishTime(far, 64 * KIB));
    expect(chosen([wish(0, [slow, busy, far, near])])).toEqual([[0, 'near']]);
    expect(chosen([wish(0, [slow, busy])])).toEqual([[0, 'busy']]);
  });

  it('spreads pieces over equal links', () => {
    const links = [supplier('a'), supplier('b')];
    const names = chosen([0, 1, 2, 3].map((i) => wish(i, links))).map(([, name]) => name);
    expect(names.filter((name) => name === 'a')).toHaveLength(2);
  });

  it('waits for a fast link without room rather than asking one that would finish later', () => {
    const fast = supplier('fast', { rate: 5000 * KIB, queued: 300 * KIB, room: 0 });
    const slow = supplier('slow', { rate: 20 * KIB });
    expect(chosen([wish(0, [fast, slow])])).toEqual([]);
  });

  it('asks the slow link once the queue for the fast one is longer than that', () => {
    const fast = supplier('fast', { room: 0 });
    const slow = supplier('slow', { rate: 300 * KIB });
    const picks = chosen(Array.from({ length: 10 }, (_, i) => wish(i, [fast, slow])));
    expect(picks[0]?.[1]).toBe('slow');
    expect(picks.length).toBeGreaterThan(0);
  });

  it('gives a link no more than one piece beyond its room', () => {
    const link = supplier('only', { room: 100 * KIB });
    expect(chosen([0, 1, 2, 3].map((i) => wish(i, [link])))).toHaveLength(2);
    expect(chosen([wish(0, [supplier('full', { room: 0 })])])).toEqual([]);
  });

  it('leaves alone what nobody holds', () => {
    expect(chosen([wish(0, [])])).toEqual([]);
  });
});
