import { describe, expect, it } from 'vitest';
import { READING, SKIMMING, stepsOf, type Pace, type Step } from '../../../bench/support/reader.js';

/** Of `stepsOf`, without the time that the movements take. */
function pixelsPerSecond(steps: readonly Step[]): number {
  const sum = (of: keyof Step): number => steps.reduce((all, step) => all + step[of], 0);
  return (1000 * sum('down')) / sum('rest');
}

describe('a reader', () => {
  const paces: [string, Pace][] = [
    ['reads', READING],
    ['skims', SKIMMING],
  ];

  it.each(paces)('who %s takes steps and rests within bounds', (_, pace) => {
    for (const { down, rest } of stepsOf(pace, 3)) {
      expect(down).toBeGreaterThanOrEqual(pace.down[0]);
      expect(down).toBeLessThanOrEqual(pace.down[1]);
      expect(rest).toBeGreaterThanOrEqual(pace.rest[0]);
      expect(rest).toBeLessThanOrEqual(pace.rest[1]);
    }
  });

  it('goes the same way for the same seed, and another for another', () => {
    expect(stepsOf(READING, 1)).toEqual(stepsOf(READING, 1));
    expect(stepsOf(READING, 1)).not.toEqual(stepsOf(READING, 2));
  });

  it('keeps the mean of its bounds: no seed makes a slow or a fast one', () => {
    const mean = ([least, most]: readonly [number, number]): number => (least + most) / 2;
    const expected = (1000 * mean(READING.down)) / mean(READING.rest);
    for (let seed = 0; seed < 10; seed++) {
      const pace = pixelsPerSecond(stepsOf(READING, seed));
      expect(Math.abs(pace / expected - 1)).toBeLessThan(0.1);
    }
  });
});
