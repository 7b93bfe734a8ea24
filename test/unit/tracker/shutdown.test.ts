import { expect, it } from 'vitest';
import { Shutdown } from '../../../tracker-service/server/shutdown.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

/** Visitors of whom those who are `polite` go when they are told to. */
function house(visitors: number, { drainMs = 0, shutdownMs = 10_000, polite = true } = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const told: number[] = [];
  let left = visitors;
  let gone: () => void = () => undefined;
  const shutdown = new Shutdown({
    clock,
    config: { drainMs, shutdownMs },
    stoppable: {
      closed() {
        events.push(`closing at ${clock.ticks()}`);
        return new Promise((resolve) => (gone = resolve));
      },
      farewell(count) {
        if (count === 0) return left;
        told.push(Math.min(left, count));
        left -= Math.min(left, count);
        if (left === 0 && polite) gone();
        return left;
      },
      cut() {
        events.push(`cut at ${clock.ticks()}`);
        gone();
      },
    },
  });
  return { clock, events, told, shutdown };
}

it('says goodbye in turns', async () => {
  const { clock, events, told, shutdown } = house(1_000);
  const done = shutdown.run();
  await settle();
  expect(told).toEqual([200]);
  await clock.advance(100);
  await done;
  expect(told).toEqual([200, 200, 200, 200, 200]);
  expect(events).toEqual(['closing at 0']);
  expect(clock.pending).toBe(0);
});

it('takes larger turns when there are many, to be through in half the time', async () => {
  const { clock, told, shutdown } = house(200_000);
  const done = shutdown.run();
  await clock.advance(5_000);
  await done;
  expect(Math.max(...told)).toBe(800);
  expect(told.reduce((sum, count) => sum + count)).toBe(200_000);
});

it('goes on for a while before that', async () => {
  const { clock, events, told, shutdown } = house(10, { drainMs: 3_000 });
  expect(shutdown.stage).toBe('open');
  const done = shutdown.run();
  await clock.advance(2_999);
  expect([shutdown.stage, events, told]).toEqual(['draining', [], []]);
  await clock.advance(1);
  await done;
  expect([shutdown.stage, events, told]).toEqual(['closing', ['closing at 3000'], [10]]);
});

it.each([
  [10_000, 1_000],
  [300, 300],
  [0, 0],
])('with %d ms to do it cuts who does not go after %d', async (shutdownMs, at) => {
  const { clock, events, shutdown } = house(50, { shutdownMs, polite: false });
  const done = shutdown.run();
  await clock.advance(at);
  await done;
  expect(events).toEqual(['closing at 0', `cut at ${at}`]);
  expect(clock.pending).toBe(0);
});

it('happens once', async () => {
  const { clock, told, shutdown } = house(10);
  await Promise.all([shutdown.run(), shutdown.run(), clock.advance(10)]);
  await shutdown.run();
  expect(told).toEqual([10]);
});
