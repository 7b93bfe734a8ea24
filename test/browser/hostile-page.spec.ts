import type { Page } from 'playwright';
import { createDemoSite } from '../../demo-site/server.js';
import { MAX_PEER_WAIT } from '../../sw/bridge.js';
import { openDisk, replacePieces, stored, TAMPERINGS } from '../support/disk.js';
import { EVIL_LENGTH, forgeriesOf, genuineTokens, swappedSubjects } from '../support/forgery.js';
import { flood, impersonate, overhear } from '../support/impostor.js';
import { FILM, originBytes, sha256 } from '../support/media.js';
import { page, SHELF, SHELF_EAGER, SHELF_LAZY, shelf } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, test } from './stage-test.js';

const FEW = SHELF_LAZY.slice(0, 4);
const ALL = [...SHELF_EAGER, ...SHELF_LAZY];
const SMALL = '/small-shelf.html';
const PLAIN = '/plain.html';
const PACE = 100;
/** What a busy machine may add to a deadline before its request reaches the origin (ms). */
const SLACK = 3000;

const RANGES = ['bytes=0-1', 'bytes=0-', 'bytes=100000-299999', 'bytes=-70000'];

/** A visitor whose page has a hostile script that ran first. */
async function victim(stage: Stage): Promise<Visitor> {
  const visitor = await stage.visitor();
  await overhear(visitor.page);
  await visitor.open(SHELF);
  return visitor;
}

/** Parts of a picture, as the page gets them, are parts of the origin's file. */
async function expectExactRanges(page: Page, path: string): Promise<void> {
  const whole = originBytes(path);
  for (const range of RANGES) {
    const got = await page.evaluate(
      async ({ path, range }) => {
        const response = await fetch(path, { headers: { range } });
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
        return {
          status: response.status,
          range: response.headers.get('content-range') ?? '',
          sha256: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        };
      },
      { path, range },
    );
    const [, start, last] = /^bytes (\d+)-(\d+)/.exec(got.range) ?? [];
    expect(got.status, range).toBe(206);
    expect(got.sha256, range).toBe(sha256(whole.subarray(Number(start), Number(last) + 1)));
  }
}

/** Shows these pictures all at once; resolves with when that was. */
async function showAll(page: Page, paths: readonly string[]): Promise<number> {
  return page.evaluate(async (paths) => {
    const started = Date.now();
    await Promise.all(
      paths.map((path) => {
        const image = new Image();
        image.src = path;
        return image.decode();
      }),
    );
    return started;
  }, paths);
}

test('forged pieces, layers and statements change no byte', async ({ stage }) => {
  const b = await victim(stage);
  const genuine = await genuineTokens(stage, [...SHELF_LAZY, FILM]);
  const forged = [...(await forgeriesOf(genuine)), ...swappedSubjects(genuine)];
  await impersonate(b.page, { wait: 3000, needs: 'forged', tokens: [...forged, ...genuine] });
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  await expectExactRanges(b.page, FILM);
  await expectExactRanges(b.page, SHELF_LAZY[0] ?? '');
  const { heard, needs } = await b.page.evaluate(() => ({
    heard: window.impostorHeard,
    needs: window.impostorNeeds,
  }));
  expect(heard['place'], 'questions to the impostor').toBeGreaterThan(0);
  expect(heard['verdict'], 'pieces of the impostor that were judged').toBeGreaterThan(0);
  expect(needs.length).toBeGreaterThan(0);
  expect(needs, 'a forged statement was believed').not.toContain(EVIL_LENGTH);
});

