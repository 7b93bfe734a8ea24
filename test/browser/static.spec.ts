import { test as base } from 'playwright/test';
import { IMAGES, originBytes, sha256 } from '../support/media.js';
import { SHELF, SHELF_EAGER, SHELF_LAZY } from '../support/pages.js';
import { StaticStage } from '../support/static-stage.js';
import { bytesFor, expect, expectExact, share } from './stage-test.js';

const PACE = 100;
const ALL = [...SHELF_EAGER, ...SHELF_LAZY];

const test = base.extend<{ readonly stage: StaticStage }>({
  stage: async ({}, use) => {
    const stage = await StaticStage.open();
    await use(stage);
    await stage.close();
  },
});

/** The first visitor of a site that was signed just now, still there. */
async function seeder(stage: StaticStage): Promise<void> {
  await stage.sign();
  const a = await stage.visitor();
  await a.open(SHELF);
  await a.readToEnd(PACE);
  await expectExact(a, ALL);
  await stage.announced(SHELF_LAZY.length);
}

test('a web server and a tracker are enough, until sharing is switched off', async ({ stage }) => {
  await seeder(stage);
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.readToEnd(PACE);
  await expectExact(b, ALL);
  expect((await bytesFor(b, SHELF_LAZY)).peer).toBeGreaterThan(0);
  const asked = stage.requests.filter((path) => path.startsWith('/.peerfold/')).map(kindOf);
  expect([...new Set(asked)].sort()).toEqual(['jwks.json', 'layers', 'policy', 'statement']);

  // The web server lets browsers keep the old policy for an hour; a starting worker asks all the same.
  await stage.sign('--disable');
  await b.stopWorker();
  await b.page.evaluate((path) => fetch(path).then((response) => response.arrayBuffer()), ALL[0] ?? '');
  await b.page.waitForFunction(() => window.peerfold.stats().links === 0);
  const c = await stage.visitor();
  await c.open(SHELF);
  await c.readToEnd(PACE);
  await expectExact(c, ALL);
  expect(share(await bytesFor(c, SHELF_LAZY), 'http')).toBe(1);
});

test('what has changed since comes from the web server, the rest from visitors', async ({ stage }) => {
  await seeder(stage);
  const [changed = '', ...same] = SHELF_LAZY;
  const fresh = originBytes(IMAGES.findLast((path) => path.slice(-4) === changed.slice(-4)) ?? '');
  await stage.write(changed, fresh);
  expect(await stage.sign()).toContain('visitors drop what was signed before');
  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.readToEnd(PACE);
  const answers = (await b.received()).filter(({ path }) => path === changed);
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) expect(answer.sha256).toBe(sha256(fresh));
  expect((await bytesFor(b, [changed])).peer).toBe(0);
  await expectExact(b, same);
  expect((await bytesFor(b, same)).peer).toBeGreaterThan(0);
});

function kindOf(path: string): string {
  if (/\/v1\/d\/[0-9a-f]{64}$/.test(path)) return 'statement';
  return path.includes('/layers/') ? 'layers' : (path.split('/').at(-1) ?? '');
}
