import type { FaultRule } from '../../demo-site/faults.js';
import { IMAGES } from '../support/media.js';
import { SHELF, SHELF_EAGER, SHELF_LAZY } from '../support/pages.js';
import { bytesFor, expect, share, test } from './stage-test.js';

const PRIVATE: readonly (readonly [string, Omit<FaultRule, 'path'>])[] = [
  ['Set-Cookie', { headers: { 'set-cookie': 'id=1' } }],
  ['Cache-Control: private', { headers: { 'cache-control': 'private, max-age=3600' } }],
  ['Cache-Control: no-store', { headers: { 'cache-control': 'no-store' } }],
  ['Vary: Cookie', { headers: { vary: 'Cookie' } }],
];

test('answers that are for one visitor, or not to be kept, are never shared', async ({ stage }) => {
  [...SHELF_LAZY, ...SHELF_EAGER].forEach((path, i) => {
    const [, rule] = PRIVATE[i % PRIVATE.length] ?? [];
    stage.site.faults.set({ path, ...rule });
  });
  const a = await stage.visitor();
  await a.open(SHELF);
  await a.readToEnd(100);

  const b = await stage.visitor();
  await b.open(SHELF);
  await b.readToEnd(100);
  for (const [i, [name]] of PRIVATE.entries()) {
    const paths = SHELF_LAZY.filter((_, at) => at % PRIVATE.length === i);
    const bytes = await bytesFor(b, paths);
    expect(bytes.peer + bytes.store, name).toBe(0);
    expect(share(bytes, 'http'), name).toBe(1);
  }
  expect(await stage.gauge('entries'), 'announced roots').toBe(0);
  expect((await a.stats()).uploaded + (await b.stats()).uploaded).toBe(0);
});

test('a request with Authorization is never answered by Peerfold', async ({ stage }) => {
  const a = await stage.visitor();
  await a.open(SHELF);
  await a.page.evaluate(
    async (path) => {
      await (await fetch(path, { headers: { authorization: 'Bearer secret' } })).arrayBuffer();
    },
    SHELF_LAZY.at(-1) ?? '',
  );
  const { resources } = await a.stats();
  expect(resources.map(({ url }) => new URL(url).pathname)).not.toContain(SHELF_LAZY.at(-1));
  const request = stage.browserRequests(SHELF_LAZY.at(-1) ?? '')[0];
  expect(request?.headers.authorization).toBe('Bearer secret');
});

test('one URL with different bytes by cookie: each visitor gets the own bytes, nothing is shared', async ({
  stage,
}) => {
  const path = SHELF_LAZY.at(-1) ?? '';
  const [ofA = '', ofB = ''] = IMAGES;
  stage.site.faults.set({ path, byCookie: { name: 'who', contentOf: { a: ofA, b: ofB } } });
  const visitors = { a: await stage.visitor(), b: await stage.visitor() };
  for (const [who, visitor] of Object.entries(visitors)) {
    await visitor.context.addCookies([{ name: 'who', value: who, url: stage.site.url }]);
    await visitor.open(SHELF);
    await visitor.readToEnd(100);
    const bytes = await bytesFor(visitor, [path]);
    expect(bytes.peer + bytes.store).toBe(0);
    expect(bytes.http).toBeGreaterThan(0);
  }
});
