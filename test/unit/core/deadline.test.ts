import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deadlineFor,
  DOWNLOAD_WAIT,
  EDGE_STEP,
  EDGE_WAIT,
  FIRST_MEDIA_WAIT,
  LOAD_DELAY,
  MAX_IMAGE_WAIT,
  MAX_MEDIA_WAIT,
  MEDIA_SAFETY,
  MIN_IMAGE_WAIT,
  isOverrun,
  OVERRUN,
  PATIENCE,
  REST_SPEED,
  type Placement,
} from '../../../src/core/deadline.js';

const context = { httpMs: 300 };
const image = (distance: number, speed = 0, loadBudget?: number): Placement => ({
  kind: 'image',
  distance,
  speed,
  ...(loadBudget === undefined ? {} : { loadBudget }),
});

describe('deadline of an image', () => {
  it.each([0, -1, -5000, NaN])('is zero when it is visible (distance %s)', (distance) => {
    expect(deadlineFor(image(distance), context)).toEqual({ wait: 0, reason: 'above-fold' });
  });

  it('is the time until it is visible, less what HTTP takes', () => {
    expect(deadlineFor(image(2000, 1), context)).toEqual({ wait: 1700 });
    expect(deadlineFor(image(2000, 2), context)).toEqual({ wait: 700 });
  });

  it('takes a resting page, or one scrolling away, to start scrolling now', () => {
    const resting = deadlineFor(image(1000, 0), context);
    expect(resting).toEqual({ wait: 1000 / REST_SPEED - 300 });
    expect(deadlineFor(image(1000, -3), context)).toEqual(resting);
  });

  it('stays within its bounds', () => {
    expect(deadlineFor(image(1, 10), { httpMs: 20 }).wait).toBe(MIN_IMAGE_WAIT);
    expect(deadlineFor(image(1e6, 0), context).wait).toBe(MAX_IMAGE_WAIT);
    expect(deadlineFor(image(Infinity, 0), context).wait).toBe(MAX_IMAGE_WAIT);
  });

  it('leaves peers their share of what a slow origin takes, however soon it is visible', () => {
    for (const httpMs of [1000, 3000, 5000]) {
      expect(deadlineFor(image(1, 10), { httpMs })).toEqual({ wait: PATIENCE * httpMs });
    }
    expect(deadlineFor(image(2000, 1), { httpMs: 1900 }).wait).toBe(PATIENCE * 1900);
    expect(deadlineFor(image(1, 10), { httpMs: 1e6 }).wait).toBe(MAX_IMAGE_WAIT);
  });

  it('is the longest when the origin fails, and still zero when it is visible', () => {
    const failing = { httpMs: 50, failing: true };
    expect(deadlineFor(image(1, 10), failing)).toEqual({ wait: MAX_IMAGE_WAIT });
    expect(deadlineFor(image(0), failing)).toEqual({ wait: 0, reason: 'above-fold' });
    expect(deadlineFor(image(5000, 0, 40), failing)).toEqual({ wait: 40 });
  });

  it('never delays the load event by more than is left to give away', () => {
    expect(deadlineFor(image(5000, 0, LOAD_DELAY), context)).toEqual({ wait: LOAD_DELAY });
    expect(deadlineFor(image(5000, 0, 40), context)).toEqual({ wait: 40 });
    expect(deadlineFor(image(5000, 0, 0), context)).toEqual({ wait: 0, reason: 'deadline' });
  });
});

