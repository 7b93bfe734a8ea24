import type { Request } from 'playwright';
import { createDemoSite } from '../../demo-site/server.js';
import { connections, countConnections } from '../support/connections.js';
import { originBytes, originSha256, sha256 } from '../support/media.js';
import { IMPLIED, page, SHELF, SHELF_EAGER, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import { openUnattended } from '../support/unattended.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, test } from './stage-test.js';

const ALL = [...SHELF_EAGER, ...SHELF_LAZY];
const [FIRST = '', SECOND = ''] = SHELF_LAZY;
const PLAIN = '/plain.html';
const PACE = 100;

/** A visitor whose worker controls the page it is on. */
async function controlled(stage: Stage, path = SHELF): Promise<Visitor> {
  const visitor = await stage.visitor();
  await visitor.open(path);
  return visitor;
}

async function seeder(stage: Stage): Promise<Visitor> {
  const a = await controlled(stage);
  await a.readToEnd(PACE);
  await stage.announced(SHELF_LAZY.length);
  return a;
}

test.describe('frames', () => {
  for (const [what, head] of [
    ['without the tag', ''],
    ['with the tag', tag()],
  ] as const) {
    test(`a frame ${what}: its images are complete, and it runs no Peerfold`, async ({ stage }) => {
      stage.serve('/frame.html', shelf(head));
      stage.serve('/host.html', page(tag(), '<iframe src="/plain.html" width="800" height="700"></iframe>'));
      stage.serve(PLAIN, page('', ''));
      const b = await controlled(stage, '/host.html');
      const errors: string[] = [];
      b.page.on('pageerror', (error) => errors.push(error.message));
      const [, frame] = b.page.frames();
      if (!frame) throw new Error('the page has no frame');
      await frame.goto(`${stage.site.url}/frame.html`);
      await frame.evaluate(async () => {
        for (const image of document.images) {
          image.loading = 'eager';
          await image.decode();
        }
      });
      await expectExact(b, ALL);
      expect(await frame.evaluate(() => 'peerfold' in window)).toBe(false);
      expect(await b.page.evaluate(() => 'peerfold' in window)).toBe(true);
      expect(errors).toEqual([]);
    });
  }
});

test('a dedicated worker gets an included URL whole, and parts of it', async ({ stage }) => {
  const script = `onmessage = async ({ data: [url, range] }) => {
    const response = await fetch(url, range ? { headers: { range } } : {});
    postMessage({ status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) });
  };`;
  stage.serve('/reader.js', script);
  await seeder(stage);
  const b = await controlled(stage);
  await b.linked();
  const read = (range: string) =>
    b.page.evaluate(
      async ([url, range]) => {
        const worker = new Worker('/reader.js');
        worker.postMessage([url, range]);
        const { data } = await new Promise<MessageEvent<{ status: number; bytes: Uint8Array<ArrayBuffer> }>>(
          (resolve) => {
            worker.onmessage = resolve;
          },
        );
        worker.terminate();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data.bytes));
        return {
          status: data.status,
          sha256: [...digest].map((b) => b.toString(16).padStart(2, '0')).join(''),
        };
      },
      [FIRST, range] as const,
    );
  expect(await read('')).toEqual({ status: 200, sha256: originSha256(FIRST) });
  const part = originBytes(FIRST).subarray(1000, 70_000);
  expect(await read('bytes=1000-69999')).toEqual({ status: 206, sha256: sha256(part) });
});

test('a prefetched image is fetched once, and shown', async ({ stage }) => {
  const b = await controlled(stage);
  stage.site.log.clear();
  await b.page.evaluate(async (href) => {
    const link = Object.assign(document.createElement('link'), { rel: 'prefetch', href });
    const loaded = new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = reject;
    });
    document.head.append(link);
    await loaded;
    const image = new Image();
    image.src = href;
    await image.decode();
  }, FIRST);
  const requests = stage.browserRequests(FIRST);
  expect(requests).toHaveLength(1);
  await expectExact(b, [FIRST]);
});

/** Goes to the prerendered page as soon as the site says `/go`. */
const START = `<script type="speculationrules">{"prerender":[{"urls":["/next.html"],"eagerness":"immediate"}]}</script>
  <script>setInterval(async () => { if ((await fetch('/go')).ok) location.href = '/next.html'; }, 200)</script>`;

/** Says when it was prerendered, long enough after that for a loader that did not wait to have begun. */
const NEXT = `<script>
  addEventListener('load', () => setTimeout(() => fetch('/rendered?' + document.prerendering), 1000));
  document.addEventListener('prerenderingchange', async () => fetch('/shown?' + (await peerfold.ready).active));
</script>`;

test('a prerendered page contacts nobody until it is shown', async ({ stage }) => {
  stage.serve('/start.html', page(START, ''));
  stage.serve('/next.html', page(tag() + NEXT, `<img src="${FIRST}" alt="">`));
  const close = await openUnattended(`${stage.site.url}/start.html`);
  try {
    const said = (path: string): string[] => stage.site.log.of(path).map(({ query }) => query);
    const timeout = 15_000;
    await expect.poll(() => said('/rendered'), { timeout }).toEqual(['?true']);
    expect(stage.site.log.of('/peerfold.js')).toHaveLength(1);
    expect(stage.site.log.of('/peerfold-sw.js')).toEqual([]);
    expect(stage.site.log.of('/peerfold-engine.js')).toEqual([]);
    expect(stage.hasherRequests).toEqual([]);
    expect(await stage.gauge('visitors')).toBe(0);

    stage.serve('/go', 'now');
    await expect.poll(() => said('/shown'), { timeout }).toEqual(['?true']);
    await expect.poll(() => stage.gauge('visitors'), { timeout }).toBe(1);
  } finally {
    await close();
  }
});

