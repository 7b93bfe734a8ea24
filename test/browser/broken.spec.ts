import { makeHostile, type Malice } from '../support/hostile-peer.js';
import { FILM, originBytes, sha256 } from '../support/media.js';
import { SHELF, SHELF_LAZY } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, test } from './stage-test.js';

/** A visitor who has seen the gallery and offers it. */
async function seeder(stage: Stage, malice?: Malice): Promise<Visitor> {
  const a = await stage.visitor();
  if (malice) await makeHostile(a.context, malice);
  await a.open(SHELF);
  await a.readToEnd(100);
  await stage.announced(SHELF_LAZY.length);
  return a;
}

test('tracker down: the page is complete', async ({ stage }) => {
  await stage.stopTracker();
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.readToEnd(100);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).http).toBeGreaterThan(0);
});

test('hash service down: the page is complete', async ({ stage }) => {
  await stage.stopHasher();
  const b = await stage.visitor();
  await b.page.goto(stage.site.url + SHELF);
  await b.readToEnd(100);
  await expectExact(b, SHELF_LAZY);
});

test('the only peer leaves in the middle of a piece: the page is complete', async ({ stage }) => {
  const a = await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  const reading = b.readToEnd(100);
  await b.page.waitForFunction(() => window.peerfold.stats().bytes.peer > 0);
  await a.leave();
  await reading;
  await expectExact(b, SHELF_LAZY);
});

test('the main thread is blocked: images come from the origin meanwhile', async ({ stage }) => {
  await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  stage.site.log.clear();
  const path = SHELF_LAZY.at(-1) ?? '';
  const unblocked = await b.page.evaluate(async (path) => {
    const image = new Image();
    image.src = path;
    const until = Date.now() + 3000;
    await new Promise((resolve) => setTimeout(resolve));
    while (Date.now() < until);
    await image.decode();
    return until;
  }, path);
  const request = stage.browserRequests(path)[0];
  expect(request?.time, 'asked while the page was blocked').toBeLessThan(unblocked);
  await expectExact(b, [path]);
});

test('the worker is restarted: the page is complete, and peers help again', async ({ stage }) => {
  await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.stopWorker();
  await b.readToEnd(100);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
});

test('IndexedDB is unavailable: peers help all the same', async ({ stage }) => {
  const worker = await (await fetch(`${stage.site.url}/peerfold-sw.js`)).text();
  const broken = 'Object.defineProperty(self, "indexedDB", { get() { throw new Error("disabled"); } });\n';
  stage.site.faults.set({ path: '/peerfold-sw.js', content: broken + worker });
  await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.readToEnd(100);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
});

test('the file is replaced between token and fallback: the new file, whole', async ({ stage }) => {
  const a = await seeder(stage, 'silence');
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  const path = SHELF_LAZY[3] ?? '';
  const replacement = Buffer.from(originBytes(path)).fill(7, 100_000);
  stage.site.faults.set({ path, content: replacement });
  await a.page.evaluate(() => 0);
  await b.readToEnd(100);
  const received = (await b.received()).filter((one) => one.path === path);
  expect(received.length).toBeGreaterThan(0);
  for (const one of received) expect(one.sha256).toBe(sha256(replacement));
});

test('the film is replaced while it plays: no byte of a mixture', async ({ stage }) => {
  const b = await stage.visitor();
  await b.open('/video.html');
  const before = originBytes(FILM);
  const after = Buffer.from(before).fill(9, 4_000_000);
  const read = (range: string) =>
    b.page.evaluate(
      async ({ url, range }) => {
        const response = await fetch(url, { headers: { range } });
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
        const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        return { status: response.status, sha256 };
      },
      { url: FILM, range },
    );
  const first = await read('bytes=0-99999');
  expect(first.sha256).toBe(sha256(before.subarray(0, 100_000)));
  stage.site.faults.set({ path: FILM, content: after });
  const second = await read('bytes=5000000-5099999');
  // Chromium may revalidate with If-Range, and then the origin rightly sends the new file whole.
  const wanted = second.status === 206 ? after.subarray(5_000_000, 5_100_000) : after;
  expect(second.sha256).toBe(sha256(wanted));
});
