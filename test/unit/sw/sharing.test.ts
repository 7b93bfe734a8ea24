import { describe, expect, it } from 'vitest';
import { restarted, visitTo, type Visit } from '../../support/visits.js';
import { WorkerRig, expectSame, urlOf } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;
const image = (): Promise<Visit> => visitTo(PATH, LENGTH);

async function fetchedOverHttp(headers: Record<string, string>): Promise<Visit> {
  const rig = await WorkerRig.make();
  const bytes = rig.file(PATH, LENGTH, headers);
  const signed = await rig.sign(PATH, bytes);
  const page = await rig.visitor();
  page.place = () => ({ wait: 0, reason: 'above-fold' });
  expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  await rig.rest();
  return { rig, path: PATH, bytes, signed, page };
}

describe('an HTTP copy', () => {
  it('is kept until its token comes, then offered', async () => {
    const { rig, signed, page } = await fetchedOverHttp({});
    expect(page.last('seen')?.urls).toEqual([urlOf(PATH)]);
    expect(page.all('held')).toEqual([]);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(page.last('held')).toMatchObject({ root: signed.root, bits: Uint8Array.of(0xf0) });
  });

  it('is forgotten when no token comes within a minute', async () => {
    const { rig, signed, page } = await fetchedOverHttp({});
    await rig.rest(61_000);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(page.all('held')).toEqual([]);
  });

  it.each([
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['no-store', { 'cache-control': 'no-store' }],
    ['no-cache', { 'cache-control': 'no-cache' }],
    ['varying by cookie', { vary: 'Accept-Encoding, Cookie' }],
    ['varying by everything', { vary: '*' }],
    ['coded', { 'content-encoding': 'br' }],
  ])('that is %s is neither kept nor mentioned', async (_, headers) => {
    const { rig, signed, page } = await fetchedOverHttp(headers);
    expect(page.all('seen')).toEqual([]);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(page.all('held')).toEqual([]);
    expect(page.all('differs')).toEqual([]);
  });

  it('that differs from the signed one is reported, never offered, and the URL left alone', async () => {
    const { rig, bytes, page } = await fetchedOverHttp({});
    const anonymous = bytes.map((byte) => byte ^ 1);
    const signed = await rig.sign(PATH, anonymous);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(page.last('differs')).toEqual({ t: 'differs', url: urlOf(PATH), signed: signed.root });
    expect(page.all('held')).toEqual([]);
    page.place = () => ({ wait: 1000 });
    rig.serve(page, anonymous, signed, (one) => one);
    const again = rig.ask(PATH);
    page.say({ t: 'tokens', tokens: [signed.token] });
    expectSame(await rig.bytes(again), bytes);
    rig.restart();
    page.lead();
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  });

  it('of a single piece that differs is noticed as well', async () => {
    const { rig, bytes, page } = await visitTo('/media/small.jpg', 40_000);
    const own = bytes.map((byte) => byte ^ 1);
    rig.files.set('/media/small.jpg', { bytes: own });
    page.place = () => ({ wait: 0 });
    expectSame(await rig.bytes(rig.ask('/media/small.jpg')), own);
    await rig.rest();
    expect(page.all('differs')).toHaveLength(1);
    expect(page.all('held')).toEqual([]);
  });

  it('of the browser’s cache is served at once, counted as such, and offered', async () => {
    const { rig, bytes, signed, page } = await image();
    const date = new Date(rig.clock.now() - 1000).toUTCString();
    rig.cached.set(PATH, () => new Response(bytes, { headers: { date, 'cache-control': 'max-age=60' } }));
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ cache: LENGTH, http: 0, peer: 0 });
    expect(page.last('held')).toMatchObject({ root: signed.root });
    expect(rig.requests).toEqual([]);
  });

  it.each([
    ['stale', { 'cache-control': 'max-age=60', date: new Date(Date.UTC(2025, 0, 1)).toUTCString() }],
    ['undated', { 'cache-control': 'max-age=60' }],
    ['without a lifetime', { date: new Date(Date.UTC(2026, 0, 1)).toUTCString() }],
    [
      'old on arrival',
      { 'cache-control': 'max-age=60', age: '90', date: new Date(Date.UTC(2026, 0, 1)).toUTCString() },
    ],
  ])('of the browser’s cache that is %s is not used', async (_, headers) => {
    const { rig, bytes, page } = await image();
    rig.cached.set(PATH, () => new Response(new Uint8Array(9), { headers }));
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]?.bytes.cache).toBe(0);
  });

  it('of the browser’s cache is not looked for where such a look asks the origin', async () => {
    const visit = await image();
    const { rig, bytes, page } = visit;
    rig.asksOnMiss = true;
    await restarted(visit);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, cache: 0, http: 0 });
    expect(rig.requests.map(({ url }) => url)).toEqual(['/peerfold-worker.js']);
  });

  it('is taken instead of peers by the canaries', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    rig.random = () => 0.001;
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]).toMatchObject({ fallback: 'canary', bytes: { http: LENGTH } });
    expect(page.last('held')).toMatchObject({ root: signed.root });
  });

  it('too small to share is left to HTTP', async () => {
    const { rig, bytes, page } = await visitTo('/media/icon.png', 5000);
    expectSame(await rig.bytes(rig.ask('/media/icon.png')), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('too-small');
    expect(page.all('need')).toEqual([]);
    expect(page.all('held')).toEqual([]);
  });

  it('too large for an image is left to HTTP', async () => {
    const { rig, bytes, page } = await visitTo('/media/huge.png', 5 * 2 ** 20);
    expectSame(await rig.bytes(rig.ask('/media/huge.png')), bytes);
    await rig.rest();
    expect(page.last('left')?.reason).toBe('too-large');
  });

  it('is told to a new leader with its layer, and dropped from what an old visit used', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    const second = await rig.visitor('tab-2');
    await rig.rest();
    expect(second.last('held')).toMatchObject({ root: signed.root, layer: signed.layer });
    rig.restart();
    const later = rig.page('tab-3');
    later.lead({ visit: 'visit-2' });
    await rig.rest();
    expect(later.all('held')).toEqual([]);
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'tab-3' })), bytes);
    await rig.rest();
    expect(later.last('held')).toMatchObject({ root: signed.root });
  });

  it('used before the page has named its visit counts for that visit', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    rig.restart();
    rig.worker.hello('x', {}, undefined);
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'unknown' })), bytes);
  });
});

