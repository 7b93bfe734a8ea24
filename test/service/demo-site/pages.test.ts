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
const PAGES = [
  'index.html',
  'gallery.html',
  'gallery-eager.html',
  'video.html',
  'hls.html',
  'dash.html',
  'live.html',
  'live-dash.html',
];
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
  const found = html.matchAll(/\s(?:src|href|poster|data-playlist|data-manifest)="([^"]*)"/g);
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

it('can say more in the tag of every page than the page does', async () => {
  const attributes = { 'data-beacons': 'http://localhost:8081', 'data-control': '0.5' };
  const addresses = { hasher: 'http://localhost:8081', tracker: 'ws://localhost:8082' };
  const telling = await createDemoSite({ port: 0, ...addresses, attributes });
  try {
    const more = ' data-beacons="http://localhost:8081" data-control="0.5"';
    const { body, headers } = await ask(telling, '/live.html');
    const text = (await pageText('live.html')).replace('src="/peerfold.js"', `$&${more}`);
    expect(body.toString()).toBe(text);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
  } finally {
    await telling.close();
  }
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

describe('the films', () => {
  it.each(PAGES.slice(3))('have a name on %s for who cannot see them', async (name) => {
    const [tag = ''] = (await pageText(name)).match(/<video\b[^>]*>/) ?? [];
    expect(tag).toMatch(/\baria-label="[^"]+"/);
  });
});

describe('the media', () => {
  it('are a film of at least 10 MB', async () => {
    expect((await stat(join(publicFolder, 'media', 'video', 'tides.mp4'))).size).toBeGreaterThan(10_000_000);
  });

  it('are a stream in two renditions, with the same segments for HLS and DASH', async () => {
    const master = (await ask(site, '/media/hls/index.m3u8')).body.toString();
    const manifest = (await ask(site, '/media/hls/manifest.mpd')).body.toString();
    const playlists = master.match(/^[^#\s].*$/gm) ?? [];
    expect(playlists).toEqual(['v0/playlist.m3u8', 'v1/playlist.m3u8']);
    expect(manifest).toContain('media="$RepresentationID$/seg-$Number%03d$.m4s"');
    for (const playlist of playlists) {
      const folder = dirname(playlist);
      expect(manifest).toContain(`<Representation id="${folder}"`);
      const text = (await ask(site, `/media/hls/${playlist}`)).body.toString();
      const segments = text.match(/^[^#\s].*$/gm) ?? [];
      expect(segments).toEqual(Array.from({ length: 15 }, (_, i) => `seg-${String(i).padStart(3, '0')}.m4s`));
      for (const segment of ['init.mp4', ...segments]) {
        const { status, headers } = await ask(site, `/media/hls/${folder}/${segment}`, { method: 'HEAD' });
        expect([segment, status, headers['content-type']]).toEqual([
          segment,
          200,
          segment === 'init.mp4' ? 'video/mp4' : 'video/iso.segment',
        ]);
      }
    }
  });
});

it.each([
  ['hls.min.js', 'hls.js/dist/hls.min.js'],
  ['dash.all.min.js', 'dashjs/dist/modern/umd/dash.all.min.js'],
])('the player %s is the one its makers publish', async (name, packaged) => {
  const published = await readFile(join(root, 'node_modules', packaged));
  expect((await ask(site, `/vendor/${name}`)).body.equals(published)).toBe(true);
});
