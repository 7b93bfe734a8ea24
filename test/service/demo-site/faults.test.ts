import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DemoSite, FaultRule } from '../../../demo-site/server.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  FILM,
  OTHER,
  PHOTO,
  ask,
  makeFixture,
  rawExchange,
  served,
  until,
  type Answer,
  type Fixture,
} from './fixture.js';

let fixture: Fixture;
let site: DemoSite;
let clock: FakeClock;

beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture.remove());
beforeEach(async () => {
  clock = new FakeClock();
  site = await fixture.start({ clock });
});
afterEach(async () => {
  await site.close();
  expect(clock.pending).toBe(0);
});

const photo = '/media/photo.jpg';
const film = '/media/film.mp4';

/** What a line under a limit may catch up on: in steps as small as this, nothing is lost by late timers. */
const SLACK_MS = 4;

/** Milliseconds of fake time, to within `step`, until the request for `path` is answered completely. */
async function timeOf(path: string, step: number): Promise<{ ms: number; answer: Answer }> {
  const from = clock.ticks();
  const state = { over: false };
  const asked = ask(site, path).finally(() => (state.over = true));
  while (!state.over) {
    await until(() => clock.pending > 0 || state.over);
    if (clock.pending > 0) await clock.advance(step);
  }
  return { ms: clock.ticks() - from, answer: await asked };
}

describe('time', () => {
  it('latency holds the answer back until it has passed', async () => {
    site.faults.set({ path: photo, latencyMs: 500 });
    let answered = false;
    const asked = ask(site, photo).finally(() => (answered = true));
    await until(() => clock.pending > 0);
    await clock.advance(499);
    expect(answered).toBe(false);
    expect(site.log.entries[0]).toMatchObject({ status: 0, bytes: 0, ended: undefined });
    await clock.advance(1);
    expect((await asked).body.equals(PHOTO)).toBe(true);
  });

  it('latency for one path leaves the others alone', async () => {
    site.faults.set({ path: photo, latencyMs: 500 });
    expect((await ask(site, film)).body.equals(FILM)).toBe(true);
  });

  it('a bandwidth limit makes 300,000 bytes at 100,000 a second last 3 s', async () => {
    site.faults.set({ path: film, bytesPerSecond: 100_000 });
    const { ms, answer } = await timeOf(film, SLACK_MS);
    expect(ms).toBeGreaterThanOrEqual(3000 - SLACK_MS);
    expect(ms).toBeLessThan(3100);
    expect(answer.body.equals(FILM)).toBe(true);
  });

  it('a limit of each response does not slow down the one beside it, a shared one does', async () => {
    const both = async (): Promise<number> => {
      const times = await Promise.all([timeOf(film, SLACK_MS), timeOf(film, SLACK_MS)]);
      expect(times.every(({ answer }) => answer.body.equals(FILM))).toBe(true);
      return Math.max(...times.map(({ ms }) => ms));
    };
    site.faults.set({ path: '*', bytesPerSecond: 100_000 });
    expect(await both()).toBeLessThan(3500);
    site.faults.set({ path: '*', sharedBytesPerSecond: 100_000 });
    expect(await both()).toBeGreaterThanOrEqual(6000 - SLACK_MS);
  });

  it('a very slow line still delivers, byte by byte', async () => {
    site.faults.set({ path: '/media/index.m3u8', bytesPerSecond: 2 });
    const { ms, answer } = await timeOf('/media/index.m3u8', 500);
    expect(answer.body.toString()).toBe('#EXTM3U\n');
    expect(ms).toBeGreaterThanOrEqual(4000);
  });

  it('slow header lines arrive one after the other and make a whole answer', async () => {
    site.faults.set({ path: photo, headerLineMs: 100 });
    const { ms, answer } = await timeOf(photo, 100);
    expect(ms).toBeGreaterThanOrEqual(800);
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.headers).toMatchObject({ 'content-type': 'image/jpeg', connection: 'close' });
    expect(answer.body.equals(PHOTO)).toBe(true);
  });

  it('nobody is waited for who has gone', async () => {
    site.faults.set({ path: film, latencyMs: 1_000_000 });
    const { port } = new URL(site.url);
    const leaving = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}${film}`, { signal: leaving.signal });
    await until(() => clock.pending > 0);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until(() => clock.pending === 0);
    await served(site);
    expect(site.log.entries[0]).toMatchObject({ status: 0, bytes: 0, complete: false, error: undefined });
  });

  it('a client that leaves in the middle is logged with what it got', async () => {
    site.faults.set({ path: film, bytesPerSecond: 100_000 });
    const { port } = new URL(site.url);
    const leaving = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}${film}`, { signal: leaving.signal });
    await until(() => clock.pending > 0);
    await clock.advance(16);
    await asked;
    leaving.abort();
    await served(site);
    const [entry] = site.log.entries;
    expect(entry?.complete).toBe(false);
    expect(entry?.bytes).toBe(1600);
  });
});

