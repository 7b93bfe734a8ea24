import { expect, it } from 'vitest';
import { Pace } from '../../../demo-site/pace.js';
import { FakeClock } from '../../support/fake-clock.js';

it('a short file on a line with 60 long ones waits a second for its turn, not three', () => {
  const line = new Pace(new FakeClock(), 1_000_000);
  for (let response = 0; response < 60; response++) line.reserve(line.part);
  expect(line.reserve(5000)).toBeLessThan(1000);
});

it('a part is at least a byte and at most what is read at once', () => {
  expect(new Pace(new FakeClock(), 0.5).part).toBe(1);
  expect(new Pace(new FakeClock(), 1e12).part).toBe(64 * 1024);
});
