import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cover } from '../../../tracker-service/choosing/cover.js';
import { createDice } from '../../../tracker-service/core/dice.js';
import { Candidates } from '../../../tracker-service/holders/candidates.js';
import { holds } from '../../support/property.js';
import { seededBytes, seededRandom } from '../../support/random.js';

interface Candidate {
  readonly name: string;
  readonly has: readonly number[];
  readonly score: number;
  /** What a closer look leaves of it. */
  readonly remains: number;
}

const candidate = (name: string, has: number[], score = 1, remains = 1): Candidate => ({
  name,
  has,
  score,
  remains,
});

interface Choice {
  readonly roots: number;
  readonly k: number;
  readonly dice: () => number;
  readonly accept?: (name: string) => boolean;
}

/** The names of the chosen. */
function chosen(all: readonly Candidate[], { roots, k, dice, accept = () => true }: Choice): string[] {
  const candidates = new Candidates();
  candidates.begin(roots, 0);
  const slots = all.map(({ has }) => candidates.addOther(has));
  const of = <K extends keyof Candidate>(slot: number, key: K): Candidate[K] => {
    const found = all[slots.indexOf(slot)];
    if (!found) throw new Error(`nobody in slot ${slot}`);
    return found[key];
  };
  return cover(candidates, slots, {
    k,
    dice,
    worth: (slot) => of(slot, 'score'),
    closer: (slot) => of(slot, 'remains'),
    accept: (slot) => accept(of(slot, 'name')),
  }).map((slot) => of(slot, 'name'));
}

/** The same, found by looking at each candidate closely and adding up all of its roots each time. */
function plainly(all: readonly Candidate[], { roots, k, dice, accept = () => true }: Choice): string[] {
  const rest = all
    .filter(({ has }) => has.length > 0)
    .map((item) => ({ item, weight: item.score * item.remains * (1 + 0.25 * (2 * dice() - 1)) }));
  const worth = new Array<number>(roots).fill(1);
  const names: string[] = [];
  const gain = ({ item, weight }: (typeof rest)[number]): number =>
    weight * item.has.reduce((sum, position) => sum + (worth[position] ?? 0), 0);
  while (names.length < k && rest.length > 0) {
    const isDrawn = k > 1 && names.length === k - 1 && rest.length > 1;
    const gains = rest.map(gain);
    const at = isDrawn ? Math.floor(dice() * rest.length) : gains.indexOf(Math.max(...gains));
    const [taken] = rest.splice(at, 1, ...rest.slice(-1));
    rest.pop();
    if (!taken || !accept(taken.item.name)) continue;
    for (const position of taken.item.has) worth[position] = (worth[position] ?? 0) / 4;
    names.push(taken.item.name);
  }
  return names;
}

describe('cover', () => {
  it('takes the widest first, then what is still missing', () => {
    const candidates = [
      candidate('half', [0, 1]),
      candidate('wide', [0, 1, 2, 3]),
      candidate('rest', [4, 5]),
      candidate('none', []),
    ];
    expect(chosen(candidates, { roots: 6, k: 3, dice: seededRandom(1) })).toEqual(['wide', 'rest', 'half']);
  });

  it('prefers the better of two alike', () => {
    const candidates = [candidate('poor', [0], 0.2), candidate('good', [0], 1)];
    for (let seed = 0; seed < 50; seed++)
      expect(chosen(candidates, { roots: 1, k: 2, dice: seededRandom(seed) })).toEqual(['good', 'poor']);
  });

  it('prefers the one that remains the better after a closer look', () => {
    const candidates = [candidate('doubtful', [0], 1, 0.2), candidate('solid', [0], 0.5)];
    for (let seed = 0; seed < 50; seed++)
      expect(chosen(candidates, { roots: 1, k: 1, dice: seededRandom(seed) })).toEqual(['solid']);
  });

  it('spreads a crowd over peers that are alike', () => {
    const candidates = Array.from({ length: 10 }, (_, i) => candidate(`p${i}`, [0]));
    const first = new Set<string>();
    for (let seed = 0; seed < 200; seed++)
      first.add(chosen(candidates, { roots: 1, k: 2, dice: seededRandom(seed) })[0] ?? '');
    expect(first.size).toBe(10);
  });

  it('gives the last place to anybody', () => {
    const candidates = [
      ...Array.from({ length: 8 }, (_, i) => candidate(`good${i}`, [0, 1, 2])),
      candidate('bad', [0], 0.01),
    ];
    let drawn = 0;
    for (let seed = 0; seed < 300; seed++)
      if (chosen(candidates, { roots: 3, k: 3, dice: seededRandom(seed) }).includes('bad')) drawn++;
    expect(drawn).toBeGreaterThan(10);
  });

  it('names each at most once, at most k, and everybody when all fit', () => {
    const dice = seededRandom(5);
    for (let round = 0; round < 300; round++) {
      const count = Math.floor(dice() * 20);
      const k = 1 + Math.floor(dice() * 12);
      const candidates = Array.from({ length: count }, (_, i) =>
        candidate(
          `p${i}`,
          Array.from({ length: 30 }, (_, n) => n).filter(() => dice() < 0.2),
        ),
      );
      const useful = candidates.filter(({ has }) => has.length > 0).length;
      const names = chosen(candidates, { roots: 30, k, dice });
      expect(names).toHaveLength(Math.min(k, useful));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('chooses as if it looked at everybody closely, and added up all of their roots, each time', () => {
    const crowd = fc.record({
      seed: fc.nat(),
      roots: fc.integer({ min: 1, max: 300 }),
      k: fc.integer({ min: 1, max: 12 }),
      count: fc.integer({ min: 0, max: 60 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    return holds(
      fc.property(crowd, ({ seed, roots, k, count, share }) => {
        const random = seededRandom(seed);
        const all = Array.from({ length: count }, (_, i) =>
          candidate(
            `p${i}`,
            Array.from({ length: roots }, (_, n) => n).filter(() => random() < share),
            0.1 + random(),
            random() < 0.5 ? 0.5 : 1,
          ),
        );
        const accept = (name: string): boolean => !name.endsWith('7');
        const dice = () => seededRandom(seed + 1);
        expect(chosen(all, { roots, k, dice: dice(), accept })).toEqual(
          plainly(all, { roots, k, dice: dice(), accept }),
        );
      }),
    );
  });
});

describe('dice', () => {
  it('repeat for a seed and fall evenly', () => {
    const [one, same] = [createDice(seededBytes(1)), createDice(seededBytes(1))];
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = one();
      expect(value).toBe(same());
      const bucket = Math.floor(value * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('do not get stuck on a zero seed', () => {
    const dice = createDice((length) => new Uint8Array(length));
    expect(new Set([dice(), dice(), dice()]).size).toBe(3);
  });
});
