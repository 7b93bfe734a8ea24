import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import type { SiteConfig, WorkerMessage } from '../../../src/protocol/bridge.js';
import { withEarly } from '../../../sw/early.js';
import { Playlists } from '../../../sw/playlists.js';
import type { RequestFacts } from '../../../sw/route.js';
import { SITE, urlOf, WorkerRig } from '../../support/worker-rig.js';

const PATH = '/live/index.m3u8';
const TEXT = '#EXTM3U\n#EXTINF:4,\na.ts\n';
const options = { destination: '', mode: 'cors' };

async function watching(
  path = PATH,
): Promise<{ rig: WorkerRig; page: Awaited<ReturnType<WorkerRig['visitor']>> }> {
  const rig = await WorkerRig.make();
  rig.files.set(path, { bytes: new TextEncoder().encode(TEXT) });
  return { rig, page: await rig.visitor() };
}

describe('a playlist', () => {
  it.each(['', 'video', 'audio'])(
    'for "%s" comes from the network, and its page is told',
    async (destination) => {
      const { rig, page } = await watching();
      const response = await rig.ask(PATH, { destination });
      expect(await response.text()).toBe(TEXT);
      await rig.rest(1);
      expect(page.all('playlist')).toEqual([
        { t: 'playlist', url: urlOf(PATH), asked: urlOf(PATH), text: TEXT },
      ]);
      expect(rig.requests).toMatchObject([{ url: PATH, untouched: true }]);
      expect(page.all('left')).toEqual([]);
    },
  );

  it.each(['/a.M3U8?x=1', '/a.m3u', '/b/manifest.mpd'])('may be called %s', async (path) => {
    const { rig, page } = await watching(new URL(path, SITE).pathname);
    await rig.ask(path, options);
    await rig.rest(1);
    expect(page.all('playlist')).toMatchObject([{ asked: urlOf(path) }]);
  });

  it('of another tab is told to that one', async () => {
    const { rig, page } = await watching();
    const other = rig.page('tab-2');
    other.hello();
    await rig.ask(PATH, { ...options, clientId: 'tab-2' });
    await rig.rest(1);
    expect([page.all('playlist').length, other.all('playlist').length]).toEqual([0, 1]);
  });

  it('waits for the engine of its page', async () => {
    const { rig } = await watching();
    const other = rig.page('tab-2');
    other.hello({ places: false });
    for (let i = 0; i < 3; i++) await rig.ask(PATH, { ...options, clientId: 'tab-2' });
    await rig.rest(1);
    expect(other.all('playlist')).toEqual([]);
    other.say({ t: 'places', on: true });
    await rig.rest(1);
    expect(other.all('playlist')).toHaveLength(1);
  });

  it('that is longer than anybody needs is handed on, and not told', async () => {
    const { rig, page } = await watching();
    const text = '#EXTM3U\n'.repeat(2 ** 17 + 1);
    rig.files.set(PATH, { bytes: new TextEncoder().encode(text) });
    expect(await (await rig.ask(PATH, options)).text()).toBe(text);
    await rig.rest(1);
    expect(page.all('playlist')).toEqual([]);
  });

  it.each([
    ['is missing', { status: 404 }],
    ['fails', { status: 503 }],
  ])('that %s is handed on, and not told', async (_, file) => {
    const { rig, page } = await watching();
    rig.files.set(PATH, { bytes: new TextEncoder().encode(TEXT), ...file });
    expect(await rig.ask(PATH, options)).toMatchObject(file);
    await rig.rest(1);
    expect(page.all('playlist')).toEqual([]);
  });

  it('that cannot be had fails as it would', async () => {
    const { rig } = await watching();
    rig.files.set(PATH, { bytes: new Uint8Array(0), refuses: true });
    await expect(rig.ask(PATH, options)).rejects.toThrow(TypeError);
  });

  it('that breaks off does so for its player, and is not told', async () => {
    const { rig, page } = await watching();
    rig.files.set(PATH, { bytes: new TextEncoder().encode(TEXT), breaksAfter: 10 });
    const response = await rig.ask(PATH, options);
    await expect(response.text()).rejects.toThrow();
    await rig.rest(1);
    expect(page.all('playlist')).toEqual([]);
    expect(page.all('fault')).toEqual([]);
  });
});

