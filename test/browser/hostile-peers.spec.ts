import type { Browser } from 'playwright';
import { MAX_IMAGE_WAIT } from '../../src/core/deadline.js';
import { makeHostile, MALICES, type Malice } from '../support/hostile-peer.js';
import { IMAGES } from '../support/media.js';
import { page, tag } from '../support/pages.js';
import { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, test as staged } from './stage-test.js';

declare global {
  interface Window {
    /** Peers that this page was linked to, and why links ended; kept by `takeNotes`. */
    linked: Set<number>;
    ended: (string | undefined)[];
  }
}

/** What the visitor has and all others look for, so that they link to whom they are to let down. */
const LURE = IMAGES[0] ?? '';
/** What all hostile visitors and the honest one hold, what the honest one alone holds, and one of each hostile. */
const OF_ALL = IMAGES.slice(1, 4);
const OF_HONEST = IMAGES.slice(4, 7);
const OF_HOSTILE = IMAGES.slice(7);
/** So many of the hostile ones come before the others. */
const EARLY = 2;
/** Milliseconds that a busy machine may add to a deadline. */
const TOLERANCE = 1000;
/** What the page may hold after all this (bytes), besides what it held before. */
const GROWTH = 16 * 2 ** 20;

/** Peers have as long as any picture leaves them, so that each of them is asked, however slow the machine is. */
const test = staged.extend({
  stage: async ({}, use) => {
    const stage = await Stage.open({ literal: { fallbackMs: MAX_IMAGE_WAIT } });
    await use(stage);
    await stage.close();
  },
});

function farBelow(pictures: readonly string[]): string {
  const images = pictures.map((src) => `<img src="${src}" alt="" width="1200" height="400" loading="lazy">`);
  return `<div style="height: 4200px"></div>${images.join('\n')}`;
}

/** Somebody who has seen these pictures, and offers them. */
async function holder(
  stage: Stage,
  browser: Browser,
  { name, malice, pictures }: { name: string; malice?: Malice; pictures: readonly string[] },
): Promise<Visitor> {
  const path = `/${name}.html`;
  const seen = pictures.map((src) => `<img src="${src}" alt="" width="200" height="150">`);
  stage.serve(path, page(tag(), seen.join('\n') + farBelow([LURE])));
  const visitor = await stage.visitor({ browser });
  if (malice) await makeHostile(visitor.context, malice);
  await visitor.open(path);
  return visitor;
}

/** The hash service is slow with layers, so that those of peers come first. Runs in the page, before any other script. */
function delayLayers(): void {
  const fetch = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const isLayer = typeof input === 'string' && input.includes('/v1/layers/');
    if (isLayer) await new Promise((resolve) => setTimeout(resolve, 1500));
    return fetch(input, init);
  };
}

/** Notes who is linked to, and why links end. Runs in the page. */
function takeNotes(): void {
  window.linked = new Set();
  window.ended = [];
  window.peerfold.addEventListener('peer', (event) => {
    const { state, peer, reason } = event.detail;
    if (state === 'up') window.linked.add(peer);
    else window.ended.push(reason);
  });
}

/** Bytes that the page's scripts hold. */
async function heapOf({ context, page }: Visitor): Promise<number> {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize + backingStorageSize;
}

/** Makes the page load these, whatever it shows. Runs in the page. */
async function load(pictures: readonly string[]): Promise<void> {
  await Promise.all(
    pictures.map((src) => {
      const image = new Image();
      image.src = src;
      return image.decode();
    }),
  );
}

/** A visitor to whom hostile peers, each bad in its own way, and an honest one have linked; all hold what it will see. */
async function surrounded(
  stage: Stage,
  browser: Browser,
  { kinds, pictures }: { kinds: readonly Malice[]; pictures: readonly string[] },
): Promise<{ b: Visitor; hostile: Visitor[] }> {
  stage.serve('/visitor.html', page(tag(), `<img src="${LURE}" alt="">${farBelow(pictures)}`));
  const b = await stage.visitor({ browser });
  await b.context.addInitScript(delayLayers);
  await b.open('/visitor.html');
  await b.page.evaluate(takeNotes);
  await stage.announced(1);
  const linkedTo = (count: number) => b.page.waitForFunction((count) => window.linked.size === count, count);
  const arrive = (malice: Malice, i: number) =>
    holder(stage, browser, { name: malice, malice, pictures: [OF_HOSTILE[i] ?? ''] });
  // There are eight places: those that give themselves away make room for the others.
  const early = await Promise.all(kinds.slice(0, EARLY).map(arrive));
  await linkedTo(EARLY);
  const late = await Promise.all([
    holder(stage, browser, { name: 'honest', pictures: OF_HONEST }),
    ...kinds.slice(EARLY).map((malice, i) => arrive(malice, EARLY + i)),
  ]);
  await linkedTo(kinds.length + 1);
  // Only now, or they would look for this, too, and link to each other.
  await Promise.all([...early, ...late].map((one) => one.page.evaluate(load, OF_ALL)));
  await stage.announced(1 + kinds.length + OF_HONEST.length + (kinds.length + 1) * OF_ALL.length);
  return { b, hostile: [...early, ...late.slice(1)] };
}

async function expectUnharmed(stage: Stage, browser: Browser, kinds: readonly Malice[]): Promise<void> {
  const pictures = [...OF_ALL, ...OF_HOSTILE.slice(0, kinds.length), ...OF_HONEST];
  const { b, hostile } = await surrounded(stage, browser, { kinds, pictures });
  const before = await heapOf(b);
  await b.readToEnd(150);

  await expectExact(b, pictures);
  expect((await bytesFor(b, OF_HONEST)).peer).toBeGreaterThan(0);
  for (const { url, origin } of (await b.stats()).resources)
    expect(origin?.after ?? 0, url).toBeLessThan(MAX_IMAGE_WAIT + TOLERANCE);
  const asked = await Promise.all(hostile.map((one) => one.page.evaluate(() => window.tamperedFrames > 0)));
  const active = kinds.filter((_, i) => asked[i]);
  // Links that were idle for long make room; on a very slow machine one may go before it is asked for anything.
  expect(active.length, active.join()).toBeGreaterThanOrEqual(kinds.length - 1);
  await expectEnded(b, active);
  expect(await heapOf(b)).toBeLessThan(before + GROWTH);
}

/** Whoever gave cause for it was thrown out, once and for good, and nobody else was. */
async function expectEnded(b: Visitor, kinds: readonly Malice[]): Promise<void> {
  const ended = await b.page.evaluate(() => window.ended);
  for (const reason of ['banned', 'hostile'] as const) {
    const guilty = kinds.filter((kind) => (MALICES[reason] as readonly Malice[]).includes(kind));
    expect(
      ended.filter((one) => one === reason),
      reason,
    ).toHaveLength(guilty.length);
  }
}

test('four peers of five are hostile: other bytes, false layers, nothing', async ({ stage, browser }) => {
  await expectUnharmed(stage, browser, ['middle-leaf', 'other-file', 'false-layer', 'silence']);
});

test('nine peers of ten are hostile, each in a way of its own', async ({ stage, browser }) => {
  await expectUnharmed(stage, browser, [
    ...(['noise', 'flood', 'short', 'long', 'wrong-offset', 'a-byte-a-second'] as const),
    ...(['first-leaf', 'last-leaf', 'silence'] as const),
  ]);
});
