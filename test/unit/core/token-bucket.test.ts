import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/core/token-bucket.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('a token bucket', () => {
  it('gives its burst at once and then the rate', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ clock, rate: 1000, largest: 100 });
    expect(bucket.burst).toBe(250);
    expect(bucket.take(250)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    expect(bucket.waitFor(100)).toBe(100);
    await clock.advance(99);
    expect(bucket.take(100)).toBe(false);
    await clock.advance(1);
    expect(bucket.take(100)).toBe(true);
  });

  it('saves up no more than its burst', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ clock, rate: 1000, largest: 100 });
    await clock.advance(60_000);
    expect(bucket.take(251)).toBe(false);
    expect(bucket.waitFor(251)).toBe(Number.POSITIVE_INFINITY);
    expect(bucket.waitFor(250)).toBe(0);
  });

  it('can always give the largest amount, however slow it is', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ clock, rate: 10, largest: 100 });
    expect(bucket.take(100)).toBe(true);
    expect(bucket.waitFor(100)).toBe(10_000);
    await clock.advance(10_000);
    expect(bucket.take(100)).toBe(true);
  });

  it('gives nothing at rate 0, and goes on when that is raised', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ clock, rate: 0, largest: 100 });
    expect(bucket.take(1)).toBe(false);
    expect(bucket.waitFor(1)).toBe(Number.POSITIVE_INFINITY);
    bucket.rate = 1000;
    expect(bucket.waitFor(100)).toBe(100);
    await clock.advance(100);
    expect(bucket.take(100)).toBe(true);
    bucket.rate = 0;
    await clock.advance(1000);
    expect(bucket.take(1)).toBe(false);
  });

  it('may owe what was used before its cost was known, and takes back what was not used', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ clock, rate: 10, largest: 100 });
    bucket.charge(150);
    expect(bucket.waitFor(0)).toBe(5000);
    expect(bucket.take(1)).toBe(false);
    bucket.charge(-51);
    expect(bucket.take(1)).toBe(true);
    bucket.charge(-500);
    await clock.advance(0);
    expect(bucket.take(100)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  it.each([-1, Number.NaN])('refuses a rate of %d', (rate) => {
    expect(() => new TokenBucket({ clock: new FakeClock(), rate, largest: 1 })).toThrow(RangeError);
  });
});
