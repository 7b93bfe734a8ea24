import { beforeEach, describe, expect, it } from 'vitest';
import { MediaDurations } from '../../../hasher-service/hashing/media-durations.js';
import type { MediaBytes } from '../../../hasher-service/hashing/media-ends.js';
import { PARSE_LIMIT } from '../../../hasher-service/hashing/parser-process.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeParser } from '../../support/fake-parser.js';

const MEDIA: MediaBytes = {
  length: 100,
  read: ({ start, end }) => Promise.resolve(end <= 50 ? new Uint8Array(end - start).fill(7) : undefined),
};

let clock = new FakeClock();
let parsers: FakeParser[] = [];
let durations = newDurations();

beforeEach(() => {
  durations = newDurations();
});

function newDurations(): MediaDurations {
  clock = new FakeClock();
  parsers = [];
  return new MediaDurations(() => {
    const parser = new FakeParser();
    parsers.push(parser);
    return parser;
  }, clock);
}

/** A duration that was asked for; `undefined` in the list when it is not known. */
function asked(media = MEDIA): (number | undefined)[] {
  const results: (number | undefined)[] = [];
  durations.of(media).then(
    (seconds) => results.push(seconds),
    () => results.push(-1),
  );
  return results;
}

describe('MediaDurations', () => {
  it('asks a process that starts with the first file', async () => {
    expect(parsers).toHaveLength(0);
    const result = asked();
    await settle();
    expect(parsers[0]?.requests).toEqual([{ t: 'parse', length: 100 }]);
    parsers[0]?.say({ t: 'parsed', seconds: 12.5 });
    await settle();
    expect(result).toEqual([12.5]);
    expect(clock.pending).toBe(0);
  });

  it('gives the process the bytes it asks for, as far as they are known', async () => {
    asked();
    await settle();
    parsers[0]?.say({ t: 'read', id: 1, start: 10, end: 12 });
    parsers[0]?.say({ t: 'read', id: 2, start: 60, end: 62 });
    await settle();
    expect(parsers[0]?.requests.slice(1)).toEqual([
      { t: 'bytes', id: 1, bytes: Uint8Array.of(7, 7) },
      { t: 'bytes', id: 2, bytes: undefined },
    ]);
  });

  it('tells the process of a file that cannot be read any more as of unknown bytes', async () => {
    asked({ length: 100, read: () => Promise.reject(new Error('EIO')) });
    await settle();
    parsers[0]?.say({ t: 'read', id: 1, start: 0, end: 2 });
    await settle();
    expect(parsers[0]?.requests[1]).toEqual({ t: 'bytes', id: 1, bytes: undefined });
  });

  it.each([undefined, 0, -5, Number.NaN, Infinity, 2 ** 40])(
    'does not believe %s seconds',
    async (seconds) => {
      const result = asked();
      await settle();
      parsers[0]?.say({ t: 'parsed', seconds });
      await settle();
      expect(result).toEqual([undefined]);
    },
  );

  it('does one file after the other', async () => {
    const [first, second] = [asked(), asked()];
    await settle();
    expect(parsers[0]?.requests).toHaveLength(1);
    parsers[0]?.say({ t: 'parsed', seconds: 1 });
    await settle();
    parsers[0]?.say({ t: 'parsed', seconds: 2 });
    await settle();
    expect([first, second]).toEqual([[1], [2]]);
    expect(parsers).toHaveLength(1);
  });

  it('ends a process that takes too long, and goes on with another', async () => {
    const [first, second] = [asked(), asked()];
    await settle();
    await clock.advance(PARSE_LIMIT - 1);
    expect(parsers[0]?.isOver).toBe(false);
    await clock.advance(1);
    expect(parsers[0]?.isOver).toBe(true);
    expect(first).toEqual([undefined]);
    parsers[1]?.say({ t: 'parsed', seconds: 2 });
    await settle();
    expect(second).toEqual([2]);
    expect(clock.pending).toBe(0);
  });

  it.each(['exit', 'error'])('does without a process that ends by itself: %s', async (event) => {
    const [first, second] = [asked(), asked()];
    await settle();
    parsers[0]?.emit(event);
    await settle();
    expect(first).toEqual([undefined]);
    parsers[1]?.say({ t: 'parsed', seconds: 2 });
    await settle();
    expect(second).toEqual([2]);
  });

  it('holds our process only while a file is looked at', async () => {
    asked();
    await settle();
    expect(parsers[0]?.isHeld).toBe(true);
    parsers[0]?.say({ t: 'parsed', seconds: 1 });
    await settle();
    expect(parsers[0]?.isHeld).toBe(false);
  });

  it('lets a process go that has had nothing to do, and starts another when there is', async () => {
    asked();
    await settle();
    parsers[0]?.say({ t: 'idle' });
    expect(parsers[0]?.isOver).toBe(false);
    parsers[0]?.say({ t: 'parsed', seconds: 1 });
    await settle();
    parsers[0]?.say({ t: 'idle' });
    expect(parsers[0]?.isOver).toBe(true);
    asked();
    await settle();
    expect(parsers[1]?.requests).toHaveLength(1);
  });

  it('rejects what is under way and what comes when it is closed', async () => {
    const [first, second] = [asked(), asked()];
    await settle();
    await durations.close();
    const third = asked();
    await settle();
    expect([first, second, third]).toEqual([[-1], [-1], [-1]]);
    expect(parsers).toHaveLength(1);
    expect(parsers[0]?.isOver).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
