import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createHashing, type HashingOptions } from '../../../hasher-service/hashing/create-hashing.js';
import { PARSE_LIMIT } from '../../../hasher-service/hashing/parser-process.js';
import type { Hashing } from '../../../hasher-service/hashing/port.js';
import { concat, type Bytes } from '../../../src/core/bytes.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { BUILT_HASHING } from '../../support/built-hashing.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FILM, SEGMENTS, originBytes } from '../../support/media.js';
import { holds } from '../../support/property.js';
import { sha256 } from '../../support/sha256.js';
import { temporaryFile } from '../../support/temporary-file.js';
import { until } from '../../support/until.js';

const MIB = 1024 * 1024;

/** What ffprobe 5.1 says of the films; it says nothing of `live.webm`, whose last sound ends there. */
const FILMS: Readonly<Record<string, number>> = {
  'front.mp4': 2.5,
  'back.mp4': 2.5,
  'fragments.mp4': 2.7,
  'no-index.mp4': 2.7,
  'film.mov': 2.5,
  'sound.m4a': 2.5,
  'film.webm': 2.508,
  'live.webm': 2.501,
};

const hashing = newHashing();
afterAll(() => hashing.close());

function newHashing(options: Partial<HashingOptions> = {}): Hashing {
  return createHashing({ clock: new FakeClock(), sha256, threads: 1, ...BUILT_HASHING, ...options });
}

function film(name: string): Bytes {
  return new Uint8Array(readFileSync(new URL(`../../support/films/${name}`, import.meta.url)));
}

async function* streamOf(bytes: Bytes): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.byteLength; at += 100_000) {
    yield Promise.resolve(bytes.subarray(at, at + 100_000));
  }
}

async function durationOf(bytes: Bytes, using = hashing, type = 'video/mp4'): Promise<number | undefined> {
  const digested = await using.hashStream(streamOf(bytes), type);
  expect(digested?.cut.length).toBe(bytes.byteLength);
  return digested?.duration;
}

async function durationOfFile(bytes: Bytes, type = 'video/mp4'): Promise<number | undefined> {
  const file = await open(await temporaryFile('film', bytes));
  onTestFinished(() => file.close());
  return (await hashing.hashFile(file, bytes.byteLength, type))?.duration;
}

function box(name: string, ...contents: Bytes[]): Bytes {
  const content = concat(contents);
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, 8 + content.byteLength);
  head.set(new TextEncoder().encode(name), 4);
  return concat([head, content]);
}

/** The boxes that a file consists of. */
function boxesOf(bytes: Bytes): { name: string; box: Bytes }[] {
  const boxes = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    const name = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    boxes.push({ name, box: bytes.subarray(at, at + length) });
    at += length;
  }
  return boxes;
}

/** Puts nothing, but much of it, before each box of that name. */
function stretched(bytes: Bytes, before: string, length = 20 * MIB): Bytes {
  const filling = box('free', new Uint8Array(length));
  return concat(boxesOf(bytes).flatMap(({ name, box }) => (name === before ? [filling, box] : [box])));
}

describe('the duration', () => {
  it.each(Object.entries(FILMS))('of %s is what ffprobe says', async (name, seconds) => {
    expect(await durationOf(film(name))).toBeCloseTo(seconds, 3);
    expect(await durationOfFile(film(name))).toBeCloseTo(seconds, 3);
  });

  it('of the film that the demo site shows', async () => {
    expect(await durationOf(originBytes(FILM) as Bytes)).toBe(60);
  });

  it.each(['video/mp4', 'audio/webm', 'application/mp4'])('is looked for in %s', async (type) => {
    expect(await durationOf(film('front.mp4'), hashing, type)).toBe(2.5);
    expect(await durationOfFile(film('front.mp4'), type)).toBe(2.5);
  });

  it.each(['application/octet-stream', 'image/avif', ''])('is not looked for in "%s"', async (type) => {
    expect(await durationOf(film('front.mp4'), hashing, type)).toBeUndefined();
    expect(await durationOfFile(film('front.mp4'), type)).toBeUndefined();
  });

  it('of a segment is not there to be found', async () => {
    for (const segment of SEGMENTS.slice(0, 2))
      expect(await durationOf(originBytes(segment) as Bytes)).toBeUndefined();
  });
});

