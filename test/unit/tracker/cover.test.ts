import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { cover, type Candidate } from '../../../tracker-service/choosing/cover.js';
import { createDice } from '../../../tracker-service/core/dice.js';
import { seededBytes, seededRandom } from '../../support/random.js';

const candidate = (name: string, has: number[], score = 1): Candidate => ({
  pid: name as PeerId,
  has,
  score,
});
const names = (chosen: readonly Candidate[]) => chosen.map(({ pid }) => pid as string);

describe('cover', () => {
  it('takes the widest first, then what is still missing', () => {
    const candidates = [
      candidate('half', [0, 1]),
      candidate('wide', [0, 1, 2, 3]),
      candidate('rest', [4, 5]),
      candidate('none', []),
    ];
    expect(names(cover(candidates, { roots: 6, k: 3, dice: seededRandom(1) }))).toEqual([
      'wide',
      'rest',
      'half',
    ]);
  });

  it('prefers the better of two alike', () => {
    const candidates = [candidate('poor', [0], 0.2), candidate('good', [0], 1)];
    for (let seed = 0; seed < 50; seed++) {
      expect(names(cover(candidates, { roots: 1, k: 2, dice: seededRandom(seed) }))).toEqual([
        'good',
        'poor',
      ]);
    }
  });

  it('spreads a crowd over peers that are alike', () => {
    const candidates = Array.from({ length: 10 }, (_, i) => candidate(`p${i}`, [0]));
    const first = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      first.add(names(cover(candidates, { roots: 1, k: 2, dice: seededRandom(seed) }))[0] ?? '');
    }
    expect(first.size).toBe(10);
  });

  it('gives the last place to anybody', () => {
    const candidates = [
      ...Array.from({ length: 8 }, (_, i) => candidate(`good${i}`, [0, 1, 2])),
      candidate('bad', [0], 0.01),
    ];
    let drawn = 0;
    for (let seed = 0; seed < 300; seed++) {
      if (names(cover(candidates, { roots: 3, k: 3, dice: seededRandom(seed) })).includes('bad')) drawn++;
    }
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
      const chosen = names(cover(candidates, { roots: 30, k, dice }));
      expect(chosen).toHaveLength(Math.min(k, useful));
      expect(new Set(chosen).size).toBe(chosen.length);
    }
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
