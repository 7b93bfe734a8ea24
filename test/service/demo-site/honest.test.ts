import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoSite } from '../../../demo-site/server.js';
import { FILM, OTHER, PHOTO, ask, makeFixture, rawExchange, until, type Fixture } from './fixture.js';

let fixture: Fixture;
let site: DemoSite;

beforeAll(async () => {
  fixture = await makeFixture();
  site = await fixture.start();
});
afterAll(() => fixture.remove());

const photo = '/media/photo.jpg';

describe('whole representations', () => {
  it('come with strong validators, lengths and types', async () => {
    const { status, headers, body } = await ask(site, photo);
    expect(status).toBe(200);
    expect(body.equals(PHOTO)).toBe(true);
    expect(headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '1000',
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
    });
    expect(headers.etag).toBe(`"${createHash('sha256').update(PHOTO).digest('hex').slice(0, 32)}"`);
    expect(Date.parse(headers['last-modified'] ?? '')).toBeGreaterThan(0);
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers.vary).toBeUndefined();
  });

  it('of several read chunks are byte-exact', async () => {
    const { body, complete } = await ask(site, '/media/film.mp4');
    expect(complete).toBe(true);
    expect(body.equals(FILM)).toBe(true);
  });

  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/media/film.mp4', 'video/mp4', 'public, max-age=3600'],
    ['/media/seg-000.m4s', 'video/iso.segment', 'public, max-age=3600'],
    ['/media/empty.webp', 'image/webp', 'public, max-age=3600'],
    ['/media/index.m3u8', 'application/vnd.apple.mpegurl', 'no-cache'],
    ['/media/unknown.xyz', 'application/octet-stream', 'no-cache'],
    ['/peerfold.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/peerfold-engine.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/peerfold-worker.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/peerfold-worker.js.map', 'application/json', 'no-cache'],
    ['/peerfold-sw.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/vendor/hls.min.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ])('%s is %s, %s', async (path, type, cacheControl) => {
    const { status, headers } = await ask(site, path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, type, cacheControl]);
  });

  it('ignore the query string and decode the path', async () => {
    expect((await ask(site, `${photo}?x=1`)).body.equals(PHOTO)).toBe(true);
    expect((await ask(site, '/media/with%20space%20%C3%A9.png')).body.equals(OTHER)).toBe(true);
  });

  it('are described by HEAD without a body', async () => {
    const [head, get] = await Promise.all([ask(site, photo, { method: 'HEAD' }), ask(site, photo)]);
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuse %s', async (method) => {
    const { status, headers } = await ask(site, photo, { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('ranges', () => {
  const all = PHOTO.length;
  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-1', 0, 2],
    ['bytes=500-599', 500, 600],
    ['bytes=999-999', 999, all],
    ['bytes=0-', 0, all],
    ['bytes=990-', 990, all],
    ['bytes=990-5000', 990, all],
    ['bytes=0-99999999999999999999999', 0, all],
    ['bytes=-1', 999, all],
    ['bytes=-500', 500, all],
    ['bytes=-5000', 0, all],
    ['BYTES=0-1', 0, 2],
  ])('%s is %i to %i', async (range, start, end) => {
    const { status, headers, body } = await ask(site, photo, { headers: { range } });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/${all}`);
    expect(headers['content-length']).toBe(String(end - start));
    expect(body.equals(PHOTO.subarray(start, end))).toBe(true);
  });

  it.each(['bytes=1000-', 'bytes=1000-2000', 'bytes=99999999999999999999-', 'bytes=-0'])(
    '%s is unsatisfiable',
    async (range) => {
      const { status, headers } = await ask(site, photo, { headers: { range } });
      expect([status, headers['content-range']]).toEqual([416, 'bytes */1000']);
    },
  );

  it.each([
    'bytes=5-2',
    'bytes=-',
    'bytes=a-b',
    'bytes=0-1,4-5',
    'items=0-1',
    'bytes 0-1',
    'bytes=0x0-0x1',
    '',
  ])('"%s" is ignored', async (range) => {
    const { status, headers, body } = await ask(site, photo, { headers: { range } });
    expect([status, headers['content-range']]).toEqual([200, undefined]);
    expect(body.equals(PHOTO)).toBe(true);
  });

  it('cross read chunks byte-exactly', async () => {
    const { body } = await ask(site, '/media/film.mp4', { headers: { range: 'bytes=65535-200000' } });
    expect(body.equals(FILM.subarray(65535, 200_001))).toBe(true);
  });

  it('of an empty file are unsatisfiable, the file itself is not', async () => {
    const path = '/media/empty.webp';
    expect((await ask(site, path)).status).toBe(200);
    expect((await ask(site, path, { headers: { range: 'bytes=0-' } })).status).toBe(416);
    expect((await ask(site, path, { headers: { range: 'bytes=-1' } })).status).toBe(416);
  });

  it('mean nothing to HEAD', async () => {
    const { status } = await ask(site, photo, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect(status).toBe(200);
  });
});

describe('conditional requests', () => {
  let etag: string;
  let lastModified: string;
  beforeAll(async () => {
    const { headers } = await ask(site, photo, { method: 'HEAD' });
    etag = headers.etag ?? '';
    lastModified = headers['last-modified'] ?? '';
  });
  const later = (text: string, seconds: number): string =>
    new Date(Date.parse(text) + seconds * 1000).toUTCString();
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await ask(site, photo, { headers })).status;

  it('If-None-Match compares weakly and as a list', async () => {
    expect(await statusOf({ 'if-none-match': etag })).toBe(304);
    expect(await statusOf({ 'if-none-match': `W/${etag}` })).toBe(304);
    expect(await statusOf({ 'if-none-match': `"a", ${etag} , "b"` })).toBe(304);
    expect(await statusOf({ 'if-none-match': '*' })).toBe(304);
    expect(await statusOf({ 'if-none-match': '"another"' })).toBe(200);
  });

  it('304 has the validators, no body and no length', async () => {
    const { headers, body } = await ask(site, photo, { headers: { 'if-none-match': etag } });
    expect(body).toHaveLength(0);
    expect(headers).toMatchObject({ etag, 'cache-control': 'public, max-age=3600' });
    expect(headers['content-length']).toBeUndefined();
    expect(headers['content-type']).toBeUndefined();
  });

  it('If-Modified-Since counts only without If-None-Match, and only when it is a date', async () => {
    expect(await statusOf({ 'if-modified-since': lastModified })).toBe(304);
    expect(await statusOf({ 'if-modified-since': later(lastModified, 60) })).toBe(304);
    expect(await statusOf({ 'if-modified-since': later(lastModified, -60) })).toBe(200);
    expect(await statusOf({ 'if-modified-since': 'yesterday' })).toBe(200);
    expect(await statusOf({ 'if-modified-since': lastModified, 'if-none-match': '"another"' })).toBe(200);
  });

  it('If-Match compares strongly', async () => {
    expect(await statusOf({ 'if-match': etag })).toBe(200);
    expect(await statusOf({ 'if-match': '*' })).toBe(200);
    expect(await statusOf({ 'if-match': `W/${etag}` })).toBe(412);
    expect(await statusOf({ 'if-match': '"another"' })).toBe(412);
  });

  it('If-Unmodified-Since fails when the file is newer', async () => {
    expect(await statusOf({ 'if-unmodified-since': lastModified })).toBe(200);
    expect(await statusOf({ 'if-unmodified-since': later(lastModified, -60) })).toBe(412);
  });

  it('If-Range asks for the range only under the same strong validator', async () => {
    const range = 'bytes=0-1';
    expect(await statusOf({ range })).toBe(206);
    expect(await statusOf({ range, 'if-range': etag })).toBe(206);
    expect(await statusOf({ range, 'if-range': lastModified })).toBe(206);
    expect(await statusOf({ range, 'if-range': `W/${etag}` })).toBe(200);
    expect(await statusOf({ range, 'if-range': '"another"' })).toBe(200);
    expect(await statusOf({ range, 'if-range': later(lastModified, 60) })).toBe(200);
  });

  it('come before ranges', async () => {
    expect(await statusOf({ range: 'bytes=0-1', 'if-none-match': etag })).toBe(304);
  });
});

describe('paths', () => {
  it.each([
    '/nothing',
    '/media',
    '/media/',
    '/media/folder.jpg',
    '/media/photo.jpg/',
    '/../secret.txt',
    '/media/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/media/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/media/..%5c..%5csecret.txt',
    '/..\\secret.txt',
    '//etc/passwd',
    '/%00',
    '/media/photo.jpg%00.html',
    '/%E0%A4%A',
    '/%',
    '/.hidden',
    '/%2ehidden',
    '/link.txt',
    '/cli.js',
    '/vendor/../cli.js',
    '/peerfold-../cli.js',
    '/peerfold-sw.js/',
    `/${'x'.repeat(300)}`,
    `/${'a/'.repeat(3000)}`,
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await ask(site, path);
    expect(status).toBe(404);
    expect(body.toString()).not.toContain('kept outside');
  });

  it('may come in absolute form, and garbage does no harm', async () => {
    const absolute = await rawExchange(
      site,
      'GET http://elsewhere/media/photo.jpg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(absolute).toContain('HTTP/1.1 200 OK');
    const asterisk = await rawExchange(site, 'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(asterisk).toContain('HTTP/1.1 404');
    expect(await rawExchange(site, 'not http at all\r\n\r\n')).toContain('HTTP/1.1 400');
    expect((await ask(site, photo)).status).toBe(200);
  });
});

describe('the worker file', () => {
  it('is the literal and the import', async () => {
    const { body } = await ask(site, '/peerfold-sw.js');
    expect(body.toString()).toBe(
      'self.peerfold = {"hasher":"http://localhost:8081","tracker":"ws://localhost:8082","include":["/media/*","/live/*"]};\n' +
        'importScripts("/peerfold-worker.js");\n',
    );
  });

  it('takes further and other fields', async () => {
    const other = await fixture.start({ literal: { headStart: 0, include: [] } });
    const text = (await ask(other, '/peerfold-sw.js')).body.toString();
    expect(text).toContain('"include":[],"headStart":0}');
  });
});

describe('life', () => {
  it('says clearly that a port is taken', async () => {
    const port = Number(new URL(site.url).port);
    await expect(fixture.start({ port })).rejects.toThrow(
      `the demo site cannot start: port ${port} is taken`,
    );
    await expect(fixture.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('is called localhost, where browsers allow service workers', () => {
    expect(site.url).toMatch(/^http:\/\/localhost:\d+$/);
  });

  it('closes twice, and with connections open', async () => {
    const other = await fixture.start();
    other.faults.set({ path: '*', latencyMs: 3_000_000 });
    const hanging = ask(other, photo);
    const failed = expect(hanging).rejects.toThrow();
    await until(() => other.log.entries.length > 0);
    await Promise.all([other.close(), other.close()]);
    await other.close();
    await failed;
    await expect(ask(other, photo)).rejects.toThrow('ECONNREFUSED');
  });

  it('keeps its control endpoint to itself unless asked', async () => {
    expect((await ask(site, '/__log')).status).toBe(404);
    expect((await ask(site, '/__faults', { method: 'POST', body: '[]' })).status).toBe(405);
  });
});