describe('another origin', () => {
  const CROSS = 'https://cdn.example/media/c.jpg';

  it('is untouched while no token speaks for it', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file('/media/c.jpg', LENGTH);
    const page = await rig.visitor();
    page.place = () => ({ wait: 0 });
    expectSame(await rig.bytes(rig.ask(CROSS)), bytes);
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('is ours from the next request on, once its token is known', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file('/media/c.jpg', LENGTH);
    const signed = await rig.sign(CROSS, bytes);
    const page = await rig.visitor();
    page.place = () => ({ wait: 0 });
    await rig.bytes(rig.ask(CROSS));
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    page.place = () => ({ wait: 1000 });
    rig.serve(page, bytes, signed, (one) => one);
    expectSame(await rig.bytes(rig.ask(CROSS)), bytes);
    expect(rig.requests).toHaveLength(1);
  });

  it('with a token is asked anonymously with CORS', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file('/media/c.jpg', LENGTH);
    const signed = await rig.sign(CROSS, bytes);
    const page = await rig.visitor();
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    expectSame(await rig.bytes(rig.ask(CROSS)), bytes);
    expect(rig.requests).toMatchObject([{ mode: 'cors', credentials: 'omit', untouched: false }]);
    expect(page.last('need')?.url).toBe(CROSS);
  });

  it('that was passed on opaque stays so for that media element', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file('/media/c.mp4', LENGTH);
    const url = 'https://cdn.example/media/c.mp4';
    const signed = await rig.sign(url, bytes);
    const page = await rig.visitor();
    page.place = () => ({ wait: 0 });
    await rig.bytes(rig.ask(url, { destination: 'video', range: 'bytes=0-' }));
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    page.place = () => ({ wait: 1000 });
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(url, { destination: 'video', range: 'bytes=100-' }));
    expect(rig.requests.map(({ untouched }) => untouched)).toEqual([true, true]);
  });

  const FILM = 'https://cdn.example/media/c.mp4';

  /** A film in an element with `crossorigin`, and a page that knows its token, or not yet. */
  async function filmByCors(
    exposes: boolean,
    isKnown = true,
  ): Promise<Visit & { play: (range: string) => Promise<Response> }> {
    const rig = await WorkerRig.make();
    const bytes = rig.file('/media/c.mp4', 2 * 2 ** 20);
    rig.files.set('/media/c.mp4', { bytes, exposes });
    const signed = await rig.sign(FILM, bytes);
    const page = await rig.visitor();
    if (isKnown) page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    const ask = { destination: 'video', mode: 'cors', credentials: 'same-origin' } as const;
    const play = (range: string): Promise<Response> => rig.until(rig.ask(FILM, { ...ask, range }));
    return { rig, path: FILM, bytes, signed, page, play };
  }

  it('that does not say to scripts where a part lies gives the browser its own answers, and no others after', async () => {
    const { rig, bytes, signed, page, play } = await filmByCors(false);
    page.place = () => ({ wait: 0 });
    expect((await play('bytes=0-')).type).toBe('cors');
    page.place = () => ({ wait: 1000 });
    rig.serve(page, bytes, signed, (one) => one);
    expect((await play('bytes=600000-')).type).toBe('cors');
    expect(rig.requests.map(({ untouched }) => untouched)).toEqual([false, true, true]);
  });

  it('that says so gives parts, which are made anew', async () => {
    const { rig, page, play } = await filmByCors(true);
    page.place = () => ({ wait: 0 });
    const { type, headers } = await play('bytes=0-');
    expect([type, headers.get('content-range')]).toEqual(['default', `bytes 0-524287/${2 * 2 ** 20}`]);
    expect(rig.requests.map(({ untouched }) => untouched)).toEqual([false]);
  });

  it('whose first answer no token speaks for gives the browser its own answers, although parts could be made anew', async () => {
    const { page, play } = await filmByCors(true, false);
    page.place = () => ({ wait: 0 });
    expect((await play('bytes=0-')).type).toBe('cors');
    expect((await play('bytes=600000-')).type).toBe('cors');
  });

  it('fills up what peers began, whether or not it says where its parts lie', async () => {
    const { rig, bytes, signed, page, play } = await filmByCors(false);
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    const response = await play('bytes=0-');
    const body = new Uint8Array(await rig.until(response.arrayBuffer()));
    expectSame(body, bytes.slice(0, body.byteLength));
    expect(rig.requests).toMatchObject([{ range: 'bytes=65536-524287' }]);
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ peer: 65_536, http: 458_752, wasted: 0 });
  });

  it('and is found out when what it gives without saying where it lies is something else', async () => {
    const { rig, bytes, signed, page, play } = await filmByCors(false);
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    rig.files.set('/media/c.mp4', { bytes: bytes.map((byte) => byte ^ 1), exposes: false });
    const response = await play('bytes=0-');
    await expect(rig.until(response.arrayBuffer())).rejects.toThrow();
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
  });
});
