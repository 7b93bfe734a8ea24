import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveOptions } from '../../../demo-site/live.js';
import { createDemoSite, type DemoSite } from '../../../demo-site/server.js';
import { FAKE_EPOCH, FakeClock } from '../../support/fake-clock.js';
import { originBytes } from '../../support/media.js';
import { ask, type Answer } from './fixture.js';

const scripts = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'demo-site');
/** Segments in the playlist, and so the number of the first one that appears after the start. */
const WINDOW = 6;

let clock: FakeClock;
let site: DemoSite;

async function open(live: LiveOptions = {}): Promise<void> {
  site = await createDemoSite({
    port: 0,
    hasher: 'http://localhost:8081',
    tracker: 'ws://localhost:8082',
    scripts,
    clock,
    live,
  });
}

beforeEach(() => {
  clock = new FakeClock();
});
afterEach(() => site.close());

const get = (name: string): Promise<Answer> => ask(site, `/live/${name}`);
const text = async (name: string): Promise<string> => (await get(name)).body.toString();
const statusOf = async (number: number): Promise<number> => (await get(`${number}.m4s`)).status;

interface Fragment {
  readonly number: number;
  /** When each track begins (s). */
  readonly times: readonly number[];
}
const TICKS = [12_800, 48_000];

/** Number and times of the first fragment, read as ISO/IEC 14496-12 has them. */
function firstFragment(segment: Buffer): Fragment {
  const after = (type: string, from = 0) => segment.indexOf(type, from) + type.length;
  const video = after('tfdt');
  const audio = after('tfdt', video);
  return {
    number: segment.readUInt32BE(after('mfhd') + 4),
    times: [video, audio].map((at, track) => Number(segment.readBigUInt64BE(at + 4)) / (TICKS[track] ?? 1)),
  };
}

describe('the playlist', () => {
  it('has a window of segments from the first moment', async () => {
    await open();
    const playlist = await text('index.m3u8');
    expect(playlist).toContain('#EXT-X-MEDIA-SEQUENCE:0\n');
    expect(playlist).toContain('#EXT-X-TARGETDURATION:4\n');
    expect(playlist).toContain(`:${new Date(FAKE_EPOCH - WINDOW * 4000).toISOString()}\n`);
    expect(playlist.match(/^\d+\.m4s$/gm)).toEqual(['0.m4s', '1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s']);
    expect(playlist).not.toContain('ENDLIST');
    expect((await get('index.m3u8')).headers['cache-control']).toBe('no-cache');
  });

  it('slides as segments end', async () => {
    await open();
    await clock.advance(3999);
    expect(await text('index.m3u8')).toContain('#EXT-X-MEDIA-SEQUENCE:0\n');
    await clock.advance(1);
    const playlist = await text('index.m3u8');
    expect(playlist).toContain('#EXT-X-MEDIA-SEQUENCE:1\n');
    expect(playlist.match(/^\d+\.m4s$/gm)?.at(-1)).toBe('6.m4s');
    expect(playlist).toContain(`:${new Date(FAKE_EPOCH - (WINDOW - 1) * 4000).toISOString()}\n`);
  });

  it('goes on from a past that was asked for', async () => {
    await open({ rendition: 'v1', seconds: 2, past: 20 });
    expect(await text('index.m3u8')).toContain('#EXT-X-MEDIA-SEQUENCE:20\n');
    expect(site.live.newest).toBe(25);
  });
});

it('the manifest says the same: when it began, how long segments are, and what time it is', async () => {
  await open({ rendition: 'v1', seconds: 2 });
  await clock.advance(3000);
  const manifest = await text('manifest.mpd');
  expect(manifest).toContain(`availabilityStartTime="${new Date(FAKE_EPOCH - WINDOW * 2000).toISOString()}"`);
  expect(manifest).toContain('media="$Number$.m4s" startNumber="0" duration="2"');
  expect(manifest).toContain('codecs="avc1.4d401e,mp4a.40.2"');
  expect(manifest).toContain(`value="${new Date(FAKE_EPOCH + 3000).toISOString()}"`);
});

describe('a segment', () => {
  it('is there once it has ended, and for two windows', async () => {
    await open();
    await clock.advance(3999);
    expect(await statusOf(WINDOW)).toBe(404);
    await clock.advance(1);
    const { status, headers } = await get(`${WINDOW}.m4s`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/iso.segment',
      'cache-control': 'public, max-age=60',
      'last-modified': new Date(FAKE_EPOCH + 4000).toUTCString(),
    });
    await clock.advance(2 * WINDOW * 4000);
    expect(await statusOf(WINDOW)).toBe(200);
    await clock.advance(4000);
    expect(await statusOf(WINDOW)).toBe(404);
  });

  it.each(['-1', '01', '1e1', '99999999999', 'x', '', '0.mp4'])('%s.m4s is none', async (name) => {
    await open();
    expect((await get(`${name}.m4s`)).status).toBe(404);
  });

  it('keeps its bytes and its validator while it is there', async () => {
    await open();
    const before = await get('3.m4s');
    await clock.advance(4000);
    const after = await get('3.m4s');
    expect(after.headers.etag).toBe(before.headers.etag);
    expect(after.body.equals(before.body)).toBe(true);
  });

  it('of 2 seconds is half of one of 4', async () => {
    await open({ rendition: 'v1', seconds: 2 });
    const [first, second] = [await site.live.content(2), await site.live.content(3)];
    const whole = originBytes('/media/hls/v1/seg-001.m4s');
    expect(first.byteLength + second.byteLength).toBe(whole.byteLength);
    expect(firstFragment(first).times[0]).toBe(4);
    expect(firstFragment(second).times[0]).toBe(6);
  });
});

it('the film begins anew on the same timeline, with numbers that rise and bytes of its own', async () => {
  await open();
  const [last, first, later] = await Promise.all([14, 15, 30].map((number) => site.live.content(number)));
  const [before, anew, again] = [last, first, later].map((segment) =>
    firstFragment(segment ?? Buffer.alloc(0)),
  );
  expect(before).toMatchObject({ number: 15, times: [56, expect.closeTo(56, 1)] });
  expect(anew).toEqual({ number: 16, times: [60, 60] });
  expect(again).toEqual({ number: 31, times: [120, 120] });
  const vod = originBytes('/media/hls/v0/seg-000.m4s');
  const pictures = vod.subarray(vod.indexOf('mdat'));
  for (const segment of [first, later])
    expect(segment?.subarray(segment.indexOf('mdat')).equals(pictures)).toBe(true);
  expect(first?.equals(later ?? first)).toBe(false);
});
