import { describe, expect, it } from 'vitest';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame, type TestPage, type WorkerRig } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const FILM = '/media/film.mp4';
const OFF = 'off';

/** A page that has said no for itself, beside one that leads and holds the file. */
async function twoPages(path = PATH, length = 200_000): Promise<Visit & { off: TestPage }> {
  const visit = await visitTo(path, length);
  const { rig, page, bytes, signed } = visit;
  rig.serve(page, bytes, signed, (one) => one);
  const destination = path === PATH ? 'image' : '';
  await rig.bytes(rig.ask(path, { destination, clientId: page.id }));
  const off = rig.page(OFF);
  off.hello({ allowed: false });
  off.allow(false);
  await rig.rest();
  rig.requests.length = 0;
  return { ...visit, off };
}

describe('a page that goes without us', () => {
  it('gets nothing from the store, and turns nothing off for others', async () => {
    const { rig, page, off, bytes } = await twoPages();
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: OFF })), bytes);
    expect(rig.requests).toMatchObject([{ untouched: true }]);
    await rig.rest();
    expect(off.last('left')).toMatchObject({ reason: 'not-allowed' });
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: page.id })), bytes);
    expect(rig.requests).toHaveLength(1);
    expect(page.reports.at(-1)).toMatchObject({ bytes: { store: bytes.length } });
  });

  it('plays films as if there were no worker, from the first request to the last', async () => {
    const { rig, page } = await twoPages(FILM, 2 ** 20);
    for (const range of ['bytes=0-', 'bytes=524288-']) {
      await rig.bytes(rig.ask(FILM, { destination: 'video', range, clientId: OFF }));
      expect(rig.requests.at(-1), range).toMatchObject({ untouched: true, range });
    }
    await rig.bytes(rig.ask(FILM, { destination: 'video', range: 'bytes=0-', clientId: page.id }));
    expect(rig.requests).toHaveLength(2);
  });

  it('asks for playlists itself', async () => {
    const { rig, off, page } = await twoPages();
    rig.file('/media/a.m3u8', 100);
    for (const clientId of [OFF, page.id])
      await rig.bytes(rig.ask('/media/a.m3u8', { destination: '', mode: 'cors', clientId }));
    await rig.rest();
    expect(off.all('playlist')).toEqual([]);
    expect(page.all('playlist')).toHaveLength(1);
  });

  it('can say so by its address, before it says anything else', async () => {
    const { rig, bytes } = await twoPages();
    const site = 'https://site.example/';
    for (const query of ['?peerfold=off', '?a=b&peerfold=off#top', '?peerfold=off&c']) {
      rig.requests.length = 0;
      rig.load('new', { url: site + query });
      expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'new' })), bytes);
      expect(rig.requests, query).toMatchObject([{ untouched: true }]);
    }
    for (const query of ['', '?peerfold=offline', '?peerfold=debug', '?xpeerfold=off', 'peerfold=off']) {
      rig.requests.length = 0;
      rig.load('new', { url: site + query });
      expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'new' })), bytes);
      expect(rig.requests, query).toEqual([]);
    }
  });

  it('goes on as it began: consent that is given later counts for what comes after', async () => {
    const { rig, off } = await twoPages(FILM, 2 ** 20);
    const ask = (range: string, clientId = OFF): Promise<Response> =>
      rig.until(rig.ask(FILM, { destination: 'video', range, clientId }));
    await (await ask('bytes=0-')).arrayBuffer();
    off.allow(true);
    await (await ask('bytes=524288-')).arrayBuffer();
    expect(rig.requests).toMatchObject([{ untouched: true }, { untouched: true }]);
  });
});

describe('whether the worker may', () => {
  const allowed = (rig: WorkerRig): string | undefined => rig.store.recall('allowed');

  it('a page that withdraws speaks for all', async () => {
    const { rig, page } = await twoPages();
    expect(allowed(rig)).toBe('true');
    const second = rig.page('tab-2');
    second.hello();
    page.allow(false);
    expect(allowed(rig)).toBe('false');
    rig.page('tab-3').hello({ allowed: false });
    await rig.rest();
    expect(allowed(rig)).toBe('false');
  });

  it('a page that greets again and has withdrawn speaks for all', async () => {
    const { rig, page } = await twoPages();
    rig.page('tab-2').hello();
    page.hello({ allowed: false });
    expect(allowed(rig)).toBe('false');
  });

  it('a page that never was allowed speaks for all when there is no other, or it is gone', async () => {
    const { rig, page } = await twoPages();
    expect(allowed(rig)).toBe('true');
    rig.windows.delete(page.id);
    rig.page('tab-2').hello({ allowed: false });
    await rig.rest(1);
    expect(allowed(rig)).toBe('false');
    rig.page('tab-3').hello();
    expect(allowed(rig)).toBe('true');
    rig.restart();
    rig.page('tab-2').hello({ allowed: false });
    await rig.rest(1);
    expect(allowed(rig)).toBe('false');
  });
});