describe('a playlist is left to the browser', () => {
  const ask = async (rig: WorkerRig, facts: Partial<Parameters<WorkerRig['ask']>[1]> = {}, path = PATH) => {
    await rig.ask(path, { ...options, ...facts });
    await rig.rest(1);
    return rig.work.length;
  };

  it('without consent', async () => {
    const { rig, page } = await watching();
    page.allow(false);
    expect(await ask(rig)).toBe(0);
  });

  it('when the kill switch is on', async () => {
    const rig = await WorkerRig.make();
    rig.policy = { enabled: false };
    rig.files.set(PATH, { bytes: new TextEncoder().encode(TEXT) });
    const page = await rig.visitor();
    expect(await ask(rig)).toBe(0);
    expect(page.all('playlist')).toEqual([]);
  });

  it.each([
    ['of a navigation', { mode: 'navigate' }, PATH],
    ['that nobody waits for', { clientId: '' }, PATH],
    ['that is no player’s', { destination: 'document' }, PATH],
    ['of another site', {}, 'https://other.example/a.m3u8'],
    ['that only this visitor may see', {}, 'https://cdn.example/a.m3u8'],
    ['that is none', {}, '/live/index.html'],
  ])('%s', async (_, facts, path) => {
    const { rig } = await watching();
    expect(await ask(rig, facts, path)).toBe(0);
  });

  it('that is excluded', async () => {
    const rig = await WorkerRig.make({ config: { exclude: ['/live/*'] } });
    rig.files.set(PATH, { bytes: new TextEncoder().encode(TEXT) });
    await rig.visitor();
    expect(await ask(rig)).toBe(0);
  });
});

describe('while a worker starts', () => {
  it('playlists are told once it is known that peers may be used', async () => {
    const { rig } = await watching();
    await rig.rest(1);
    rig.restart();
    const answer = rig.ask(PATH, options);
    expect(await (await answer).text()).toBe(TEXT);
    const page = rig.page();
    page.hello();
    await rig.rest();
    expect(page.all('playlist')).toHaveLength(1);
  });

  it('and are not when they may not', async () => {
    const { rig } = await watching();
    rig.restart();
    rig.policy = { enabled: false };
    await rig.ask(PATH, options);
    const page = rig.page();
    page.hello();
    await rig.rest();
    expect(page.all('playlist')).toEqual([]);
  });
});

describe('a playlist that a page got before the worker was there', () => {
  const url = urlOf(PATH);
  const loaded = { t: 'loaded', resources: [{ url, destination: '' }] } as const;

  it('is read from the HTTP cache', async () => {
    const { rig, page } = await watching();
    page.say(loaded);
    await rig.rest(1);
    expect(rig.requests).toMatchObject([{ url: PATH, cache: 'force-cache', untouched: false }]);
    expect(page.all('playlist')).toEqual([{ t: 'playlist', url, asked: url, text: TEXT }]);
    expect(page.all('seen')).toEqual([]);
  });

  it('is read once the policy has come', async () => {
    const rig = await WorkerRig.make();
    rig.files.set(PATH, { bytes: new TextEncoder().encode(TEXT) });
    const page = rig.page();
    page.lead();
    page.say(loaded);
    await rig.rest();
    expect(page.all('playlist')).toHaveLength(1);
  });

  it.each([
    ['gone', (rig: WorkerRig) => rig.files.clear()],
    ['out of reach', (rig: WorkerRig) => rig.files.set(PATH, { bytes: new Uint8Array(0), refuses: true })],
  ])('and that is %s is forgotten', async (_, change) => {
    const { rig, page } = await watching();
    change(rig);
    page.say(loaded);
    await rig.rest(1);
    expect([...page.all('playlist'), ...page.all('fault')]).toEqual([]);
  });

  it('is not asked for without consent, nor when it is excluded', async () => {
    const { rig, page } = await watching();
    page.say({
      t: 'loaded',
      resources: [{ ...loaded.resources[0], url: 'https://other.example/a.mpd' as CanonicalUrl }],
    });
    page.allow(false);
    page.say(loaded);
    await rig.rest(1);
    expect(rig.requests).toEqual([]);
  });
});