for (const [what, wait, bound] of [
  ['of hours', 3 * 3_600_000, 0],
  ['as long as is well-formed', 120_000, MAX_PEER_WAIT],
] as const) {
  test(`waits ${what}, and silence then: the origin is asked by the worker's own deadline`, async ({
    stage,
  }) => {
    const b = await victim(stage);
    const tokens = await genuineTokens(stage, SHELF_LAZY);
    await impersonate(b.page, { wait, needs: 'silence', tokens });
    stage.site.log.clear();
    const started = await showAll(b.page, SHELF_LAZY);
    await expectExact(b, SHELF_LAZY);
    const times = SHELF_LAZY.map((path) => stage.browserRequests(path)[0]?.time ?? Infinity);
    expect(Math.max(...times) - started).toBeLessThan(bound + SLACK);
  });
}

test('a flood of messages and of hellos: the page is complete and exact', async ({ stage }) => {
  const b = await victim(stage);
  const tokens = await genuineTokens(stage, SHELF_LAZY);
  await impersonate(b.page, { wait: 1000, needs: 'forged', tokens });
  await flood(b.page);
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
});

test('the worker registered again with a query string listens to its own file only', async ({ stage }) => {
  const evil = await createDemoSite({ port: 0, hasher: 'http://localhost:1', tracker: 'ws://localhost:1' });
  try {
    const b = await victim(stage);
    const address = encodeURIComponent(evil.url);
    const script = `/peerfold-sw.js?hasher=${address}&tracker=${address}&include=*&origins=${address}`;
    await b.page.evaluate((script) => navigator.serviceWorker.register(script), script);
    // With nobody left to use the worker before, the new one takes its place.
    await b.page.goto('about:blank');
    await b.stopWorker();
    await b.page.goto(stage.site.url + SHELF, { waitUntil: 'commit' });
    const controller = await b.page.evaluate(() => navigator.serviceWorker.controller?.scriptURL);
    expect(controller).toContain('?');
    await b.ready();
    stage.hasherRequests.length = 0;
    await b.readToEnd(PACE);
    await expectExact(b, ALL);
    expect(evil.log.entries).toEqual([]);
    expect(stage.hasherRequests, 'the site has its own hash service').not.toEqual([]);
  } finally {
    await evil.close();
  }
});

/** A visitor who has seen the small shelf, and whose worker has written all of it to disk. */
async function returning(stage: Stage): Promise<Visitor> {
  stage.serve(SMALL, shelf(undefined, FEW));
  stage.serve(PLAIN, page('', ''));
  const visitor = await stage.visitor();
  await visitor.open(SMALL);
  await visitor.readToEnd(PACE);
  await stored(visitor.page, FEW);
  return visitor;
}

/** Goes where nothing of Peerfold runs, and lets the browser forget everything but the store. */
async function rest(visitor: Visitor, site: string): Promise<void> {
  await visitor.page.goto(site + PLAIN);
  await visitor.clearHttpCache();
  await visitor.stopWorker();
  await openDisk(visitor.page);
}

test('an untouched store serves the next visit', async ({ stage }) => {
  const b = await returning(stage);
  await rest(b, stage.site.url);
  await b.open(SMALL);
  await b.readToEnd(PACE);
  await expectExact(b, FEW);
  expect((await bytesFor(b, FEW)).store).toBeGreaterThan(0);
});

for (const [what, { tamper, leaves }] of Object.entries(TAMPERINGS)) {
  test(`the store, ${what}: the page is complete and exact`, async ({ stage }) => {
    const b = await returning(stage);
    await rest(b, stage.site.url);
    await tamper(b.page);
    // The page that tampered stays, and with it whatever it holds.
    const tab = await b.newTab();
    await b.open(SMALL, tab);
    await b.readToEnd(PACE, tab);
    await expectExact(b, FEW);
    const { bytes } = await b.stats(tab);
    if (leaves === 'nothing') expect(bytes.store, 'what was spoilt').toBe(0);
  });
}

test('the store rewritten under a running worker: the page is complete and exact', async ({ stage }) => {
  const b = await returning(stage);
  await b.clearHttpCache();
  await replacePieces(b.page);
  await b.open(SMALL);
  await b.readToEnd(PACE);
  await expectExact(b, FEW);
});