describe('broken answers', () => {
  it.each([404, 429, 500, 503])('status %i instead of the file', async (status) => {
    site.faults.set({ path: photo, status });
    const answer = await ask(site, photo);
    expect(answer.status).toBe(status);
    expect(answer.body.equals(PHOTO)).toBe(false);
  });

  it('redirects, by 302 or another status', async () => {
    site.faults.set({ path: photo, redirect: '/media/other.jpg' });
    expect(await ask(site, photo)).toMatchObject({ status: 302, headers: { location: '/media/other.jpg' } });
    site.faults.set({ path: photo, redirect: 'https://elsewhere.example/', status: 307 });
    expect(await ask(site, photo)).toMatchObject({ status: 307 });
  });

  it.each([0, 1, 999, 1000, 70_000, 299_999])('breaks off after %i bytes', async (abortAfter) => {
    site.faults.set({ path: film, abortAfter });
    const { status, headers, body, complete } = await ask(site, film);
    expect([status, headers['content-length'], complete]).toEqual([200, '300000', false]);
    expect(body.equals(FILM.subarray(0, abortAfter))).toBe(true);
    await served(site);
    expect(site.log.entries[0]).toMatchObject({ status: 200, bytes: abortAfter, complete: false });
  });

  it('does not break off what is shorter', async () => {
    site.faults.set({ path: '*', abortAfter: 5000 });
    expect((await ask(site, photo)).complete).toBe(true);
  });

  it('declares too long a body, which then ends early', async () => {
    site.faults.set({ path: photo, lengthOff: 10 });
    const { headers, body, complete } = await ask(site, photo);
    expect([headers['content-length'], complete]).toEqual(['1010', false]);
    expect(body.equals(PHOTO)).toBe(true);
  });

  it('declares too short a body and sends more', async () => {
    site.faults.set({ path: photo, lengthOff: -10 });
    const raw = await rawExchange(site, `GET ${photo} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(raw.toLowerCase()).toContain('content-length: 990\r\n');
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toHaveLength(1000);
  });

  it('never declares less than nothing', async () => {
    site.faults.set({ path: photo, lengthOff: -5000 });
    const raw = await rawExchange(site, `GET ${photo} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(raw.toLowerCase()).toContain('content-length: 0\r\n');
  });

  it('does not know of how many bytes a part is', async () => {
    site.faults.set({ path: photo, unknownLength: true });
    const { status, headers } = await ask(site, photo, { headers: { range: 'bytes=10-19' } });
    expect([status, headers['content-range']]).toEqual([206, 'bytes 10-19/*']);
  });

  it('is down: resets connections, and is back when cleared', async () => {
    site.faults.set({ path: '*', stop: true });
    await expect(ask(site, photo)).rejects.toThrow('ECONNRESET');
    await expect(ask(site, '/')).rejects.toThrow('ECONNRESET');
    expect(site.log.entries.map(({ status, bytes }) => [status, bytes])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    site.faults.clear();
    expect((await ask(site, photo)).status).toBe(200);
  });
});

describe('other headers', () => {
  it('are added, replaced and removed, whatever their case', async () => {
    site.faults.set({
      path: photo,
      headers: { 'Set-Cookie': 'visitor=7', 'Cache-Control': 'private', Vary: 'Cookie', ETag: null },
    });
    const { headers, body } = await ask(site, photo);
    expect(headers).toMatchObject({
      'set-cookie': ['visitor=7'],
      'cache-control': 'private',
      vary: 'Cookie',
    });
    expect(headers.etag).toBeUndefined();
    expect(body.equals(PHOTO)).toBe(true);
  });

  it('also stand on 304 and 206', async () => {
    site.faults.set({ path: photo, headers: { 'cache-control': 'no-store' } });
    const { headers } = await ask(site, photo, { headers: { range: 'bytes=0-0' } });
    expect(headers['cache-control']).toBe('no-store');
    const revalidated = await ask(site, photo, { headers: { 'if-none-match': headers.etag ?? '' } });
    expect([revalidated.status, revalidated.headers['cache-control']]).toEqual([304, 'no-store']);
  });
});

describe('other content', () => {
  it('replaces the file, its validators and its length', async () => {
    const before = await ask(site, photo);
    await clock.advance(5000);
    site.faults.set({ path: photo, content: 'a new photo' });
    const { headers, body } = await ask(site, photo);
    expect(body.toString()).toBe('a new photo');
    expect(headers['content-type']).toBe('image/jpeg');
    expect(headers['last-modified']).toBe(new Date(clock.now()).toUTCString());
    expect(headers.etag).not.toBe(before.headers.etag);
    const range = { headers: { range: 'bytes=2-4', 'if-range': before.headers.etag ?? '' } };
    expect((await ask(site, photo, range)).status).toBe(200);
  });

  it('may be bytes, of several chunks, asked for in ranges', async () => {
    site.faults.set({ path: film, content: FILM.toReversed() });
    const { body } = await ask(site, film, { headers: { range: 'bytes=100-199999' } });
    expect(body.equals(FILM.toReversed().subarray(100, 200_000))).toBe(true);
  });

  it('exists where there was nothing', async () => {
    site.faults.set({ path: '/media/live-7.m4s', content: 'segment' });
    expect(await ask(site, '/media/live-7.m4s')).toMatchObject({ status: 200 });
  });

  it('is that of another path', async () => {
    site.faults.set({ path: photo, contentOf: '/media/other.jpg' });
    expect((await ask(site, photo)).body.equals(OTHER)).toBe(true);
    site.faults.set({ path: photo, contentOf: '/../secret.txt' });
    expect((await ask(site, photo)).status).toBe(404);
  });

  it('depends on a cookie, without saying so', async () => {
    site.faults.set({ path: photo, byCookie: { name: 'user', contentOf: { ada: '/media/other.jpg' } } });
    const bodyFor = async (cookie?: string): Promise<Buffer> =>
      (await ask(site, photo, { headers: cookie === undefined ? {} : { cookie } })).body;
    expect((await bodyFor('theme=dark; user=ada')).equals(OTHER)).toBe(true);
    expect((await bodyFor('user=bob')).equals(PHOTO)).toBe(true);
    expect((await bodyFor('superuser=ada')).equals(PHOTO)).toBe(true);
    expect((await bodyFor()).equals(PHOTO)).toBe(true);
    expect((await ask(site, photo)).headers.vary).toBeUndefined();
  });
});

describe('rules', () => {
  it('add up where they match together, the later one winning', async () => {
    site.faults.set({ path: '/media/*', headers: { 'x-a': '1', 'x-b': '1' }, status: 503 });
    site.faults.set({ path: '*.jpg', headers: { 'x-b': '2' }, status: 500 });
    const { status, headers } = await ask(site, photo);
    expect([status, headers['x-a'], headers['x-b']]).toEqual([500, '1', '2']);
    expect((await ask(site, film)).status).toBe(503);
    expect((await ask(site, '/')).status).toBe(200);
  });

  it('replace the earlier one for the same path, and end one by one or all at once', async () => {
    site.faults.set({ path: photo, status: 500 });
    site.faults.set({ path: photo, headers: { 'x-a': '1' } });
    expect((await ask(site, photo)).status).toBe(200);
    site.faults.set({ path: film, status: 500 });
    site.faults.clear(photo);
    expect(site.faults.rules).toEqual([{ path: film, status: 500 }]);
    site.faults.clear();
    expect(site.faults.rules).toEqual([]);
  });

  it('take the rest of a pattern literally', async () => {
    site.faults.set({ path: '/media/phot..jpg', status: 500 });
    site.faults.set({ path: '/media/(photo).jpg', status: 500 });
    site.faults.set({ path: 'photo.jpg', status: 500 });
    expect((await ask(site, photo)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['path', {}],
    ['path', { path: '' }],
    ['latencyMs', { path: '*', latencyMs: -1 }],
    ['latencyMs', { path: '*', latencyMs: Number.NaN }],
    ['bytesPerSecond', { path: '*', bytesPerSecond: 0 }],
    ['status', { path: '*', status: 99 }],
    ['abortAfter', { path: '*', abortAfter: 1.5 }],
    ['headers', { path: '*', headers: { 'a b': 'c' } }],
    ['headers', { path: '*', headers: { a: 'b\r\nc: d' } }],
    ['contentOf', { path: '*', contentOf: 'media/photo.jpg' }],
    ['latency', { path: '*', latency: 5 }],
  ])('name the field that is wrong: %s', (field, rule) => {
    expect(() => {
      site.faults.set(rule as FaultRule);
    }).toThrow(field);
    expect(site.faults.rules).toEqual([]);
  });

  it('are bounded in number', () => {
    for (let i = 0; i < 200; i++) site.faults.set({ path: `/${i}` });
    expect(() => {
      site.faults.set({ path: '/one-too-many' });
    }).toThrow(RangeError);
  });
});