const config = { site: SITE, origins: ['https://cdn.example'], exclude: [] } as unknown as SiteConfig;
const facts = (url: string, more: Partial<RequestFacts> = {}): RequestFacts => ({
  ...{ method: 'GET', url, destination: '', mode: 'cors', cache: 'no-store', credentials: 'omit' },
  ...{ referrer: '', referrerPolicy: '', headers: new Headers(), ...more },
});

function passing(response: Response) {
  const told: WorkerMessage[] = [];
  const work: Promise<unknown>[] = [];
  const playlists = new Playlists({
    config,
    trust: {
      ...{ decided: 'yes', permission: 'yes' },
      ...{ permitted: () => Promise.resolve('yes'), settled: () => Promise.resolve() },
    },
    bridge: { to: (_, message) => told.push(message), isOff: () => false },
    fetch: () => Promise.reject(new Error('nobody asked for it again')),
  });
  const pass = (request: RequestFacts): Promise<Response> | undefined =>
    playlists.route(
      request,
      'tab',
    )?.({
      signal: new AbortController().signal,
      untouched: () => Promise.resolve(response),
      waitUntil: (one) => work.push(one),
    });
  return { told, pass, settled: () => Promise.all(work) };
}

it('the very answer is handed on, and what is relative in it to where it came from', async () => {
  const response = new Response(TEXT, { headers: { 'x-own': '1' } });
  const url = { value: 'https://edge.example/1/a.m3u8#x' };
  // As after a redirect, which a made-up answer cannot have had.
  const copy = Object.defineProperty(response.clone(), 'url', url);
  response.clone = () => copy;
  const { told, pass, settled } = passing(response);
  expect(await pass(facts('https://cdn.example/a.m3u8'))).toBe(response);
  expect(await response.text()).toBe(TEXT);
  await settled();
  const asked = 'https://cdn.example/a.m3u8';
  expect(told).toEqual([{ t: 'playlist', url: 'https://edge.example/1/a.m3u8', asked, text: TEXT }]);
});

it('an answer that cannot be read is handed on', async () => {
  const response = Response.error();
  const { told, pass, settled } = passing(response);
  expect(await pass(facts('https://cdn.example/a.m3u8', { mode: 'no-cors', credentials: 'include' }))).toBe(
    response,
  );
  await settled();
  expect(told).toEqual([]);
});

it.each([
  ['credentials of another origin', { credentials: 'include' as const }],
  ['a password', { headers: new Headers({ authorization: 'Basic x' }) }],
  ['another method', { method: 'POST' }],
])('a request with %s is left alone', (_, more) => {
  expect(passing(new Response(TEXT)).pass(facts('https://cdn.example/a.m3u8', more))).toBeUndefined();
});

it('what waits for an engine is bounded', () => {
  const text = (i: number, length: number): WorkerMessage => {
    const asked = urlOf(`/${i}.m3u8`);
    return { t: 'playlist', asked, url: asked, text: 'x'.repeat(length) };
  };
  let early: readonly WorkerMessage[] = [];
  for (let i = 0; i < 10; i++) early = withEarly(early, text(i, 2 ** 19));
  expect(early).toHaveLength(4);
  expect(withEarly(early, text(0, 5))).toHaveLength(4);
  for (let i = 0; i < 300; i++) early = withEarly(early, { t: 'busy', on: true });
  expect(early).toHaveLength(200);
});
