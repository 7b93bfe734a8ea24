import { expect, it } from 'vitest';
import { Flow } from '../../../src/core/flow.js';
import { FakeClock } from '../../support/fake-clock.js';

it('measures a steady flow, and counts all of it', async () => {
  const clock = new FakeClock();
  const flow = new Flow(clock);
  expect(flow.rate).toBe(0);
  for (let i = 0; i < 200; i++) {
    await clock.advance(100);
    flow.add(10_000);
  }
  expect(flow.total).toBe(2_000_000);
  expect(flow.rate).toBeGreaterThan(95_000);
  expect(flow.rate).toBeLessThan(106_000);
});

it('comes to nothing in a pause, whether somebody looks or not', async () => {
  const clock = new FakeClock();
  const [watched, unwatched] = [new Flow(clock), new Flow(clock)];
  watched.add(1_000_000);
  unwatched.add(1_000_000);
  const seen: number[] = [];
  for (let i = 0; i < 40; i++) {
    await clock.advance(1000);
    seen.push(watched.rate);
  }
  expect(seen.toSorted((a, b) => b - a)).toEqual(seen);
  expect(seen.at(-1)).toBe(0);
  expect(unwatched.rate).toBe(0);
  expect(watched.total).toBe(1_000_000);
});
