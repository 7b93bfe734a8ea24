import { describe, expect, it } from 'vitest';
import { BRIDGE_FORGOTTEN } from '../../../src/protocol/hello.js';
import { MIN_SLICE } from '../../../sw/readers.js';
import { SILENT_PAGES, SILENT_TIME } from '../../../sw/tag-watch.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame, WorkerRig } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const FILM = '/media/film.mp4';

/** A visitor who has got a file from peers. */
async function served(path: string, length: number): Promise<Visit> {
  const visit = await visitTo(path, length);
  visit.rig.serve(visit.page, visit.bytes, visit.signed, (one) => one);
  return visit;
}

describe('when all is to be forgotten', () => {
  it('nothing is kept, nothing is answered, nobody is contacted, and every page is told last', async () => {
    const { rig, page, bytes, path } = await served(PATH, 200_000);
    await rig.bytes(rig.ask(path));
    const other = rig.page('tab-2');
    other.hello();
    await rig.rest();
    const { store } = rig;
    const order: string[] = [];
    rig.onCall = (id, message) => order.push(`${id} ${JSON.stringify(message)}`);
    await rig.until(
      rig.forget(() => {
        order.push(`unregistered, ${store.recall('allowed') ?? 'nothing kept'}`);
        return Promise.resolve();
      }),
    );
    await rig.rest();
    const told = JSON.stringify(BRIDGE_FORGOTTEN);
    expect(order).toEqual(['unregistered, nothing kept', `${page.id} ${told}`, `${other.id} ${told}`]);
    rig.hasherRequests.length = 0;
    expectSame(await rig.bytes(rig.ask(path)), bytes);
    await rig.rest(30 * 60_000);
    expect(rig.requests.at(-1)).toMatchObject({ url: path, untouched: true });
    expect(rig.hasherRequests).toEqual([]);
    expect([rig.store.recall('allowed'), rig.store.recall('tag')]).toEqual([undefined, undefined]);
  });

  it('interception ends at once, before the disk is done, and a page that says hello then is told', async () => {
    const { rig, page, bytes, path } = await served(PATH, 200_000);
    await rig.bytes(rig.ask(path));
    rig.store.erase = () => new Promise(() => undefined);
    const forgetting = rig.forget();
    page.allow(true);
    expectSame(await rig.bytes(rig.ask(path)), bytes);
    expect(rig.requests).toMatchObject([{ untouched: true }]);
    const late = rig.page('tab-2');
    late.hello();
    await rig.rest(1);
    expect(late.heard).toEqual([]);
    await rig.until(forgetting);
    expect(rig.called).toEqual([page.id, late.id]);
  });

  it('the end comes also when the worker cannot be unregistered', async () => {
    const { rig, page } = await visitTo(PATH, 200_000);
    await rig.until(rig.forget(() => Promise.reject(new Error('no'))));
    expect(rig.called).toEqual([page.id]);
  });

  it('a film goes on with answers of the same kind, from the origin', async () => {
    const { rig, bytes, path } = await served(FILM, 3 * 2 ** 20);
    const ask = (start: number): Promise<Response> =>
      rig.until(rig.ask(path, { destination: 'video', range: `bytes=${start}-` }));
    await (await ask(0)).arrayBuffer();
    await rig.until(rig.forget());
    const answer = await ask(MIN_SLICE);
    expect(answer.headers.get('content-range')).toMatch(/^bytes 524288-\d+\/3145728$/);
    const got = new Uint8Array(await rig.until(answer.arrayBuffer()));
    expectSame(got, bytes.slice(MIN_SLICE, MIN_SLICE + got.length));
    expect(rig.requests.at(-1)).toMatchObject({ url: path, untouched: false });
    // Another element begins: nothing of ours.
    const other = await rig.until(
      rig.ask(path, { destination: 'video', range: 'bytes=0-', clientId: 'tab-9' }),
    );
    expect(other.status).toBe(206);
    expect(rig.requests.at(-1)).toMatchObject({ url: path, untouched: true });
  });

  it('a later page wakes it', async () => {
    const { rig } = await visitTo(PATH, 200_000);
    await rig.until(rig.forget());
    const later = await rig.visitor('tab-3');
    await rig.rest();
    expect(later.last('policy')).toMatchObject({ enabled: true });
  });
});

describe('when the site has taken its tag off', () => {
  async function silentPage(rig: WorkerRig, id: string, request: Parameters<WorkerRig['load']>[1] = {}) {
    rig.load(id, request);
    await rig.ask('/site.css', { destination: 'style', clientId: id });
    await rig.rest(10);
  }

  it.each<[string, number, Parameters<WorkerRig['load']>[1]]>([
    ['pages without it', 1, {}],
    ['frames', 0, { destination: 'iframe' }],
    ['pages that are loaded ahead', 0, { headers: new Headers({ 'sec-purpose': 'prefetch;prerender' }) }],
    ['pages opened without us', 0, { url: 'https://site.example/?peerfold=off' }],
  ])('%s: %i', async (_, forgets, request) => {
    const rig = await WorkerRig.make();
    rig.page().hello();
    await rig.rest();
    for (let i = 0; i < SILENT_PAGES; i++) {
      await rig.clock.sleep(SILENT_TIME / 8);
      rig.restart();
      await silentPage(rig, `silent-${i}`, request);
    }
    expect(rig.forgets).toBe(forgets);
  });

  it('a page of another build has the tag', async () => {
    const rig = await WorkerRig.make();
    rig.page().hello();
    for (let i = 0; i < 2 * SILENT_PAGES; i++) {
      await rig.clock.sleep(SILENT_TIME / 8);
      await silentPage(rig, `page-${i}`);
      if (i === SILENT_PAGES / 2) rig.page('newer').hello({ build: 'other', places: false });
      if (i === SILENT_PAGES) expect(rig.forgets).toBe(0);
    }
    expect(rig.forgets).toBeGreaterThan(0);
  });
});
