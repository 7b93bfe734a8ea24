import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright';
import type { Peerfold } from '../../src/index.js';
import { SILENT_TIME } from '../../sw/tag-watch.js';
import { bundledWorkbox } from '../support/bundled-workbox.js';
import { openDisk } from '../support/disk.js';
import { FILM, IMAGES, originSha256 } from '../support/media.js';
import { IMPLIED, page, SHELF_EAGER, shelf, tag } from '../support/pages.js';
import { kept, registrations } from '../support/leftovers.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, test } from './stage-test.js';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const built = (file: string): Promise<string> => readFile(path.join(PACKAGE, 'dist', file), 'utf8');

/** What a site's worker file says first. */
function literal({ ports }: Stage): string {
  return JSON.stringify({
    hasher: `http://localhost:${ports.hasher}`,
    tracker: `ws://localhost:${ports.tracker}`,
    include: ['/media/*'],
  });
}

const tagged = (worker: string, more = ''): string =>
  page(`${tag(`${IMPLIED} data-sw="${worker}"`)}${more}`, '<h1>A page</h1>');

/** Puts pictures on the page and waits until they are decoded. */
async function show(tab: Page, paths: readonly string[]): Promise<void> {
  await tab.evaluate(async (sources) => {
    for (const src of sources) {
      const image = new Image();
      image.src = src;
      document.body.prepend(image);
      await image.decode();
    }
  }, paths);
}

/** The digests of what a script on the page gets for these. */
function fetched(tab: Page, paths: readonly string[]): Promise<string[]> {
  return tab.evaluate(async (all) => {
    const digest = async (one: string): Promise<string> => {
      const body = await (await fetch(one)).arrayBuffer();
      const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
      return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    return Promise.all(all.map(digest));
  }, paths);
}

/** The worker keeps what the page got and gives it again: all of it is at work, bridge, hash service and store. */
async function expectAtWork(visitor: Visitor, paths: readonly string[], tab = visitor.page): Promise<void> {
  await tab.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await show(tab, paths);
  const fromStore = async (): Promise<number> => {
    await visitor.clearHttpCache();
    expect(await fetched(tab, paths)).toEqual(paths.map(originSha256));
    const { resources } = await visitor.stats(tab);
    return resources.filter(({ bytes }) => bytes.store > 0).length;
  };
  await expect.poll(fromStore, { timeout: 10_000 }).toBeGreaterThanOrEqual(paths.length);
}

/** A worker that has a life of its own: it precaches, answers, talks. */
const OWN_DUTIES = `
let heard = 0;
addEventListener('install', (event) => {
  const kept = caches.open('own').then((cache) => cache.add('/site.css'));
  event.waitUntil(kept.then(() => skipWaiting()));
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('message', ({ data, source }) => source.postMessage({ echo: data, heard: ++heard }));
addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname.endsWith('/greeting')) event.respondWith(new Response('hello from the site'));
  else event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
});
`;

async function expectOwnDuties(tab: Page, greeting: string, messages = 1): Promise<void> {
  const own = await tab.evaluate(async (address) => {
    const answer = await (await fetch(address)).text();
    const echo = await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<object>) => {
        if ('echo' in data) resolve(data);
      });
      navigator.serviceWorker.controller?.postMessage('ping');
    });
    return { answer, echo };
  }, greeting);
  expect(own).toEqual({ answer: 'hello from the site', echo: { echo: 'ping', heard: messages } });
}

/** What the worker has written down about pages with and without the tag. */
async function tagNote(tab: Page): Promise<unknown> {
  await openDisk(tab);
  return tab.evaluate(async () => new Map(await window.disk.all('index')).get('note:tag'));
}

