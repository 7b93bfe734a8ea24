import { stored } from '../support/disk.js';
import { IMAGES } from '../support/media.js';
import { page } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

const EAGER = '/gallery-eager.html';
const PLAIN = '/plain.html';

/** Opens the eager gallery; resolves, once every picture is there, to when `load` came (ms). */
async function load(visitor: Visitor, site: string): Promise<number> {
  await visitor.page.goto(site + EAGER);
  await visitor.allImagesLoaded();
  return visitor.page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation');
    return (entry as PerformanceNavigationTiming).loadEventStart;
  });
}

/** A visitor who has seen the eager gallery before and has all of it in the store, and offers it. */
async function returning(stage: Stage): Promise<Visitor> {
  stage.serve(PLAIN, page('', ''));
  const visitor = await stage.visitor();
  await visitor.open(EAGER);
  await visitor.allImagesLoaded();
  // The page that is under the worker's control takes its pictures from the browser's cache, and keeps them.
  await visitor.open(EAGER);
  await visitor.allImagesLoaded();
  await stored(visitor.page, IMAGES);
  return visitor;
}

/** As if the browser had been closed: worker gone, HTTP cache empty. */
async function rest(visitor: Visitor, site: string): Promise<void> {
  await visitor.page.goto(site + PLAIN);
  await visitor.stopWorker();
  await visitor.clearHttpCache();
}

/** Deletes the store; the worker that had it open must have been stopped. */
async function emptyStore(visitor: Visitor): Promise<void> {
  await visitor.page.evaluate(async () => {
    for (const name of ['peerfold-index', 'peerfold-pieces']) {
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => {
          resolve();
        };
        request.onerror = () => {
          reject(request.error ?? new Error(`cannot delete ${name}`));
        };
      });
    }
  });
}

function note(type: string, description: string): void {
  test.info().annotations.push({ type, description });
}

test('eager images of a first visit are shared, and cost the origin no second request', async ({ stage }) => {
  const a = await stage.visitor();
  await a.open(EAGER);
  await a.allImagesLoaded();
  await stage.announced(IMAGES.length);
  await expectExact(a, IMAGES);
  for (const path of IMAGES) expect(stage.browserRequests(path), path).toHaveLength(1);
  expect(share(await bytesFor(a, IMAGES), 'http')).toBe(1);
});

test('eager images of a returning visitor come from the store', async ({ stage }) => {
  const b = await returning(stage);
  await rest(b, stage.site.url);
  await load(b, stage.site.url);
  await expectExact(b, IMAGES);
  // One in a hundred is fetched from the origin on purpose, to compare; it says nothing about the store.
  const { resources } = await b.stats();
  const canaries = resources
    .filter(({ fallback }) => fallback === 'canary')
    .map(({ url }) => new URL(url).pathname);
  const others = IMAGES.filter((path) => !canaries.includes(path));
  expect(share(await bytesFor(b, others), 'store')).toBeGreaterThanOrEqual(0.95);
  expect(canaries.length).toBeLessThan(IMAGES.length / 4);
});

test('eager images with an emptied store: complete and exact, and what it costs', async ({ stage }) => {
  test.setTimeout(120_000);
  await returning(stage);
  await stage.announced(IMAGES.length);
  const off = await stage.visitor();
  await off.context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });
  });
  const without = await load(off, stage.site.url);
  await off.leave();

  const b = await returning(stage);
  await rest(b, stage.site.url);
  await emptyStore(b);
  const within = await load(b, stage.site.url);
  await expectExact(b, IMAGES);
  const bytes = await bytesFor(b, IMAGES);
  expect(bytes.store + bytes.cache).toBe(0);
  note('share from peers', `${(100 * share(bytes, 'peer')).toFixed(1)} %`);
  note('load event', `${within.toFixed(0)} ms, without Peerfold ${without.toFixed(0)} ms`);
});