describe('deadline of media', () => {
  const media = (buffered: number, headStart: 'filling' | 'filled' | 'unused'): Placement => ({
    kind: 'media',
    buffered,
    headStart,
  });

  it('is zero until the head start is buffered, however much is', () => {
    expect(deadlineFor(media(30, 'filling'), context)).toEqual({ wait: 0, reason: 'head-start' });
  });

  it('is what the buffer can spare', () => {
    expect(deadlineFor(media(6, 'filled'), context)).toEqual({ wait: 6000 - MEDIA_SAFETY - 300 });
    expect(deadlineFor(media(60, 'filled'), context)).toEqual({ wait: MAX_MEDIA_WAIT });
  });

  it.each([0, 1, 2.3, NaN])('is zero with %s seconds buffered, as after a seek', (buffered) => {
    expect(deadlineFor(media(buffered, 'filled'), context)).toEqual({ wait: 0, reason: 'deadline' });
  });

  it('keeps a larger reserve for a slow origin, and none for one that fails', () => {
    expect(deadlineFor(media(6, 'filled'), { httpMs: 3000 })).toEqual({ wait: 6000 - MEDIA_SAFETY - 3000 });
    const failing = { httpMs: 3000, failing: true };
    expect(deadlineFor(media(6, 'filled'), failing)).toEqual({ wait: 6000 });
    expect(deadlineFor(media(0, 'filled'), failing)).toEqual({ wait: 0, reason: 'deadline' });
    expect(deadlineFor(media(30, 'filling'), failing)).toEqual({ wait: 0, reason: 'head-start' });
  });

  it('need not have all of the head start where peers are quick, but always what HTTP takes', () => {
    const warm = (buffered: number): Placement => ({
      kind: 'media',
      buffered,
      headStart: 'filling',
      warm: true,
    });
    expect(deadlineFor(warm(4), context)).toEqual({ wait: 4000 - MEDIA_SAFETY - 300 });
    expect(deadlineFor(warm(2), context)).toEqual({ wait: 0, reason: 'head-start' });
    expect(deadlineFor(warm(NaN), context)).toEqual({ wait: 0, reason: 'head-start' });
  });

  it('leaves peers a share of what HTTP takes where that is too slow to play from', () => {
    const segment = (buffered: number, more: object = {}): Placement => ({
      ...{ kind: 'media', buffered, headStart: 'filled', overrun: true, ...more },
    });
    const slow = { httpMs: 4000 };
    expect(deadlineFor(segment(0), slow)).toEqual({ wait: 4000 * PATIENCE });
    expect(deadlineFor(segment(20), slow)).toEqual({ wait: MAX_MEDIA_WAIT });
    expect(isOverrun(4000, 4)).toBe(true);
    expect(isOverrun(4000 * OVERRUN, 4)).toBe(false);
    expect(deadlineFor(segment(0, { overrun: false }), slow)).toEqual({ wait: 0, reason: 'deadline' });
    expect(deadlineFor(media(0, 'filled'), slow)).toEqual({ wait: 0, reason: 'deadline' });
    const warm = { headStart: 'filling', warm: true };
    expect(deadlineFor(segment(0, warm), slow)).toEqual({ wait: 4000 * PATIENCE });
    const filling = { headStart: 'filling' };
    expect(deadlineFor(segment(0, filling), slow)).toEqual({ wait: 4000 * PATIENCE });
  });

  it('has one fetch for all what nobody has where the origin cannot give it to everybody', () => {
    const missing = (rank: number): Placement => ({
      ...{ kind: 'media', buffered: 0, headStart: 'filled', overrun: true, rank },
    });
    const slow = { httpMs: 4000 };
    expect(deadlineFor(missing(0), slow)).toEqual({ wait: 0, reason: 'deadline' });
    expect(deadlineFor(missing(1), slow)).toEqual({ wait: 4000 + EDGE_WAIT, lasting: 4000 + EDGE_WAIT });
    expect(deadlineFor(missing(50), slow)).toEqual({ wait: MAX_MEDIA_WAIT, lasting: MAX_MEDIA_WAIT });
  });

  it('gives peers a moment when the site wants no head start', () => {
    expect(deadlineFor(media(0, 'unused'), context)).toEqual({ wait: FIRST_MEDIA_WAIT });
  });
});

describe('deadline of a live segment that has just appeared', () => {
  const live = (buffered: number, rank: number): Placement => ({
    ...{ kind: 'media', buffered, headStart: 'filled', rank },
  });

  it('is zero for the one that fetches it for others', () => {
    expect(deadlineFor(live(6, 0), context)).toEqual({ wait: 0, reason: 'live-edge' });
  });

  it('is what the buffer can spare for all others, who hope for less and less of that', () => {
    expect(deadlineFor(live(6, 1), context)).toEqual({ wait: 3700, lasting: 300 + EDGE_WAIT });
    expect(deadlineFor(live(6, 3), context)).toEqual({
      wait: 3700,
      lasting: 300 + EDGE_WAIT + 2 * EDGE_STEP,
    });
    expect(deadlineFor(live(6, 100), context)).toEqual({ wait: 3700, lasting: 3700 });
  });

  it('is zero for whoever has nothing to spare, and while the head start comes', () => {
    expect(deadlineFor(live(2, 5), context)).toEqual({ wait: 0, reason: 'deadline' });
    const filling: Placement = { kind: 'media', buffered: 6, headStart: 'filling', rank: 3 };
    expect(deadlineFor(filling, context)).toEqual({ wait: 0, reason: 'head-start' });
  });
});

