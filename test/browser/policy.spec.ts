import type { ConsoleMessage } from 'playwright';
import { connections, countConnections } from '../support/connections.js';
import { SHELF, SHELF_EAGER, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

const ALL = [...SHELF_EAGER, ...SHELF_LAZY];
const PAGE = '/policy.html';
const PACE = 100;

/** A visitor whose connections and sockets are counted from the first page on. */
async function watched(stage: Stage): Promise<Visitor & { readonly sockets: string[] }> {
  const visitor = await stage.visitor();
  await countConnections(visitor.context);
  const sockets: string[] = [];
  visitor.page.on('websocket', (socket) => sockets.push(socket.url()));
  return Object.assign(visitor, { sockets });
}

async function seeder(stage: Stage): Promise<Visitor> {
  const a = await stage.visitor();
  await a.open(SHELF);
  await a.readToEnd(PACE);
  await stage.announced(SHELF_LAZY.length);
  return a;
}

/** Nothing of Peerfold has left this visitor's browser. */
async function expectSilence(stage: Stage, visitor: Awaited<ReturnType<typeof watched>>): Promise<void> {
  expect(stage.hasherRequests, 'requests to the hash service').toEqual([]);
  expect(visitor.sockets, 'sockets to the tracker').toEqual([]);
  expect((await connections(visitor.page)).made, 'WebRTC connections').toBe(0);
  expect(await stage.gauge('visitors'), 'visitors of the tracker').toBe(0);
}

/** What the consoles of the page and of its service worker say is wrong. */
function errorsOf(visitor: Visitor): string[] {
  const errors: string[] = [];
  const note = (message: ConsoleMessage): void => {
    if (message.type() === 'error') errors.push(message.text());
  };
  visitor.page.on('console', (message) => {
    // Told by the worker itself; pages hear it too, but not always.
    if (!message.worker()) note(message);
  });
  visitor.context.on('serviceworker', (worker) => worker.on('console', note));
  return errors;
}

async function expectUntouched(visitor: Visitor, paths = ALL): Promise<void> {
  await expectExact(visitor, paths);
  expect((await visitor.received()).filter(({ fromWorker }) => fromWorker)).toEqual([]);
}

test('consent required: nothing before it, peers after it, nothing after its withdrawal', async ({
  stage,
}) => {
  stage.serve(PAGE, shelf(tag('data-consent="required"')));
  const b = await watched(stage);
  await b.page.goto(stage.site.url + PAGE);
  expect(await b.page.evaluate(() => window.peerfold.ready)).toEqual({ active: false, reason: 'consent' });
  await b.readToEnd(PACE);
  await expectUntouched(b);
  await expectSilence(stage, b);

  const a = await seeder(stage);
  await b.clearHttpCache();
  expect(await b.page.evaluate(() => window.peerfold.consent(true))).toEqual({ active: true });
  // Another address: a reload would begin where the page was scrolled to.
  await b.open(`${PAGE}?again`);
  await b.linked();
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);

  expect((await connections(b.page)).open).toBeGreaterThan(0);
  const withdrawn = await b.page.evaluate(() => window.peerfold.consent(false));
  expect(withdrawn).toEqual({ active: false, reason: 'consent' });
  await expect.poll(() => connections(b.page)).toMatchObject({ open: 0 });
  await b.page.waitForFunction(() => window.peerfold.stats().links === 0);

  // Says goodbye, unlike a browser that is closed, whom the tracker expects back for a while.
  await a.page.evaluate(() => {
    void window.peerfold.stop();
  });
  await expect.poll(() => stage.gauge('visitors')).toBe(0);
  stage.hasherRequests.length = 0;
  b.sockets.length = 0;
  await b.clearHttpCache();
  const before = (await b.received()).length;
  await b.page.goto(`${stage.site.url}${PAGE}?after`);
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  expect((await b.received()).slice(before).filter(({ fromWorker }) => fromWorker)).toEqual([]);
  await expectSilence(stage, b);
});

const OFF = [
  {
    name: 'Global Privacy Control',
    reason: 'privacy-control',
    property: 'globalPrivacyControl',
    value: true,
  },
  { name: 'saveData', reason: 'save-data', property: 'connection', value: { saveData: true } },
  { name: 'a metered link', reason: 'metered', property: 'connection', value: { type: 'cellular' } },
];

