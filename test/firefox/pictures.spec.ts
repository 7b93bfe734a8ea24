import { bytesFor, expect, expectExact, share } from '../browser/stage-test.js';
import { LAZY_IMAGES } from '../support/media.js';
import { page, SHELF, SHELF_LAZY, tag } from '../support/pages.js';
import { test } from './firefox-test.js';

/** The first visitor only has to have seen them (ms for half a viewport). */
const FAST = 100;
const OTHERS = '/others.html';

test('Firefox gets from Chromium what that has seen of the gallery', async ({ stage, firefox }) => {
  const chromium = await stage.visitor();
  await chromium.open('/gallery.html');
  await chromium.readToEnd(FAST);
  await stage.announced(LAZY_IMAGES.length);

  await firefox.open('/gallery.html');
  await firefox.linked();
  await firefox.readToEnd();

  await expectExact(firefox, LAZY_IMAGES);
  expect(share(await bytesFor(firefox, LAZY_IMAGES), 'peer')).toBeGreaterThanOrEqual(0.5);
  expect((await chromium.stats()).uploaded).toBeGreaterThan(0);
  // Resource Timing of Firefox does not tell what the worker answered, and counted.
  const { resources } = await firefox.stats();
  expect(resources.length).toBe(new Set(resources.map(({ url }) => url)).size);
});

test('Chromium gets from Firefox what that has seen of a page', async ({ stage, firefox }) => {
  await firefox.open(SHELF);
  await firefox.readToEnd(FAST);
  await stage.announced(SHELF_LAZY.length);

  const chromium = await stage.visitor();
  await chromium.open(SHELF);
  await chromium.linked();
  await chromium.readToEnd();

  await expectExact(chromium, SHELF_LAZY);
  expect(share(await bytesFor(chromium, SHELF_LAZY), 'peer')).toBeGreaterThanOrEqual(0.5);
  expect((await firefox.stats()).uploaded).toBeGreaterThan(0);
});

test('what the worker left to Firefox is counted with the worker’s reason', async ({ stage, firefox }) => {
  // Pictures that its store cannot have by then.
  const others = LAZY_IMAGES.slice(-2);
  stage.serve(OTHERS, page(tag(), others.map((src) => `<img src="${src}" alt="">`).join('')));
  await firefox.open(SHELF);
  await firefox.open(OTHERS);
  await firefox.page.waitForFunction(() => window.peerfold.stats().resources.length > 0);
  for (const { url, fallback } of (await firefox.stats()).resources) expect(fallback, url).toBe('no-engine');
});
