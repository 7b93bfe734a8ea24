import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alternating,
  median,
  middleHalf,
  pairedRatios,
  quantile,
  ratioSpread,
} from '../../../bench/support/statistics.js';

describe('quantile', () => {
  it('is the value in the middle, or between the two in the middle', () => {
    expect(median([5, 1, 9])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(median([7])).toBe(7);
  });

  it('goes between neighbours by their distance', () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(middleHalf([0, 1, 2, 3, 4])).toEqual([1, 3]);
  });

  it('compares as numbers, not as text', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('leaves its input as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses to speak of nothing', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('lies within the values, and rises with the share', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const value = quantile(list, share);
        expect(value).toBeGreaterThanOrEqual(Math.min(...list) - 1e-6);
        expect(value).toBeLessThanOrEqual(Math.max(...list) + 1e-6);
        expect(quantile(list, 1)).toBeGreaterThanOrEqual(value - 1e-6);
      }),
    );
  });
});

describe('pairs', () => {
  it('are divided one by one', () => {
    expect(pairedRatios([2, 9], [1, 3])).toEqual([2, 3]);
  });

  it('must be pairs', () => {
    expect(() => pairedRatios([1], [1, 2])).toThrow(/1 values cannot pair with 2/);
  });

  it('are summed up by their middle half', () => {
    expect(ratioSpread([1, 1.1, 1.2, 1.3, 9])).toBe('1.10–1.30');
  });
});

describe('alternating', () => {
  it('puts each kind first in turn and leaves none out', () => {
    const rounds = [0, 1, 2, 3].map((round) => alternating(round, ['a', 'b', 'c']).join(''));
    expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