test('beside the duties that a site’s worker has already', async ({ stage }) => {
  const { url } = stage.site;
  const visitor = await stage.visitor();
  const tab = visitor.page;
  const self = `self.peerfold = ${literal(stage)};`;

  await test.step('a worker that imports ours first', async () => {
    stage.serve('/own/page.html', tagged('/own/sw.js'));
    stage.serve('/own/sw.js', `${self}\nimportScripts('/peerfold-worker.js');\n${OWN_DUTIES}`);
    await visitor.open('/own/page.html');
    await expectAtWork(visitor, IMAGES.slice(0, 2));
    await expectOwnDuties(tab, '/own/greeting');
  });

  await test.step('it stays when all is forgotten, and only ours ends', async () => {
    expect(await tab.evaluate(() => window.peerfold.stop({ forget: true }))).toBe(true);
    expect(await kept(tab)).toBe(0);
    expect(await registrations(tab)).toEqual(['/own/']);
    await expectOwnDuties(tab, '/own/greeting', 2);
    await show(tab, IMAGES.slice(0, 1));
  });

  await test.step('a module, which the site registers itself', async () => {
    const register = `<script type="module">navigator.serviceWorker.register('/module/sw.js', { type: 'module' })</script>`;
    stage.serve('/module/page.html', tagged('/module/sw.js', register));
    stage.serve('/module/peerfold-site.js', self);
    stage.serve(
      '/module/sw.js',
      `import './peerfold-site.js';\nimport '/peerfold-worker.js';\n${OWN_DUTIES}`,
    );
    await visitor.open('/module/page.html');
    await expectAtWork(visitor, IMAGES.slice(2, 4));
    await expectOwnDuties(tab, '/module/greeting');
  });

  await test.step('a route of Workbox, after its precache and before its default', async () => {
    stage.serve('/workbox/page.html', tagged('/workbox/sw.js'));
    stage.serve('/workbox/sw.js', await bundledWorkbox(literal(stage)));
    await visitor.open('/workbox/page.html');
    await expectAtWork(visitor, IMAGES.slice(4, 6));
    await tab.evaluate(() => Promise.all(['/site.css', '/favicon.svg'].map((one) => fetch(one))));
    const cacheNames = (): Promise<string[]> =>
      tab.evaluate(async () => (await caches.keys()).map((name) => name.replace(/-v\d.*/, '')).sort());
    // Workbox answers before it keeps.
    await expect.poll(cacheNames).toEqual(['own', 'pictures', 'workbox-precache']);
  });

  await test.step('files and worker below a path, and the tag twice', async () => {
    const names = ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js'];
    for (const name of names) stage.serve(`/shop/${name}`, await built(name));
    const script = tag(`${IMPLIED} data-sw="/shop/peerfold-sw.js"`).replace(
      '/peerfold.js',
      '/shop/peerfold.js',
    );
    stage.serve('/shop/page.html', page(script + script, '<h1>A shop</h1>'));
    stage.serve('/shop/peerfold-sw.js', `${self}\nimportScripts('peerfold-worker.js');`);
    const warnings: string[] = [];
    tab.on('console', (message) => {
      if (message.type() === 'warning') warnings.push(message.text());
    });
    await visitor.open('/shop/page.html');
    await expectAtWork(visitor, IMAGES.slice(6, 8));
    expect(warnings.filter((text) => text.includes('Peerfold'))).toHaveLength(1);
    expect(stage.browserRequests('/shop/peerfold-engine.js')).toHaveLength(1);
    expect(await registrations(tab)).toEqual(['/module/', '/own/', '/shop/', '/workbox/']);
  });
  expect(new URL(tab.url()).origin).toBe(url);
});

/** What docs/composition.md says a strict policy needs. */
function strictPolicy({ ports }: Stage): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    `connect-src 'self' http://localhost:${ports.hasher} ws://localhost:${ports.tracker}`,
    "img-src 'self'; media-src 'self'; style-src 'self'; frame-src 'self'; base-uri 'none'",
    "require-trusted-types-for 'script'; trusted-types peerfold",
  ].join('; ');
}

const ISOLATED = ['require-corp', 'credentialless'];

