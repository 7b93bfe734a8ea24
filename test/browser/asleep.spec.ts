import type { Page } from 'playwright';
import { openDisk } from '../support/disk.js';
import { kept, registrations, remembered } from '../support/leftovers.js';
import { SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

// Browsers stop a worker that nobody asked anything for half a minute; while a test is attached to them they do not.

/** The first visitor only has to have seen them (ms for half a viewport). */
const FAST = 50;

/** Somebody who has seen the shelf, and whose worker has stored it. */
async function visited(stage: Stage, pathname = SHELF): Promise<Visitor> {
  const visitor = await stage.visitor();
  await visitor.page.goto(stage.site.url + pathname);
  await visitor.page.waitForFunction(() => 'peerfold' in window);
  await visitor.page.evaluate(() => window.peerfold.consent(true));
  await visitor.readToEnd(FAST);
  await stage.announced(SHELF_LAZY.length);
  // A statement, a layer and three pieces each: what is not written down is lost with the worker.
  await expect.poll(() => kept(visitor.page), { timeout: 30_000 }).toBeGreaterThan(5 * SHELF_LAZY.length);
  return visitor;
}

/** What the worker has written down under this name. */
async function noted(tab: Page, name: string): Promise<unknown> {
  await openDisk(tab);
  return tab.evaluate(async (key) => new Map(await window.disk.all('index')).get(key), `note:${name}`);
}

test('a worker that was stopped forgets when it is asked, also by a page that was', async ({ stage }) => {
  const visitor = await visited(stage);
  const other = await visitor.newTab();
  await visitor.open(SHELF, other);
  await visitor.page.evaluate(() => window.peerfold.stop());
  await visitor.stopWorker();
  expect(await visitor.page.evaluate(() => window.peerfold.stop({ forget: true }))).toBe(true);
  await expect
    .poll(() => other.evaluate(() => window.peerfold.ready))
    .toEqual({ active: false, reason: 'stopped' });
  await other.close();
  await expect.poll(() => registrations(visitor.page)).toEqual([]);
  expect(await kept(visitor.page)).toBe(0);
  expect(await remembered(visitor.page)).toEqual([]);
});

test('a worker that was stopped hears of a no: the next visit contacts nobody', async ({ stage }) => {
  stage.serve('/asks.html', shelf(tag('data-consent="required"')));
  const visitor = await visited(stage, '/asks.html');
  await visitor.stopWorker();
  await visitor.page.evaluate(() => window.peerfold.consent(false));
  await expect.poll(() => noted(visitor.page, 'allowed')).toBe('false');
  await visitor.page.goto('about:blank');
  await visitor.stopWorker();
  await visitor.clearHttpCache();
  stage.hasherRequests.length = 0;
  await visitor.open('/asks.html?later');
  await visitor.readToEnd(FAST);
  expect(stage.hasherRequests).toEqual([]);
});

test('a visitor who stands still while the worker was stopped helps others all the same', async ({
  stage,
}) => {
  const holder = await visited(stage);
  await holder.stopWorker();
  const visitor = await stage.visitor();
  await visitor.open(SHELF);
  // Whether the holder knows the visitor only its worker can say: it has to be awake for that.
  await visitor.page.waitForFunction(() => window.peerfold.stats().peers.some(({ holds }) => holds > 0));
  await visitor.readToEnd();
  await expectExact(visitor, SHELF_LAZY);
  expect(share(await bytesFor(visitor, SHELF_LAZY), 'peer')).toBeGreaterThanOrEqual(0.5);
});