for (const { name, reason, property, value } of OFF) {
  test(`${name} keeps it off`, async ({ stage }) => {
    const b = await watched(stage);
    await b.context.addInitScript(
      ({ property, value }) => {
        Object.defineProperty(Navigator.prototype, property, { get: () => value });
      },
      { property, value },
    );
    await b.page.goto(stage.site.url + SHELF);
    expect(await b.page.evaluate(() => window.peerfold.ready)).toEqual({ active: false, reason });
    await b.readToEnd(PACE);
    await expectUntouched(b);
    await expectSilence(stage, b);
  });
}

const MALFORMED_TAGS = [
  ['data-rollout', 'data-consent="implied" data-rollout="2"'],
  ['data-consent', ''],
  ['data-consent', 'data-consent="maybe"'],
  ['data-speed', 'data-consent="implied" data-speed="9"'],
  ['data-ice-servers', `data-consent="implied" data-ice-servers='[{"urls":"http://x"}]'`],
] as const;

test('a malformed tag: one error that names the attribute, and off', async ({ stage }) => {
  const b = await watched(stage);
  const errors = errorsOf(b);
  for (const [attribute, attributes] of MALFORMED_TAGS) {
    errors.length = 0;
    stage.serve(PAGE, shelf(tag(attributes)));
    await b.page.goto(stage.site.url + PAGE);
    await b.allImagesLoaded('eager');
    expect(errors, attributes).toHaveLength(1);
    expect(errors[0]).toContain(attribute);
    expect(await b.page.evaluate(() => 'peerfold' in window), attributes).toBe(false);
    expect(await b.page.evaluate(() => navigator.serviceWorker.getRegistrations())).toEqual([]);
  }
  await b.readToEnd(PACE);
  await expectUntouched(b);
  await expectSilence(stage, b);
});

const MALFORMED_LITERALS = [
  ['include', (stage: Stage) => ({ ...literal(stage), include: '/media/*' })],
  ['tracker', (stage: Stage) => ({ ...literal(stage), tracker: 'http://localhost:1' })],
  ['hasher', (stage: Stage) => ({ tracker: literal(stage).tracker })],
  ['colour', (stage: Stage) => ({ ...literal(stage), colour: 'blue' })],
] as const;

function literal({ ports }: Stage): { hasher: string; tracker: string } {
  return { hasher: `http://localhost:${ports.hasher}`, tracker: `ws://localhost:${ports.tracker}` };
}

for (const [field, malformed] of MALFORMED_LITERALS) {
  test(`a malformed worker file (${field}): one error that names it, and nothing intercepted`, async ({
    stage,
  }) => {
    const text = `self.peerfold = ${JSON.stringify(malformed(stage))};\nimportScripts("/peerfold-worker.js");`;
    stage.serve('/peerfold-sw.js', text);
    const b = await watched(stage);
    const errors = errorsOf(b);
    await b.page.goto(stage.site.url + SHELF);
    await b.page.evaluate(() => navigator.serviceWorker.ready);
    await b.page.reload();
    await b.allImagesLoaded('eager');
    await expect.poll(() => errors).toHaveLength(1);
    expect(errors[0]).toContain(`${field} `);
    await expectUntouched(b, SHELF_EAGER);
    await expectSilence(stage, b);
  });
}

test('the kill switch: once the policy is read, links close and all comes over HTTP', async ({ stage }) => {
  await seeder(stage);
  const b = await watched(stage);
  await b.open(SHELF);
  await b.linked();
  await stage.setPolicy({ enabled: false });
  // A policy is read again when the worker starts, and this one is younger than any cached copy.
  await b.clearHttpCache();
  await b.stopWorker();
  await b.page.evaluate(
    (path) => fetch(path).then((response) => response.arrayBuffer()),
    SHELF_EAGER[0] ?? '',
  );
  await b.page.waitForFunction(() => window.peerfold.stats().links === 0);
  await expect.poll(() => connections(b.page)).toMatchObject({ open: 0 });

  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  expect(share(await bytesFor(b, SHELF_LAZY), 'http')).toBe(1);
});