test('under strict policies, and gone when visitor or site say so', async ({ stage }) => {
  const body = `<h1>A page</h1><video src="${FILM}" muted width="640"></video>`;
  const serve = (name: string, headers: Record<string, string>): void => {
    const content = page(tag(), body).replace(/<style>.*<\/style>/, '');
    stage.site.faults.set({ path: name, content, headers });
  };
  const visitor = await stage.visitor();
  const tab = visitor.page;

  await test.step('content security policy with trusted types', async () => {
    serve('/strict.html', { 'content-security-policy': strictPolicy(stage) });
    const complaints: string[] = [];
    tab.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await visitor.open('/strict.html?peerfold=debug');
    await expectAtWork(visitor, IMAGES.slice(0, 2));
    await tab.waitForFunction(() => document.querySelector('peerfold-overlay') !== null);
    expect(complaints).toEqual([]);
  });

  for (const policy of ISOLATED) {
    await test.step(`isolated: ${policy}`, async () => {
      const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': policy };
      serve(`/${policy}.html`, headers);
      await visitor.open(`/${policy}.html`);
      await expectAtWork(visitor, IMAGES.slice(0, 2));
      expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
      await tab.evaluate(() => document.querySelector('video')?.play());
      await tab.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0);
    });
  }

  await test.step('forgotten: every tab stops, and worker and store are gone', async () => {
    const other = await visitor.newTab();
    await visitor.open('/strict.html', other);
    expect(await kept(tab)).toBeGreaterThan(0);
    expect(await tab.evaluate(() => window.peerfold.stop({ forget: true }))).toBe(true);
    expect(await registrations(tab)).toEqual([]);
    expect(await kept(tab)).toBe(0);
    await expect.poll(async () => (await visitor.stats(other)).links).toBe(0);
    await show(other, IMAGES.slice(0, 2));
    await other.close();
  });

  await test.step('the tag is taken off: the tenth page without it, a day after the first, ends it', async () => {
    stage.serve('/plain.html', page('', '<h1>No tag</h1>'));
    await visitor.open('/strict.html?again');
    await expect.poll(() => tagNote(tab)).toMatch(/^\d+ 0 0$/);
    await tab.evaluate(
      (then) => window.disk.put('index', [['note:tag', `${then} 8 ${then}`]]),
      Date.now() - SILENT_TIME,
    );
    const silentPage = async (): Promise<void> => {
      // A worker that starts calls the pages that are open, and this one may have the tag.
      await tab.goto('about:blank');
      await visitor.stopWorker();
      await tab.goto(`${stage.site.url}/plain.html`);
    };
    await silentPage();
    await expect.poll(() => tagNote(tab)).toMatch(/ 9 /);
    expect(await registrations(tab)).toEqual(['/']);
    await silentPage();
    await expect.poll(() => registrations(tab)).toEqual([]);
    expect(await kept(tab)).toBe(0);
  });
});

/** The site is deployed anew: these files are of another build. */
async function deploy(stage: Stage, names: readonly string[]): Promise<void> {
  const [before = ''] = /(?<=")[0-9a-f]{16}(?=")/.exec(await built('peerfold.js')) ?? [];
  for (const file of names) {
    const text = await built(file);
    expect(text).toContain(before);
    stage.serve(`/${file}`, text.replaceAll(before, 'f'.repeat(before.length)));
  }
}

test('an upgrade while pages are open: builds never mix, and pictures always come', async ({ stage }) => {
  const paths = SHELF_EAGER;
  stage.serve('/page.html', shelf(tag(), []));
  const visitor = await stage.visitor();
  const old = visitor.page;
  const faults: string[] = [];
  old.on('pageerror', (error) => faults.push(error.message));

  await test.step('an engine of the next build comes to a page of this one', async () => {
    await deploy(stage, ['peerfold-engine.js']);
    await old.addInitScript(() => {
      addEventListener('load', () => {
        const told: unknown[] = [];
        (window as { peerfold?: Peerfold }).peerfold?.addEventListener('error', (event) => {
          told.push((event as CustomEvent).detail);
        });
        Object.assign(window, { told });
      });
    });
    await visitor.open('/page.html');
    await old.waitForFunction(() => (window as { told?: object[] }).told?.length);
    const [fault] = await old.evaluate(() => (window as { told?: object[] }).told ?? []);
    expect(fault).toMatchObject({ code: 'not-supported', message: expect.stringMatching(/differ/) });
    await visitor.allImagesLoaded();
    stage.site.faults.clear('/peerfold-engine.js');
  });

  await visitor.open('/page.html?again');
  await expectAtWork(visitor, paths);

  await test.step('the next build comes with the next page', async () => {
    await deploy(stage, ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js']);
    const young = await visitor.newTab();
    young.on('pageerror', (error) => faults.push(error.message));
    await visitor.open('/page.html?young', young);
    await visitor.allImagesLoaded('all', young);
    await show(old, paths);
    await expect
      .poll(() => young.evaluate(() => window.peerfold.ready), { timeout: 10_000 })
      .toEqual({ active: true });
    await expectAtWork(visitor, IMAGES.slice(2, 4), young);
    await old.waitForFunction(() => window.peerfold.stats().links === 0);
    await show(old, IMAGES.slice(4, 6));
    expect(await fetched(old, IMAGES.slice(4, 6))).toEqual(IMAGES.slice(4, 6).map(originSha256));
    expect((await bytesFor(visitor, IMAGES.slice(4, 6))).peer).toBe(0);
  });
  expect(faults).toEqual([]);
});
