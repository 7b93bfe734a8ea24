import { execFile } from 'node:child_process';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoSite, type DemoSite } from '../../../demo-site/server.js';
import { ask } from './fixture.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const publicFolder = join(root, 'demo-site', 'public');
const PAGES = ['index.html', 'gallery.html', 'gallery-eager.html', 'video.html', 'hls.html'];
const TAG =
  '<script async src="/peerfold.js" data-consent="implied" data-upload="20000000" data-overlay></script>';

let site: DemoSite;

beforeAll(async () => {
  site = await createDemoSite({
    port: 0,
    hasher: 'http://localhost:8081',
    tracker: 'ws://localhost:8082',
    scripts: join(root, 'demo-site'),
  });
});
afterAll(() => site.close());

const pageText = (name: string): Promise<string> => readFile(join(publicFolder, name), 'utf8');

/** Every address that a page names in an attribute. */
function addresses(html: string): string[] {
  const found = html.matchAll(/\s(?:src|href|poster|data-playlist|data-copy)="([^"]*)"/g);
  return [...new Set([...found].map((match) => match[1] ?? ''))];
}

describe.each(PAGES)('%s', (name) => {
  it('has the tag exactly once and nothing else of Peerfold', async () => {
    const html = await pageText(name);
    expect(html.split(TAG)).toHaveLength(2);
    expect(html.replace(TAG, '').match(/<script[^>]*peerfold/g)).toBeNull();
  });

  it('names only addresses of its own site, and all of them answer', async () => {
    const built = /^\/peerfold(-sw)?\.js$/;
    for (const address of addresses(await pageText(name))) {
      expect(address).toMatch(/^(\/(?!\/)|#)/);
      if (address.startsWith('#') || built.test(address)) continue;
      expect([address, (await ask(site, address)).status]).toEqual([address, 200]);
    }
  });

  it('is served as committed', async () => {
    expect((await ask(site, `/${name}`)).body.toString()).toBe(await pageText(name));
  });
});

it('styles and scripts of the pages load nothing from elsewhere', async () => {
  const names = (await readdir(publicFolder)).filter((name) => /\.(css|js)$/.test(name));
  expect(names).not.toEqual([]);
  for (const name of names) expect(await pageText(name)).not.toMatch(/https?:|url\(|@import/);
});

describe('the gallery', () => {
  const images = async (name: string): Promise<string[]> =>
    (await pageText(name)).match(/<img\b[^>]*>/g) ?? [];

  it('shows at least 40 pictures with their sizes, six of them eager', async () => {
    const tags = await images('gallery.html');
    expect(tags.length).toBeGreaterThanOrEqual(40);
    expect(tags.every((tag) => /width="\d+"\s+height="\d+"/.test(tag) && /alt="[^"]+"/.test(tag))).toBe(true);
    expect(tags.map((tag) => tag.includes('loading="lazy"'))).toEqual(tags.map((_tag, place) => place >= 6));
  });

  it('has the same pictures on the eager page', async () => {
    const files = (tags: string[]): (string | undefined)[] =>
      tags.map((tag) => /src="([^"]+)"/.exec(tag)?.[1]);
    const eager = await images('gallery-eager.html');
    expect(eager.some((tag) => tag.includes('loading'))).toBe(false);
    expect(files(eager)).toEqual(files(await images('gallery.html')));
  });

  it('is what the script writes from the index', async () => {
    const script = join(root, 'demo-site', 'make-pages.mjs');
    await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toMatchObject({
      stderr: '',
    });
  });
});

describe('the media', () => {
  it('are a film of at least 10 MB and a stream whose segments exist', async () => {
    expect((await stat(join(publicFolder, 'media', 'video', 'tides.mp4'))).size).toBeGreaterThan(10_000_000);
    const master = (await ask(site, '/media/hls/index.m3u8')).body.toString();
    const playlist = /^[^#\s].*$/m.exec(master)?.[0] ?? '';
    const folder = dirname(`/media/hls/${playlist}`);
    const text = (await ask(site, `/media/hls/${playlist}`)).body.toString();
    const segments = text.match(/^[^#\s].*$/gm) ?? [];
    expect(segments.length).toBeGreaterThan(10);
    for (const segment of segments) {
      const { status, headers } = await ask(site, `${folder}/${segment}`, { method: 'HEAD' });
      expect([status, headers['content-type']]).toEqual([200, 'video/iso.segment']);
    }
  });
});

it('the player is the one its makers publish', async () => {
  const published = await readFile(join(root, 'node_modules', 'hls.js', 'dist', 'hls.min.js'));
  expect((await ask(site, '/vendor/hls.min.js')).body.equals(published)).toBe(true);
});
