import { beforeEach, describe, expect, it } from 'vitest';
import { SEEK_AFTER, Seeker } from '../../../src/page/seeker.js';
import { FakeClock } from '../../support/fake-clock.js';

/** Half of the back-off's ceiling each time: 0.5 s, 1 s, 2 s and so on. */
const HALF = 0.5;

let clock: FakeClock;
let links: number;
/** When it was asked again (the clock's ticks). */
let asked: number[];
let seeker: Seeker;

beforeEach(() => {
  clock = new FakeClock();
  links = 0;
  asked = [];
  seeker = new Seeker({
    clock,
    random: () => HALF,
    isSettled: () => links > 0,
    seek: () => asked.push(clock.ticks()),
  });
});

describe('a page that wants something and has no link', () => {
  it('asks again, less and less often', async () => {
    seeker.start();
    await clock.advance(3 * SEEK_AFTER + 500 + 1000 + 2000);
    expect(asked).toEqual([SEEK_AFTER + 500, 2 * SEEK_AFTER + 1500, 3 * SEEK_AFTER + 3500]);
  });

  it('has one timer, however often something is wanted', async () => {
    seeker.start();
    await clock.advance(SEEK_AFTER);
    seeker.start();
    seeker.start();
    expect(clock.pending).toBe(1);
    await clock.advance(500);
    expect(asked).toEqual([SEEK_AFTER + 500]);
    expect(clock.pending).toBe(1);
  });

  it('ends with its first link, and begins anew when that is gone', async () => {
    seeker.start();
    await clock.advance(2 * SEEK_AFTER + 1500);
    links = 1;
    await clock.advance(20 * SEEK_AFTER);
    expect(asked).toHaveLength(2);
    expect(clock.pending).toBe(0);
    links = 0;
    seeker.start();
    await clock.advance(SEEK_AFTER + 499);
    expect(asked).toHaveLength(2);
    await clock.advance(1);
    expect(asked).toHaveLength(3);
  });

  it('does not ask when a lost link was not the last', async () => {
    links = 1;
    seeker.start();
    await clock.advance(20 * SEEK_AFTER);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('that is closed asks no more and leaves no timer', async () => {
    seeker.start();
    await clock.advance(SEEK_AFTER + 500);
    seeker.stop();
    seeker.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(20 * SEEK_AFTER);
    expect(asked).toHaveLength(1);
  });
});
