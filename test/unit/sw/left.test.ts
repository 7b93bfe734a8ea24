import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import type { LoadedResource } from '../../../src/protocol/bridge.js';
import type { TestPage } from '../../support/worker-rig.js';
import { expectSame, SITE, urlOf, WorkerRig } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;
const resource = (url: string, destination = 'image'): LoadedResource => ({
  url: url as CanonicalUrl,
  destination,
});

/** A page that says hello, whose engine is still to come, beside a tab that leads. */
async function loadingPage(): Promise<{ rig: WorkerRig; leader: TestPage; page: TestPage }> {
  const rig = await WorkerRig.make();
  const leader = await rig.visitor('leader');
  const page = rig.page('tab-2');
  rig.load('tab-2');
  page.hello({ places: false });
  return { rig, leader, page };
}

describe('a request of a page that is still loading', () => {
  it('is left to the browser, and the page hears of it once it has an engine', async () => {
    const { rig, page } = await loadingPage();
    const bytes = rig.file(PATH, LENGTH);
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: page.id })), bytes);
    expect(rig.requests).toMatchObject([{ untouched: true }]);
    expect(page.all('left')).toEqual([]);
    page.say({ t: 'places', on: true });
    await rig.rest(1);
    expect(page.all('left')).toEqual([
      { t: 'left', url: urlOf(PATH), destination: 'image', reason: 'no-engine' },
    ]);
    expect(page.all('place')).toEqual([]);
  });

  it('is heard of only once, also when many are kept for the page', async () => {
    const { rig, page } = await loadingPage();
    for (let i = 0; i < 250; i++) await rig.ask(`/media/${i}.jpg`, { clientId: page.id });
    page.say({ t: 'places', on: true });
    page.say({ t: 'places', on: true });
    await rig.rest(1);
    const urls = page.all('left').map(({ url }) => url);
    expect(urls).toHaveLength(200);
    expect(urls.at(-1)).toBe(urlOf('/media/249.jpg'));
  });

  it('is answered all the same when the store holds it', async () => {
    const { rig, leader, page } = await loadingPage();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    leader.say({ t: 'tokens', tokens: [signed.token] });
    rig.serve(leader, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH, { clientId: leader.id }));
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: page.id })), bytes);
    page.say({ t: 'places', on: true });
    await rig.rest();
    expect(page.reports).toMatchObject([{ bytes: { store: LENGTH } }]);
    expect(rig.requests).toEqual([]);
  });
});

