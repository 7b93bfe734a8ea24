import { gunzipSync } from 'node:zlib';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DemoSite } from '../../../demo-site/server.js';
import { ask, makeFixture, rawExchange, served, type Answer, type Fixture } from './fixture.js';

const page = '/page.html';
const PAGE = `<!doctype html><title>Page</title>${'<p>A page as long as pages are.</p>\n'.repeat(100)}`;
const GZIP = { 'accept-encoding': 'gzip, deflate, br, zstd' };

let fixture: Fixture;
let site: DemoSite;

beforeAll(async () => {
  fixture = await makeFixture();
  await writeFile(join(fixture.publicFolder, 'page.html'), PAGE);
  site = await fixture.start();
});
afterAll(() => fixture.remove());
beforeEach(() => {
  site.faults.clear();
  site.log.clear();
});

const coded = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(site, path, { headers: { ...GZIP, ...headers } });

describe('who gets gzip', () => {
  it.each([
    'gzip',
    'GZip',
    'x-gzip',
    '*',
    'gzip, deflate, br, zstd',
    'br;q=1.0, gzip;q=0.001',
    'br ; q=1.0 , gzip ; q=0.5',
    'identity;q=0.5, gzip;q=0.5',
    '*;q=0.5',
    'identity;q=0, *',
    ',, gzip',
  ])('%s', async (accepted) => {
    const { headers, body } = await ask(site, page, { headers: { 'accept-encoding': accepted } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(body).toString()).toBe(PAGE);
  });
});

describe('who does not', () => {
  it.each([
    '',
    'identity',
    'br',
    'gzip;q=0',
    'gzip;q=0.000',
    'GZIP;Q=0',
    'gzip;q=0, *',
    '*;q=0',
    'identity, gzip;q=0.5',
    'gzip;q=2',
    'gzip;q=',
    'gzip;level=9',
    'gzipped',
    'not gzip',
  ])('"%s"', async (accepted) => {
    const { headers, body } = await ask(site, page, { headers: { 'accept-encoding': accepted } });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.toString()).toBe(PAGE);
  });

  it('whoever does not say', async () => {
    expect((await ask(site, page)).body.toString()).toBe(PAGE);
  });
});

describe('what is coded', () => {
  const text = 'the same words again. '.repeat(100);

  it.each([
    '/a.html',
    '/a.css',
    '/a.js',
    '/a.mjs',
    '/a.json',
    '/a.svg',
    '/a.webmanifest',
    '/peerfold-engine.js',
    '/peerfold-engine.js.map',
  ])('%s', async (path) => {
    site.faults.set({ path, content: text });
    const { headers, body, complete } = await coded(path);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect([headers['content-length'], complete]).toEqual([String(body.length), true]);
    expect(gunzipSync(body).toString()).toBe(text);
    expect((await ask(site, path)).headers).toMatchObject({
      'content-length': String(text.length),
      vary: 'accept-encoding',
    });
  });

  it.each([
    '/a.jpg',
    '/a.png',
    '/a.webp',
    '/a.mp4',
    '/a.m4s',
    '/a.ts',
    '/a.m3u8',
    '/a.mpd',
    '/a.vtt',
    '/a.txt',
    '/a.unknown',
  ])('not %s', async (path) => {
    site.faults.set({ path, content: text });
    const { headers, body } = await coded(path);
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, undefined]);
    expect(body.toString()).toBe(text);
  });

  it('not what fits into a packet, nor errors', async () => {
    const { headers, body } = await coded('/');
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'accept-encoding']);
    expect(body.toString()).toContain('Home');
    expect((await coded('/nothing.html')).headers['content-encoding']).toBeUndefined();
  });
});

describe('a coded representation', () => {
  it('has a strong validator of its own, and keeps the rest', async () => {
    const [plain, other] = await Promise.all([ask(site, page), coded(page)]);
    expect(other.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(other.headers.etag).not.toBe(plain.headers.etag);
    for (const name of ['content-type', 'cache-control', 'last-modified', 'accept-ranges', 'vary'])
      expect([name, other.headers[name]]).toEqual([name, plain.headers[name]]);
    expect(Number(other.headers['content-length'])).toBeLessThan(PAGE.length / 10);
    await served(site);
    expect(site.log.bytesOf(page)).toBe(PAGE.length + other.body.length);
  });

  it('is described by HEAD without a body', async () => {
    const [head, get] = await Promise.all([ask(site, page, { method: 'HEAD', headers: GZIP }), coded(page)]);
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  it('is revalidated by its own validator only', async () => {
    const [plain, other] = await Promise.all([ask(site, page), coded(page)]);
    const tag = { 'if-none-match': other.headers.etag ?? '' };
    const { status, headers } = await coded(page, tag);
    expect([status, headers.etag, headers.vary]).toEqual([304, other.headers.etag, 'accept-encoding']);
    expect((await ask(site, page, { headers: tag })).status).toBe(200);
    expect((await coded(page, { 'if-none-match': plain.headers.etag ?? '' })).status).toBe(200);
  });

  it('has ranges of coded bytes, which its own validator holds together', async () => {
    const { headers, body } = await coded(page);
    const rest = { range: 'bytes=50-', 'if-range': headers.etag ?? '' };
    const [first, second] = await Promise.all([coded(page, { range: 'bytes=0-49' }), coded(page, rest)]);
    expect([first.status, second.status]).toEqual([206, 206]);
    expect(second.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-range': `bytes 50-${body.length - 1}/${body.length}`,
    });
    expect(gunzipSync(Buffer.concat([first.body, second.body])).toString()).toBe(PAGE);
    expect((await ask(site, page, { headers: rest })).status).toBe(200);
    const beyond = await coded(page, { range: `bytes=${body.length}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${body.length}`]);
  });

  it('is not what a range without codings asks for, as browsers do', async () => {
    const { status, headers, body } = await coded(page, {
      'accept-encoding': 'identity',
      range: 'bytes=5-9',
    });
    expect([status, headers['content-encoding']]).toEqual([206, undefined]);
    expect(body.toString()).toBe(PAGE.slice(5, 10));
  });
});

describe('faults', () => {
  it('replace content, which is coded as well', async () => {
    const before = await coded(page);
    const content = `another ${PAGE}`;
    site.faults.set({ path: page, content });
    const { headers, body } = await coded(page);
    expect(gunzipSync(body).toString()).toBe(content);
    expect(headers.etag).not.toBe(before.headers.etag);
    site.faults.clear();
    expect(gunzipSync((await coded(page)).body).toString()).toBe(PAGE);
  });

  it('break off after so many coded bytes', async () => {
    const { body } = await coded(page);
    site.faults.set({ path: page, abortAfter: 20 });
    const broken = await coded(page);
    expect([broken.headers['content-length'], broken.complete]).toEqual([String(body.length), false]);
    expect(broken.body.equals(body.subarray(0, 20))).toBe(true);
  });

  it('declare another length than the coded one', async () => {
    const { body } = await coded(page);
    site.faults.set({ path: page, lengthOff: -10 });
    const raw = await rawExchange(site, `GET ${page} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n`);
    expect(raw.toLowerCase()).toContain(`content-length: ${body.length - 10}\r\n`);
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toHaveLength(body.length);
  });

  it('set and remove the fields of the coding like any others', async () => {
    site.faults.set({ path: page, headers: { vary: null, 'content-encoding': 'br' } });
    const { headers } = await coded(page);
    expect([headers.vary, headers['content-encoding']]).toEqual([undefined, 'br']);
  });
});
