import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../../src/core/rate.js';

function metered(...rates: [rate: number, seconds: number][]): RateMeter {
  const meter = new RateMeter();
  for (const [rate, seconds] of rates) {
    for (let i = 0; i < 10 * seconds; i++) meter.add(rate / 10, 100);
  }
  return meter;
}

describe('the pace of a source', () => {
  it('is 0 until something was measured', () => {
    expect(new RateMeter()).toMatchObject({ rate: 0, settled: false });
  });

  it('is right from the first sample on', () => {
    const meter = new RateMeter();
    meter.add(500, 5);
    expect(meter.rate).toBeCloseTo(100_000);
    expect(meter.settled).toBe(false);
  });

  it('settles after 400 ms of measured time', () => {
    expect(metered([1000, 0.3]).settled).toBe(false);
    expect(metered([1000, 0.4]).settled).toBe(true);
  });

  it('drops fast and rises slowly', () => {
    const dropped = metered([1_000_000, 10], [100_000, 2]);
    const risen = metered([100_000, 10], [1_000_000, 2]);
    expect(dropped.rate).toBeLessThan(400_000);
    expect(risen.rate).toBeLessThan(450_000);
    expect(metered([100_000, 10], [1_000_000, 20]).rate).toBeGreaterThan(900_000);
  });

  it.each([
    [1, 0],
    [1, -1],
    [-1, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
  ])('refuses %d bytes in %d ms', (bytes, ms) => {
    expect(() => {
      new RateMeter().add(bytes, ms);
    }).toThrow(RangeError);
  });
});
