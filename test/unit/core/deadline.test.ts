import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deadlineFor,
  DOWNLOAD_WAIT,
  FIRST_MEDIA_WAIT,
  LOAD_DELAY,
  MAX_IMAGE_WAIT,
  MAX_MEDIA_WAIT,
  MEDIA_SAFETY,
  MIN_IMAGE_WAIT,
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
    expect(deadlineFor(image(1, 10), context).wait).toBe(MIN_IMAGE_WAIT);
    expect(deadlineFor(image(1e6, 0), context).wait).toBe(MAX_IMAGE_WAIT);
    expect(deadlineFor(image(Infinity, 0), context).wait).toBe(MAX_IMAGE_WAIT);
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

  it('gives peers a moment when the site wants no head start', () => {
    expect(deadlineFor(media(0, 'unused'), context)).toEqual({ wait: FIRST_MEDIA_WAIT });
  });
});

describe('other deadlines', () => {
  it('give a download its fixed time and the unplaceable none', () => {
    expect(deadlineFor({ kind: 'download' }, context)).toEqual({ wait: DOWNLOAD_WAIT });
    expect(deadlineFor({ kind: 'unknown' }, context)).toEqual({ wait: 0, reason: 'no-answer' });
  });

  it('are replaced by the fixed one of the site, unless they are zero', () => {
    const fixed = { ...context, fallbackMs: 1234 };
    expect(deadlineFor({ kind: 'download' }, fixed)).toEqual({ wait: 1234 });
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
      fc.property(placement, anyNumber, (where, httpMs) => {
        const { wait, reason } = deadlineFor(where, { httpMs });
        expect(Number.isInteger(wait) && wait >= 0 && wait <= MAX_MEDIA_WAIT).toBe(true);
        expect(reason === undefined).toBe(wait > 0);
      }),
      { seed: 20260101, numRuns: 2000 },
    );
  });

  it('never grow while an image comes nearer', () => {
    const px = fc.double({ min: 1, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(px, px, (a, b) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        expect(deadlineFor(image(near), context).wait).toBeLessThanOrEqual(
          deadlineFor(image(far), context).wait,
        );
      }),
      { seed: 20260102, numRuns: 1000 },
    );
  });
});
