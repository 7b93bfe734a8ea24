import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT_SLABS, MediaEnds, isKept } from '../../../hasher-service/hashing/media-ends.js';
import { SLAB_LENGTH } from '../../../hasher-service/hashing/slab-jobs.js';
import { isDuration, isTimedMedia } from '../../../hasher-service/hashing/timed-media.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { holds } from '../../support/property.js';

const END = (KEPT_SLABS / 2) * SLAB_LENGTH;
const LONG = 2 * END + 5 * SLAB_LENGTH + 1000;

/** Says everywhere where it is. */
const CONTENT = new Uint8Array(Uint32Array.from({ length: Math.ceil(LONG / 4) }, (_, i) => i).buffer);

/** Keeps a file of `length` bytes; slabs come in the order that `order` gives their indexes. */
function kept(length: number, order = (indexes: number[]) => indexes): MediaEnds {
  const ends = new MediaEnds();
  const count = Math.ceil(length / SLAB_LENGTH);
  for (const index of order(Array.from({ length: count }, (_, i) => i))) {
    const start = index * SLAB_LENGTH;
    ends.keep(CONTENT.subarray(start, Math.min(start + SLAB_LENGTH, length)), index);
  }
  return ends;
}

/** Whether these are the bytes of the content there. `toEqual` takes seconds for a megabyte. */
function isPart(bytes: Bytes | undefined, start: number, end: number): boolean {
  return bytes !== undefined && Buffer.compare(bytes, CONTENT.subarray(start, end)) === 0;
}

describe('MediaEnds', () => {
  it('keeps both ends of a long file, and gives back what lies between', () => {
    const ends = new MediaEnds();
    const back: Bytes[] = [];
    for (let index = 0; index < 100; index++) back.push(...ends.keep(new Uint8Array(1), index));
    expect(back).toHaveLength(100 - KEPT_SLABS);
    expect(ends.release()).toHaveLength(KEPT_SLABS);
    expect(ends.release()).toHaveLength(0);
  });

  it.each([
    [0, 8],
    [SLAB_LENGTH - 3, 2 * SLAB_LENGTH + 5],
    [END - 1, END],
    [LONG - 1000, LONG],
    [LONG - 3 * SLAB_LENGTH, LONG - 1],
  ])('reads what it keeps, across slabs: from %i to %i', async (start, end) => {
    expect(isPart(await kept(LONG).bytes(LONG).read({ start, end }), start, end)).toBe(true);
  });

  it.each([
    ['between the ends', END, END + 1],
    ['into what lies between', END - 1, END + 1],
    ['out of what lies between', LONG - END - SLAB_LENGTH, LONG],
    ['all', 0, LONG],
    ['past the end', LONG - 1, LONG + 1],
    ['before the start', -1, 5],
    ['nothing', 5, 5],
    ['backwards', 8, 5],
    ['no number', Number.NaN, 5],
    ['no whole number', 0.5, 5],
  ])('does not know %s', async (_name, start, end) => {
    expect(await kept(LONG).bytes(LONG).read({ start, end })).toBeUndefined();
  });

  it('knows all of a file that is no longer than both ends', async () => {
    for (const length of [1000, END + 1, 2 * END]) {
      expect(isPart(await kept(length).bytes(length).read({ start: 0, end: length }), 0, length)).toBe(true);
    }
  });

  it('keeps the same in whatever order slabs come', () =>
    holds(
      fc.asyncProperty(
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 0, max: LONG }),
        async (keys, start) => {
          const shuffled = (indexes: number[]) =>
            indexes
              .map((index) => ({ index, key: keys.next().value ?? 0 }))
              .toSorted((a, b) => a.key - b.key)
              .map(({ index }) => index);
          const end = Math.min(LONG, start + 100);
          const read = await kept(LONG, shuffled).bytes(LONG).read({ start, end });
          expect(read !== undefined).toBe(isKept(LONG, { start, end }));
          if (read) expect(isPart(read, start, end)).toBe(true);
        },
      ),
      30,
    ));
});

describe('isTimedMedia', () => {
  const MP4 = new TextEncoder().encode('\0\0\0\u0018ftypisom');
  const WEBM = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0);

  it.each<[string, Bytes, boolean]>([
    ['video/mp4', MP4, true],
    ['audio/mp4', MP4, true],
    ['application/mp4', MP4, true],
    ['video/webm', WEBM, true],
    ['video/webm', MP4, true],
    ['image/jpeg', MP4, false],
    ['application/mp4-not', MP4, false],
    ['text/video/', MP4, false],
    ['application/octet-stream', WEBM, false],
    ['video/mp4', MP4.subarray(0, 7), false],
    ['video/mp4', new Uint8Array(0), false],
    ['video/mp4', new TextEncoder().encode('\0\0\0\u0018styp'), false],
    ['video/mp2t', Uint8Array.of(0x47, 0x40, 0, 0x10, 0, 0, 0, 0), false],
  ])('%s, %o: %s', (mediaType, start, expected) => {
    expect(isTimedMedia(mediaType, start)).toBe(expected);
  });
});

describe('isDuration', () => {
  it.each([0.001, 1, 2 ** 40 - 1])('takes %d', (seconds) => {
    expect(isDuration(seconds)).toBe(true);
  });

  it.each([0, -1, 2 ** 40, Infinity, Number.NaN, '5', null, undefined])('does not take %s', (seconds) => {
    expect(isDuration(seconds)).toBe(false);
  });
});
