import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RequestLog } from '../../../demo-site/log.js';
import type { DemoSite } from '../../../demo-site/server.js';
import { FAKE_EPOCH, FakeClock } from '../../support/fake-clock.js';
import { FILM, OTHER, PHOTO, ask, makeFixture, served, type Fixture } from './fixture.js';

let fixture: Fixture;
let site: DemoSite;
let clock: FakeClock;

beforeAll(async () => {
  fixture = await makeFixture();
  clock = new FakeClock();
  site = await fixture.start({ clock, control: true });
});
afterAll(() => fixture.remove());
beforeEach(() => {
  site.log.clear();
  site.faults.clear();
});

const photo = '/media/photo.jpg';

describe('the request log', () => {
  it('tells who asked for what and what went out', async () => {
    await clock.advance(1234);
    const headers = {
      range: 'bytes=0-99',
      cookie: 'user=ada',
      authorization: 'Basic eA==',
      origin: 'https://elsewhere.example',
      'sec-fetch-dest': 'image',
      'x-private': 'not kept',
    };
    await ask(site, `${photo}?size=2`, { headers });
    await served(site);
    expect(site.log.entries).toEqual([
      {
        time: FAKE_EPOCH + 1234,
        method: 'GET',
        path: photo,
        query: '?size=2',
        range: 'bytes=0-99',
        headers: {
          cookie: 'user=ada',
          authorization: 'Basic eA==',
          origin: 'https://elsewhere.example',
          'sec-fetch-dest': 'image',
        },
        status: 206,
        bytes: 100,
        ended: FAKE_EPOCH + 1234,
        complete: true,
        error: undefined,
      },
    ]);
  });

  it('counts bodies only, and none for HEAD and 304', async () => {
    const { headers } = await ask(site, photo, { method: 'HEAD' });
    await ask(site, photo, { headers: { 'if-none-match': headers.etag ?? '' } });
    await ask(site, photo);
    await ask(site, '/media/film.mp4', { headers: { range: 'bytes=-5000' } });
    await served(site);
    expect(site.log.entries.map(({ status, bytes }) => [status, bytes])).toEqual([
      [200, 0],
      [304, 0],
      [200, PHOTO.length],
      [206, 5000],
    ]);
    expect(site.log.bytesOf('/media/*')).toBe(PHOTO.length + 5000);
    expect(site.log.bytesOf('*.mp4')).toBe(5000);
    expect(site.log.of('/media/photo.jpg')).toHaveLength(3);
    expect(site.log.of('photo')).toEqual([]);
  });

  it('keeps the last 50,000 requests', () => {
    const log = new RequestLog();
    for (let i = 0; i < 50_010; i++) log.open({ method: 'GET', path: `/${i}`, query: '', headers: {} }, i);
    expect(log.entries).toHaveLength(50_000);
    expect(log.entries[0]?.path).toBe('/10');
  });
});

describe('the control endpoint', () => {
  const json = { 'content-type': 'application/json' };
  const post = (body: string, headers: Record<string, string> = json): ReturnType<typeof ask> =>
    ask(site, '/__faults', { method: 'POST', body, headers });

  it('sets all rules at once, also while everything is down', async () => {
    const rules = [{ path: '*', stop: true }];
    expect((await post(JSON.stringify(rules))).status).toBe(200);
    await expect(ask(site, photo)).rejects.toThrow();
    expect(JSON.parse((await ask(site, '/__faults')).body.toString())).toEqual(rules);
    expect((await post('[]')).status).toBe(200);
    expect((await ask(site, photo)).status).toBe(200);
  });

  it('shows the log and is not in it', async () => {
    await ask(site, photo);
    await served(site);
    const { headers, body } = await ask(site, '/__log');
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body.toString())).toMatchObject([{ path: photo, status: 200, bytes: 1000 }]);
    expect(site.log.entries).toHaveLength(1);
  });

  it.each([
    ['no JSON', '['],
    ['no list', '{"path":"*"}'],
    ['a bad rule', '[{"path":"*","status":12}]'],
    ['an unknown field', '[{"path":"*","__proto__":{"stop":true},"x":1}]'],
    ['too much', JSON.stringify([{ path: '*', content: 'x'.repeat(2 ** 20) }])],
  ])('refuses %s and keeps the rules it has', async (_what, body) => {
    site.faults.set({ path: photo, status: 503 });
    expect((await post(body)).status).toBe(400);
    expect(site.faults.rules).toEqual([{ path: photo, status: 503 }]);
  });

  it('takes nothing that a page of another site could post', async () => {
    expect((await post('[]', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask(site, '/__faults', { method: 'OPTIONS' })).status).toBe(405);
  });
});

describe('files that change', () => {
  it('get new validators, and content that is replaced on disk is what is sent', async () => {
    const path = join(fixture.publicFolder, 'media', 'changing.jpg');
    await writeFile(path, PHOTO);
    const before = await ask(site, '/media/changing.jpg');
    await writeFile(path, Buffer.concat([OTHER, FILM]));
    const after = await ask(site, '/media/changing.jpg');
    expect(after.headers.etag).not.toBe(before.headers.etag);
    expect(after.body.equals(await readFile(path))).toBe(true);
  });
});