test('the back/forward cache keeps a page with live links, and its links come back', async ({ stage }) => {
  await seeder(stage);
  stage.serve(PLAIN, page('', 'elsewhere'));
  const b = await stage.visitor({ backForwardCache: true });
  await countConnections(b.context);
  await b.context.addInitScript(() => {
    addEventListener('pageshow', ({ persisted }) => {
      document.documentElement.dataset['persisted'] = String(persisted);
    });
  });
  await b.open(SHELF);
  await b.linked();
  await b.page.evaluate(() => location.assign('/plain.html'));
  await b.page.waitForURL(`**${PLAIN}`);
  await b.page.evaluate(() => history.back());
  // A page that is restored does not load again.
  await b.page.waitForURL(`**${SHELF}`, { waitUntil: 'commit' });
  const why = await b.page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation');
    return JSON.stringify(
      (entry as PerformanceNavigationTiming & { notRestoredReasons?: unknown }).notRestoredReasons,
    );
  });
  expect(await b.page.evaluate(() => document.documentElement.dataset['persisted']), why).toBe('true');
  await b.linked();
  expect((await connections(b.page)).open).toBeGreaterThan(0);
  await b.readToEnd(PACE);
  await expectExact(b, SHELF_LAZY);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
});

test("a cross-origin image without CORS is the browser's own, and shown", async ({ stage }) => {
  const elsewhere = await createDemoSite({
    port: 0,
    hasher: 'http://localhost:1',
    tracker: 'ws://localhost:1',
  });
  try {
    const src = elsewhere.url + FIRST;
    stage.serve('/foreign.html', page(tag(), `<img src="${src}" alt="">`));
    const b = await controlled(stage, '/foreign.html');
    await b.open('/foreign.html');
    await b.allImagesLoaded();
    const [request] = elsewhere.log.of(FIRST);
    expect(request?.headers.origin).toBeUndefined();
    expect(request?.headers['sec-fetch-mode']).toBe('no-cors');
    expect((await b.received()).find(({ path }) => path === FIRST)).toMatchObject({
      sha256: originSha256(FIRST),
      fromWorker: false,
    });
    expect((await b.stats()).resources.map(({ url }) => url)).not.toContain(src);
  } finally {
    await elsewhere.close();
  }
});

test('navigations, scripts and styles are untouched', async ({ stage }) => {
  const b = await controlled(stage);
  const seen = new Map<string, boolean>();
  const note = async (request: Request): Promise<void> => {
    const response = await request.response();
    const kind = request.resourceType();
    if (response) seen.set(kind, seen.get(kind) === true || response.fromServiceWorker());
  };
  const notes: Promise<void>[] = [];
  b.page.on('requestfinished', (request) => notes.push(note(request)));
  await b.clearHttpCache();
  await b.page.reload();
  await b.allImagesLoaded('eager');
  // What loads with the page is left alone, too; what comes later is not.
  await b.readToEnd(PACE);
  await Promise.all(notes);
  expect(seen.get('image'), 'the worker controls this page').toBe(true);
  for (const kind of ['document', 'script', 'stylesheet']) expect(seen.get(kind), kind).toBe(false);
});

const TELLING: readonly (readonly [string, RequestInit, number])[] = [
  ['cache: no-store', { cache: 'no-store' }, 200],
  ['cache: reload', { cache: 'reload' }, 200],
  ['cache: no-cache', { cache: 'no-cache' }, 200],
  ['If-None-Match', { headers: { 'if-none-match': '"another"' } }, 200],
  ['If-Modified-Since', { headers: { 'if-modified-since': 'Fri, 31 Dec 2100 00:00:00 GMT' } }, 304],
  ['If-Range', { headers: { range: 'bytes=0-9', 'if-range': '"another"' } }, 200],
];

test('what tells the origin more than "give me this" reaches it, though the bytes are here', async ({
  stage,
}) => {
  const b = await controlled(stage);
  const ask = (init: RequestInit) =>
    b.page.evaluate(
      async ({ url, init }) => {
        const response = await fetch(url, init);
        return { status: response.status, length: (await response.arrayBuffer()).byteLength };
      },
      { url: SECOND, init },
    );
  await ask({});
  await stage.announced(1);
  for (const [name, init, status] of TELLING) {
    stage.site.log.clear();
    const length = status === 200 ? originBytes(SECOND).byteLength : 0;
    expect(await ask(init), name).toEqual({ status, length });
    expect(stage.browserRequests(SECOND), name).toHaveLength(1);
  }
  const ours = (await b.stats()).resources.filter(({ url }) => new URL(url).pathname === SECOND);
  expect(ours, 'answers by Peerfold').toHaveLength(1);
});

test('a page with a second tag has one Peerfold', async ({ stage }) => {
  stage.serve('/twice.html', shelf(tag(IMPLIED) + tag(IMPLIED)));
  const b = await stage.visitor();
  const warnings: string[] = [];
  b.page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  await b.open('/twice.html');
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  expect(warnings.filter((text) => text.includes('Peerfold'))).toHaveLength(1);
});