describe('of a file of which only the ends are kept', () => {
  it.each([
    ['index at the front', 'front.mp4', 'mdat', 2.5],
    ['index at the end', 'back.mp4', 'moov', 2.5],
    ['fragments at the end', 'no-index.mp4', 'moof', undefined],
    ['index of fragments at the end', 'fragments.mp4', 'mfra', 2.7],
  ])('the duration is known as far as they tell: %s', async (_name, name, before, seconds) => {
    const bytes = stretched(film(name), before);
    expect(bytes.byteLength).toBeGreaterThan(20 * MIB);
    expect(await durationOf(bytes)).toBe(seconds);
    expect(await durationOfFile(bytes)).toBe(seconds);
  });

  it('the duration is not known when they do not tell', async () => {
    const bytes = concat([stretched(film('back.mp4'), 'moov'), box('free', new Uint8Array(20 * MIB))]);
    expect(await durationOf(bytes)).toBeUndefined();
    expect(await durationOfFile(bytes)).toBeUndefined();
  });
});

describe('hostile files', () => {
  const u32 = (value: number) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

  /** Entries that are no bytes long, four thousand million of them: each takes memory. */
  const ENDLESS_KEYS = concat([
    box('ftyp', new TextEncoder().encode('isom'), u32(0)),
    box('moov', box('meta', box('keys', u32(0), u32(0xffffffff), u32(0), u32(0)))),
  ]);

  it('that end the process they are parsed in end only that', async () => {
    expect(await durationOf(ENDLESS_KEYS)).toBeUndefined();
    expect(await durationOf(film('front.mp4'))).toBe(2.5);
  });

  /** With a parser that never comes to an end. */
  async function newHanging(clock = new FakeClock()): Promise<Hashing> {
    const path = await temporaryFile('parser.mjs', 'process.on("message", () => { for (;;); });');
    const hanging = newHashing({ clock, mediaParser: pathToFileURL(path) });
    onTestFinished(() => hanging.close());
    return hanging;
  }

  it('that are parsed for ever are parsed no longer than a while', async () => {
    const clock = new FakeClock();
    const hanging = await newHanging(clock);
    const durations = [durationOf(film('front.mp4'), hanging), durationOf(film('film.webm'), hanging)];
    for (const duration of durations) {
      await until(() => clock.pending > 0, 'the parser to be asked');
      await clock.advance(PARSE_LIMIT);
      expect(await duration).toBeUndefined();
    }
  });

  it('keep nobody waiting who has none', async () => {
    const hanging = await newHanging();
    const waiting = hanging.hashStream(streamOf(film('front.mp4')), 'video/mp4');
    const ended = expect(waiting).rejects.toMatchObject({ code: 'worker-failed' });
    expect(await durationOf(new Uint8Array(MIB), hanging, 'image/jpeg')).toBeUndefined();
    await hanging.close();
    await ended;
  });

  it.each(Object.keys(FILMS))('made by damaging %s do no harm', async (name) => {
    const impatient = newHashing({ clock: systemClock });
    onTestFinished(() => impatient.close());
    const whole = film(name);
    const damage = fc.record({
      keep: fc.oneof(fc.constant(whole.byteLength), fc.integer({ min: 9, max: whole.byteLength })),
      changes: fc.array(
        fc.tuple(
          fc.nat(whole.byteLength - 1),
          fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
        ),
        { maxLength: 20 },
      ),
    });
    await holds(
      fc.asyncProperty(damage, async ({ keep, changes }) => {
        const bytes = whole.slice(0, keep);
        for (const [at, value] of changes) if (at >= 8 && at < keep) bytes[at] = value;
        const seconds = await durationOf(bytes, impatient);
        expect(seconds === undefined || (seconds > 0 && seconds < 2 ** 40)).toBe(true);
      }),
      60,
    );
    expect(await durationOf(whole)).toBeCloseTo(FILMS[name] ?? 0, 3);
  });
});