describe('what a page loaded past the worker', () => {
  it('is read from the HTTP cache once there is a token, and offered', async () => {
    const { rig, leader, page } = await loadingPage();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    await rig.bytes(rig.ask(PATH, { clientId: page.id }));
    page.say({ t: 'places', on: true });
    page.say({ t: 'loaded', resources: [resource(urlOf(PATH))] });
    await rig.rest();
    expect(leader.last('seen')?.urls).toEqual([urlOf(PATH)]);
    expect(leader.all('held')).toEqual([]);
    leader.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(leader.last('held')).toMatchObject({ root: signed.root, bits: Uint8Array.of(0xf0) });
    expect(rig.requests).toHaveLength(1);
  });

  it('is read once, and one after the other', async () => {
    const { rig, leader, page } = await loadingPage();
    const paths = [PATH, '/media/b2.jpg', '/media/c33.jpg'];
    let reading = 0;
    for (const path of paths) {
      const bytes = rig.file(path, LENGTH);
      const signed = await rig.sign(path, bytes);
      leader.say({ t: 'tokens', tokens: [signed.token] });
      rig.kept.set(path, () => {
        reading++;
        return new Response(bytes, { headers: { 'cache-control': 'public' } });
      });
    }
    await rig.rest();
    const resources = paths.map((path) => resource(urlOf(path)));
    page.say({ t: 'loaded', resources });
    expect(reading).toBeLessThanOrEqual(1);
    await rig.rest();
    expect(reading).toBe(3);
    expect(leader.all('held').map(({ root }) => root)).toHaveLength(3);
  });

  it('and differs from what is signed is neither used, nor offered, nor reported', async () => {
    const { rig, leader, page } = await loadingPage();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(
      PATH,
      bytes.map((byte) => byte ^ 1),
    );
    await rig.bytes(rig.ask(PATH, { clientId: page.id }));
    page.say({ t: 'loaded', resources: [resource(urlOf(PATH))] });
    leader.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(leader.all('differs')).toEqual([]);
    leader.heard.length = 0;
    leader.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(leader.all('known')).toEqual([]);
    expect(leader.all('held')).toEqual([]);
  });

  it.each([
    ['private', { headers: { 'cache-control': 'private' } }],
    ['compressed', { headers: { 'content-encoding': 'br' } }],
    ['no answer', { status: 404 }],
  ])('and is %s is not offered', async (_, init) => {
    const { rig, leader, page } = await loadingPage();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    rig.kept.set(PATH, () => new Response(bytes, init));
    leader.say({ t: 'tokens', tokens: [signed.token] });
    page.say({ t: 'loaded', resources: [resource(urlOf(PATH))] });
    await rig.rest();
    expect(leader.all('held')).toEqual([]);
  });

  it('and is in the HTTP cache no more is forgotten', async () => {
    const { rig, leader, page } = await loadingPage();
    const signed = await rig.sign(PATH, rig.file(PATH, LENGTH));
    leader.say({ t: 'tokens', tokens: [signed.token] });
    page.say({ t: 'loaded', resources: [resource(urlOf(PATH))] });
    await rig.rest();
    expect(leader.all('held')).toEqual([]);
    expect(leader.all('fault')).toEqual([]);
    expect(rig.requests).toEqual([]);
  });

  it.each([
    ['of another origin', resource('https://cdn.example/media/a.jpg')],
    ['not ours', resource(`${SITE}/app.js`, 'script')],
    ['a playlist', resource(`${SITE}/media/list.m3u8`, '')],
  ])('and is %s is not asked about', async (_, one) => {
    const { rig, leader, page } = await loadingPage();
    page.say({ t: 'loaded', resources: [one] });
    await rig.rest();
    expect(leader.all('seen')).toEqual([]);
  });

  it('is not asked about without consent, nor when it was refused', async () => {
    const { rig, leader, page } = await loadingPage();
    leader.say({ t: 'tokens', tokens: [await rig.refuse(PATH)] });
    await rig.rest();
    page.say({ t: 'loaded', resources: [resource(urlOf(PATH))] });
    page.allow(false);
    page.say({ t: 'loaded', resources: [resource(urlOf('/media/b.jpg'))] });
    await rig.rest();
    expect(leader.all('seen')).toEqual([]);
  });
});

it('a use of what is held, through the HTTP cache, is a use in this visit', async () => {
  const rig = await WorkerRig.make();
  const bytes = rig.file(PATH, LENGTH);
  const signed = await rig.sign(PATH, bytes);
  const before = await rig.visitor();
  before.say({ t: 'tokens', tokens: [signed.token] });
  rig.serve(before, bytes, signed, (one) => one);
  await rig.bytes(rig.ask(PATH));
  await rig.rest();
  rig.restart();
  const page = rig.page('tab-2');
  page.lead({ visit: 'visit-2' });
  await rig.rest();
  expect(page.all('held')).toEqual([]);
  const date = new Date(rig.clock.now() - 1000).toUTCString();
  rig.cached.set(PATH, () => new Response(bytes, { headers: { date, 'cache-control': 'max-age=60' } }));
  const response = await rig.until(rig.ask(PATH, { clientId: page.id }));
  expectSame(new Uint8Array(await response.arrayBuffer()), bytes);
  await rig.rest();
  expect(page.last('held')).toMatchObject({ root: signed.root, bits: Uint8Array.of(0xf0) });
});
