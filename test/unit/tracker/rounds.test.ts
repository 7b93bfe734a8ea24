import { expect, it } from 'vitest';
import { Rounds } from '../../../tracker-service/server/rounds.js';
import { FakeClock } from '../../support/fake-clock.js';

const PERIOD = 32_000;

function rounds() {
  const clock = new FakeClock();
  const visits: [member: string, at: number][] = [];
  const made = new Rounds<string>({
    clock,
    period: PERIOD,
    visit: (member) => visits.push([member, clock.ticks()]),
  });
  return { clock, visits, rounds: made };
}

it('visits each member once in a period, with one timer for all', async () => {
  const { clock, visits, rounds: all } = rounds();
  for (let i = 0; i < 64; i++) {
    all.stop.add(`m${i}`);
    await clock.advance(500);
    expect(clock.pending).toBe(1);
  }
  expect(all.size).toBe(64);
  visits.length = 0;
  await clock.advance(PERIOD);
  expect(new Set(visits.map(([member]) => member)).size).toBe(64);
  expect(visits).toHaveLength(64);
  const busiest = Math.max(...visits.map(([, at]) => visits.filter(([, other]) => other === at).length));
  expect(busiest).toBeLessThanOrEqual(3);
});

it('first visits a member when nearly a period has passed', async () => {
  const { clock, visits, rounds: all } = rounds();
  await clock.advance(5_500);
  all.stop.add('late');
  await clock.advance(PERIOD * 0.95);
  expect(visits).toEqual([]);
  await clock.advance(PERIOD * 0.05);
  expect(visits).toHaveLength(1);
});

it('visits nobody who left, and nobody after closing', async () => {
  const { clock, visits, rounds: all } = rounds();
  const { stop } = all;
  stop.add('gone').add('here');
  stop.delete('gone');
  expect([...all.members()]).toEqual(['here']);
  await clock.advance(PERIOD);
  expect(visits.map(([member]) => member)).toEqual(['here']);
  all.close();
  expect(clock.pending).toBe(0);
});
