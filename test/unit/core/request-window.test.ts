import { describe, expect, it } from 'vitest';
import { MAX_WINDOW, MIN_WINDOW, RequestWindow } from '../../../src/core/request-window.js';

const KIB = 1024;

/** An ideal path: what is in flight beyond bandwidth × delay waits in a queue. */
function run(
  window: RequestWindow,
  seconds: number,
  path: { rate: number; base: number },
  share = 1,
): number {
  const end = started + 1000 * seconds;
  let outstanding = window.block;
  while (started < end) {
    const bytes = Math.min(window.block, outstanding);
    const queued = Math.max(0, outstanding - bytes - (path.rate * path.base) / 1000);
    const latency = path.base + (1000 * queued) / path.rate;
    const delay = latency + (1000 * bytes) / path.rate;
    started += Math.max((1000 * bytes) / path.rate, (bytes / outstanding) * delay);
    window.delivered({ bytes, latency, delay, outstanding }, started);
    // What is under way comes in before less is under way.
    outstanding = Math.max(share * window.bytes, outstanding - bytes);
  }
  return window.bytes;
}

let started = 0;

describe('the request window', () => {
  it('starts near 256 KiB, in blocks that overlap', () => {
    const window = new RequestWindow();
    expect(window).toMatchObject({ bytes: 256 * KIB, base: 0, block: 64 * KIB });
  });

  it.each([
    ['40 ms, 50 Mbit/s', 40, 6_250_000, 350 * KIB, 500 * KIB],
    ['200 ms, 20 Mbit/s', 200, 2_500_000, 500 * KIB, 756 * KIB],
    ['20 ms, 2 Mbit/s', 20, 250_000, MIN_WINDOW, 100 * KIB],
    ['100 ms, 1 Gbit/s', 100, 125_000_000, MAX_WINDOW, MAX_WINDOW],
  ])('comes to fit a path of %s', (_name, base, rate, least, most) => {
    const bytes = run(new RequestWindow(), 8, { base, rate });
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  it('shrinks when the path becomes slower, and grows when it is fast again', () => {
    const window = new RequestWindow();
    const fast = run(window, 5, { base: 40, rate: 6_250_000 });
    const slow = run(window, 5, { base: 40, rate: 1_000_000 });
    expect(slow).toBeLessThan(fast / 2);
    expect(run(window, 5, { base: 40, rate: 6_250_000 })).toBeGreaterThan(0.9 * fast);
  });

  it('follows a route that became longer, within two renewals of its base', () => {
    const window = new RequestWindow();
    run(window, 5, { base: 30, rate: 2_000_000 });
    run(window, 30, { base: 150, rate: 2_000_000 });
    expect(window.base).toBeGreaterThan(120);
    expect(window.bytes).toBeGreaterThan(300 * KIB);
  });

  it('does not grow while little of it is used', () => {
    const window = new RequestWindow();
    expect(run(window, 5, { base: 100, rate: 10_000_000 }, 0.3)).toBe(256 * KIB);
  });

  it('stays within its bounds whatever it is told', () => {
    const window = new RequestWindow();
    for (let i = 0; i < 2000; i++) {
      const delay = [0, 0.001, 1, 50, 5000, 60_000][i % 6] ?? 0;
      window.delivered({ bytes: 64 * KIB, latency: delay, delay, outstanding: (i % 7) * 300 * KIB }, 37 * i);
      expect(window.bytes).toBeLessThanOrEqual(MAX_WINDOW);
      expect(window.block).toBeLessThanOrEqual(window.bytes);
    }
  });
});
