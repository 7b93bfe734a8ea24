import { IMAGES, LAZY_IMAGES } from '../support/media.js';
import { page, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

declare global {
  interface Window {
    /** How often an attribute of an image was changed on this page. */
    imageChanges: number;
  }
}

const GALLERY = '/gallery.html';
const CORRIDOR = '/corridor.html';
/** Few enough to come over a slow line while a test waits. */
const HANGING = [...IMAGES.slice(0, 4), ...LAZY_IMAGES.slice(0, 16)];

/** Somebody who has seen all of a page, whose pictures are signed by that. */
async function firstVisitor(stage: Stage, path: string, pictures: number): Promise<Visitor> {
  const visitor = await stage.visitor();
  await visitor.open(path);
  await visitor.page.evaluate(hurryToEnd);
  await visitor.allImagesLoaded();
  await stage.announced(pictures);
  stage.site.log.clear();
  return visitor;
}

/** Opens a page for the first time and is at its end before Peerfold is there: the browser asks for what it passes. */
async function hurriedVisitor(stage: Stage, path: string): Promise<Visitor> {
  const visitor = await stage.visitor();
  await visitor.context.addInitScript(countImageChanges);
  await visitor.page.goto(stage.site.url + path, { waitUntil: 'domcontentloaded' });
  await visitor.page.evaluate(hurryToEnd);
  expect(await visitor.page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
  return visitor;
}

/** Half a viewport with every second frame. Runs in the page. */
async function hurryToEnd(): Promise<void> {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  while (scrollY + innerHeight < document.documentElement.scrollHeight - 2) {
    scrollBy({ top: innerHeight / 2, behavior: 'instant' });
    await frame();
    await frame();
  }
}

/** Runs in the page, before any other script. */
function countImageChanges(): void {
  window.imageChanges = 0;
  const observer = new MutationObserver((changes) => {
    window.imageChanges += changes.filter(({ target }) => target instanceof HTMLImageElement).length;
  });
  observer.observe(document, { subtree: true, attributes: true });
}

/** The attributes of every image as they are now, and as the page's HTML has them; their order says nothing. */
function imagesNowAndBefore(visitor: Visitor): Promise<{ now: string[][]; before: string[][] }> {
  return visitor.page.evaluate(async () => {
    const html = await (await fetch(location.href)).text();
    const attributesOf = ({ images }: Document) =>
      [...images].map(({ attributes }) => [...attributes].map((one) => `${one.name}=${one.value}`).sort());
    return {
      now: attributesOf(document),
      before: attributesOf(new DOMParser().parseFromString(html, 'text/html')),
    };
  });
}

test('pictures that an overrun origin does not begin to send come from peers', async ({ stage }) => {
  await firstVisitor(stage, GALLERY, IMAGES.length);
  stage.site.faults.set({ path: '/media/*', sharedBytesPerSecond: 150_000 });
  const b = await hurriedVisitor(stage, GALLERY);
  await b.allImagesLoaded();

  await expectExact(b, IMAGES);
  expect(share(await bytesFor(b, LAZY_IMAGES), 'peer')).toBeGreaterThan(0.4);
  expect(await b.page.evaluate(() => window.imageChanges)).toBeGreaterThan(0);
  const { now, before } = await imagesNowAndBefore(b);
  expect(now).toHaveLength(IMAGES.length);
  expect(now).toEqual(before);
});

test('without a peer they are left to come as they can, and cost the origin nothing', async ({ stage }) => {
  const pictures = HANGING.map((src, i) => {
    const loading = i < 4 ? '' : ' loading="lazy"';
    return `<p><img src="${src}" alt="" width="1200" height="800"${loading}></p>`;
  });
  stage.serve(CORRIDOR, page(tag(), pictures.join('\n')));
  const a = await firstVisitor(stage, CORRIDOR, HANGING.length);
  await a.leave();
  stage.site.faults.set({ path: '/media/*', latencyMs: 2000, sharedBytesPerSecond: 400_000 });
  const b = await hurriedVisitor(stage, CORRIDOR);
  await b.ready();
  await b.allImagesLoaded();

  await expectExact(b, HANGING);
  expect(await b.page.evaluate(() => window.imageChanges)).toBe(0);
  for (const path of HANGING) expect(stage.browserRequests(path).length, path).toBeLessThanOrEqual(2);
});
