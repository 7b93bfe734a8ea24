import type { Page } from 'playwright';
import { workerFile } from '../../demo-site/files.js';
import { FILM, LAZY_IMAGES, originSha256, SEGMENTS } from '../support/media.js';
import { page, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { expect, test } from './stage-test.js';

declare global {
  interface Window {
    /** Bytes of the segment that the page was given so far. */
    got: number;
  }
}

const BARE = '/bare.html';
const SLOW_PEER = '/slow-peer.html';
const SEGMENT = SEGMENTS[2] ?? '';
/** Time enough for peers to begin: nothing here is in a hurry (ms). */
const FALLBACK = 4000;

/**
 * Origins as sites have them that were not made with Peerfold in mind: with the least of CORS, with no idea of a film's
 * length, slow. One origin is named in `origins`, and lets scripts read no more headers than it must.
 */
async function otherOrigin(stage: Stage): Promise<string> {
  const { url, faults } = stage.site;
  const other = url.replace('localhost', '127.0.0.1');
  await stage.stopHasher();
  await stage.startHasher({ origins: [url, other] });
  const services = {
    hasher: `http://localhost:${stage.ports.hasher}`,
    tracker: `ws://localhost:${stage.ports.tracker}`,
  };
  const literal = { ...services, include: ['/media/*'], origins: [other], fallbackMs: FALLBACK };
  stage.serve('/peerfold-sw.js', workerFile(literal));
  for (const path of [FILM, SEGMENT]) faults.set({ path, headers: { 'access-control-allow-origin': '*' } });
  return other;
}

/** A visitor of a page without media whose worker and engine are at work. */
async function visitor(stage: Stage, path = BARE): Promise<Visitor> {
  stage.serve(BARE, page(tag(), '<p>Nothing yet.</p>'));
  stage.serve(SLOW_PEER, page(tag('data-consent="implied" data-upload="150000"'), '<p>Nothing yet.</p>'));
  const before = await stage.gauge('visitors');
  const one = await stage.visitor();
  await one.open(path);
  await one.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await expect.poll(() => stage.gauge('visitors')).toBe(before + 1);
  return one;
}

/** Plays `src` far beyond what a first slice holds; gives what the element says is wrong. */
function play(one: Page, src: string, crossOrigin: string | null): Promise<string | undefined> {
  return one.evaluate(
    async ([src, crossOrigin]) => {
      const video = document.createElement('video');
      Object.assign(video, { muted: true, crossOrigin, src });
      document.body.append(video);
      video.playbackRate = 8;
      await video.play().catch(() => undefined);
      return new Promise<string | undefined>((resolve) => {
        const look = (): void => {
          if (video.error) resolve(video.error.message);
          else if (video.currentTime > 10) resolve(undefined);
        };
        video.onerror = look;
        video.ontimeupdate = look;
        look();
      });
    },
    [src, crossOrigin] as const,
  );
}

test('a film with crossorigin plays, whatever its origin lets scripts read, before it is signed and after', async ({
  stage,
}) => {
  const other = await otherOrigin(stage);
  const one = await visitor(stage);
  expect(await play(one.page, other + FILM, 'anonymous')).toBeUndefined();
  await expect(async () => {
    await one.clearHttpCache();
    stage.site.log.clear();
    await one.open(BARE);
    expect(await play(one.page, other + FILM, 'anonymous')).toBeUndefined();
    // Only of what is signed the worker asks for a part of its own.
    expect(stage.browserRequests(FILM).map(({ range }) => range)).toContain('bytes=0-524287');
  }).toPass();
});

test('a film plays whose length the server does not know', async ({ stage }) => {
  stage.site.faults.set({ path: FILM, unknownLength: true });
  const one = await visitor(stage);
  expect(await play(one.page, FILM, null)).toBeUndefined();
  expect(stage.browserRequests(FILM).map(({ range }) => range)).toEqual(['bytes=0-524287', 'bytes=0-']);
});

test('pictures that the page gives up make way for the next one', async ({ stage }) => {
  const one = await visitor(stage);
  // Not where tests look at bodies: Playwright would fetch those that were given up.
  const pictures = LAZY_IMAGES.slice(0, 6).map((contentOf, i) => {
    const path = `/slow/${i}`;
    stage.site.faults.set({ path, contentOf, bytesPerSecond: 10_000 });
    return path;
  });
  await one.page.evaluate((paths) => {
    for (const path of paths) document.body.append(Object.assign(new Image(100, 100), { src: path }));
  }, pictures);
  const asked = () => pictures.flatMap((path) => stage.browserRequests(path));
  await expect.poll(() => asked().filter(({ bytes }) => bytes > 0).length).toBe(pictures.length);
  expect(asked().map(({ headers }) => headers['sec-fetch-dest'])).toEqual(pictures.map(() => 'empty'));

  await one.page.evaluate(async (next) => {
    // One that is only removed from the page goes on loading.
    for (const image of document.images) image.src = 'data:,';
    await Object.assign(new Image(), { src: next }).decode();
  }, LAZY_IMAGES[6] ?? '');
  await expect.poll(() => asked().map(({ ended }) => ended !== undefined)).not.toContain(false);
  expect(asked().map(({ complete }) => complete)).not.toContain(true);
});

test('a segment of another origin is whole when the only peer leaves midway', async ({ stage }) => {
  const url = (await otherOrigin(stage)) + SEGMENT;
  const a = await visitor(stage, SLOW_PEER);
  await a.page.evaluate(async (url) => (await fetch(url)).arrayBuffer(), url);
  await stage.announced(1);
  const b = await visitor(stage);
  const reading = b.page.evaluate(async (url) => {
    const parts: BlobPart[] = [];
    window.got = 0;
    for await (const part of (await fetch(url)).body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      parts.push(part);
      window.got += part.byteLength;
    }
    const digest = await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }, url);
  await b.page.waitForFunction(() => window.got > 0);
  await a.leave();
  expect(await reading).toBe(originSha256(SEGMENT));
  await expect.poll(async () => (await b.stats()).resources).toHaveLength(1);
  const [report] = (await b.stats()).resources;
  // One request in a hundred is a canary, which asks the origin alone.
  if (report?.fallback !== 'canary') expect(report?.bytes.peer).toBeGreaterThan(0);
  expect(report?.bytes.http).toBeGreaterThan(0);
});