describe('other deadlines', () => {
  it('give a download its fixed time and the unplaceable none', () => {
    expect(deadlineFor({ kind: 'download' }, context)).toMatchObject({ wait: DOWNLOAD_WAIT });
    expect(deadlineFor({ kind: 'unknown' }, context)).toEqual({ wait: 0, reason: 'no-answer' });
    expect(deadlineFor({ kind: 'download' }, { httpMs: 50, failing: true })).toMatchObject({
      wait: MAX_MEDIA_WAIT,
    });
  });

  it('are replaced by the fixed one of the site, unless they are zero', () => {
    const fixed = { ...context, fallbackMs: 1234 };
    expect(deadlineFor({ kind: 'download' }, fixed)).toMatchObject({ wait: 1234 });
    expect(deadlineFor(image(3000), fixed)).toEqual({ wait: 1234 });
    expect(deadlineFor(image(0), fixed)).toEqual({ wait: 0, reason: 'above-fold' });
    expect(deadlineFor({ kind: 'unknown' }, fixed)).toEqual({ wait: 0, reason: 'no-answer' });
  });

  it('are finite, whole, bounded, and have a reason exactly when they are zero', () => {
    const anyNumber = fc.double();
    const placement: fc.Arbitrary<Placement> = fc.oneof(
      fc.record(
        { kind: fc.constant('image' as const), distance: anyNumber, speed: anyNumber, loadBudget: anyNumber },
        { requiredKeys: ['kind', 'distance', 'speed'] },
      ),
      fc.record({
        kind: fc.constant('media' as const),
        buffered: anyNumber,
        headStart: fc.constantFrom('filling' as const, 'filled' as const, 'unused' as const),
      }),
    );
    fc.assert(
      fc.property(placement, anyNumber, fc.boolean(), (where, httpMs, failing) => {
        const { wait, reason } = deadlineFor(where, { httpMs, failing });
        expect(Number.isInteger(wait) && wait >= 0 && wait <= MAX_MEDIA_WAIT).toBe(true);
        expect(reason === undefined).toBe(wait > 0);
      }),
      { seed: 20260101, numRuns: 2000 },
    );
  });

  const px = fc.double({ min: 1, max: 1e5, noNaN: true });
  const http = fc.double({ min: 0, max: 20_000, noNaN: true });

  it('never grow while an image comes nearer', () => {
    fc.assert(
      fc.property(px, px, http, fc.boolean(), (a, b, httpMs, failing) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        expect(deadlineFor(image(near), { httpMs, failing }).wait).toBeLessThanOrEqual(
          deadlineFor(image(far), { httpMs, failing }).wait,
        );
      }),
      { seed: 20260102, numRuns: 1000 },
    );
  });

  it('make an image late by half an HTTP fetch at most, and by nothing when there was time for both', () => {
    const speed = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(px, speed, http, (distance, speed, httpMs) => {
        const { wait } = deadlineFor(image(distance, speed), { httpMs });
        const untilVisible = distance / Math.max(speed, REST_SPEED);
        const overHttpAlone = Math.max(untilVisible, httpMs);
        const allowed = Math.max(MIN_IMAGE_WAIT, PATIENCE * httpMs);
        // A millisecond, because waits are whole.
        expect(wait + httpMs).toBeLessThanOrEqual(overHttpAlone + allowed + 1);
        const roomForBoth = untilVisible >= httpMs + allowed;
        if (roomForBoth) expect(wait + httpMs).toBeLessThanOrEqual(untilVisible + 1);
      }),
      { seed: 20260103, numRuns: 1000 },
    );
  });

  it('are never shorter because the origin fails', () => {
    const placement: fc.Arbitrary<Placement> = fc.oneof(
      fc.record({ kind: fc.constant('image' as const), distance: px, speed: fc.constant(1) }),
      fc.record({
        kind: fc.constant('media' as const),
        buffered: fc.double({ min: 0, max: 60, noNaN: true }),
        headStart: fc.constantFrom('filling' as const, 'filled' as const, 'unused' as const),
      }),
      fc.constant({ kind: 'download' as const }),
    );
    fc.assert(
      fc.property(placement, http, (where, httpMs) => {
        const usual = deadlineFor(where, { httpMs }).wait;
        expect(deadlineFor(where, { httpMs, failing: true }).wait).toBeGreaterThanOrEqual(usual);
      }),
      { seed: 20260104, numRuns: 1000 },
    );
  });
});
