import type { Page } from 'playwright';
import { IMPLIED, page, SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, test } from './stage-test.js';

const PACE = 100;
const PLAIN = '/plain.html';
const SLOWLY = '/slowly.html';
/** Bytes per second: the shelf's pictures have 1.9 MB. */
const SLOW_UPLOAD = 400_000;
/** How long a site may be without a leader (ms). */
const TAKEOVER = { timeout: 1000 };

/** Somebody who has seen the shelf and offers it. */
async function seeder(stage: Stage, path = SHELF): Promise<Visitor> {
  const a = await stage.visitor();
  await a.open(path);
  await a.readToEnd(PACE);
  await stage.announced(SHELF_LAZY.length);
  stage.site.log.clear();
  return a;
}

function linksOf(visitor: Visitor, tab: Page): () => Promise<number> {
  return async () => (await visitor.stats(tab)).links;
}

/** Whether a tab of this browser, and only one, holds the leader's lock. */
async function expectLeader(tab: Page): Promise<void> {
  const holders = () =>
    tab.evaluate(async () => {
      const { held } = await navigator.locks.query();
      return held?.filter(({ name }) => name === 'peerfold-leader').length;
    });
  await expect.poll(holders, TAKEOVER).toBe(1);
}

/** No byte of any picture was asked of the origin more than once. */
function expectNothingTwice(stage: Stage): void {
  for (const path of SHELF_LAZY) {
    const asked = stage.browserRequests(path).map(({ range }) => rangeIn(range));
    asked.sort(([a], [b]) => a - b);
    for (const [i, [begin]] of asked.entries())
      expect(begin, `${path}: ${JSON.stringify(asked)}`).toBeGreaterThan(asked[i - 1]?.[1] ?? -1);
  }
}

/** First and last byte of what a request was for. */
function rangeIn(range: string | undefined): [first: number, last: number] {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  return [Number(first ?? 0), last ? Number(last) : Number.POSITIVE_INFINITY];
}

test('the leader is closed while it fetches for another tab, which goes on by itself', async ({ stage }) => {
  stage.serve(SLOWLY, shelf(tag(IMPLIED.replace(/data-upload="\d+"/, `data-upload="${SLOW_UPLOAD}"`))));
  const a = await seeder(stage, SLOWLY);
  const b = await stage.visitor();
  await b.open(SHELF);
  const leader = await b.newTab();
  await b.open(SHELF, leader);
  await b.linked(leader);
  await expect.poll(linksOf(b, b.page)).toBe(0);
  // The first picture is in view, and the next ones soon will be.
  await b.page.evaluate(() => {
    scrollTo(0, 3400);
  });
  await expect.poll(async () => (await a.stats()).uploaded).toBeGreaterThan(0);
  await leader.close();
  await expectLeader(b.page);
  await b.linked();
  await b.readToEnd(250);

  await expectExact(b, SHELF_LAZY);
  expectNothingTwice(stage);
  expect((await bytesFor(b, SHELF_LAZY.slice(5))).peer, 'after the takeover').toBeGreaterThan(0);
});

test('the tab in front leads, and what one tab has is fetched by no other', async ({ stage }) => {
  await seeder(stage);
  const b = await stage.visitor({ hiddenTabs: true });
  await b.open(SHELF);
  await b.linked();
  await b.readToEnd(PACE);
  const other = await b.newTab();
  await b.open(SHELF, other);
  await b.linked(other);
  await expectLeader(other);
  await expect.poll(linksOf(b, b.page)).toBe(0);
  await b.readToEnd(PACE, other);
  await expectExact(b, SHELF_LAZY);
  const { peer } = (await b.stats(other)).bytes;
  expect(peer, 'the second tab has it all from the first').toBe(0);
  expectNothingTwice(stage);

  await b.page.bringToFront();
  await b.linked();
  await expectLeader(b.page);
  await expect.poll(linksOf(b, other)).toBe(0);
  await other.bringToFront();
  await b.linked(other);
  await other.close();
  await b.linked();
});

test('a visitor is offline for a while: links come back, and pictures from peers', async ({ stage }) => {
  await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.context.setOffline(true);
  await expect.poll(linksOf(b, b.page)).toBe(0);
  await b.context.setOffline(false);
  await b.linked();
  await b.readToEnd(PACE);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
});

test('a hidden tab is frozen and thawed: links come back, and pictures from peers', async ({ stage }) => {
  const a = await seeder(stage);
  stage.serve(PLAIN, page('', 'elsewhere'));
  const b = await stage.visitor({ hiddenTabs: true });
  await b.open(SHELF);
  await b.linked();
  const session = await b.context.newCDPSession(b.page);
  const elsewhere = await b.newTab();
  await elsewhere.goto(stage.site.url + PLAIN);
  expect((await b.stats()).links, 'hidden, and not yet frozen').toBeGreaterThan(0);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await expect.poll(linksOf(a, a.page)).toBe(0);
  await expect.poll(() => stage.gauge('visitors')).toBe(1);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await b.page.bringToFront();
  await b.linked();
  await b.readToEnd(PACE);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
});
