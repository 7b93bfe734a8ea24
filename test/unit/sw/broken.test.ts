import { describe, expect, it } from 'vitest';
import { CONNECT_WAIT } from '../../../sw/bridge.js';
import { TRUST_WAIT } from '../../../sw/trust.js';
import { BackedStore } from '../../../src/store/backed.js';
import type { Backing } from '../../../src/store/backing.js';
import type { Clock } from '../../../src/core/clock.js';
import { memoryBacking } from '../../support/memory-backing.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { urlOf, WorkerRig, expectSame } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;
const image = (): Promise<Visit> => visitTo(PATH, LENGTH);

const never = (): Promise<never> => new Promise(() => undefined);

/** A disk of which nothing ever comes back. */
const hungBacking: Backing = {
  load: never,
  get: never,
  putPieces: never,
  removePieces: never,
  putRecords: never,
  removeRecords: never,
  putNote: never,
  clear: never,
};

describe('whatever is broken, the page gets the origin’s bytes in time', () => {
  it('hash service hanging', async () => {
    const rig = await WorkerRig.make();
    rig.hasherHangs = true;
    const bytes = rig.file(PATH, LENGTH);
    const page = rig.page();
    page.lead();
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.clock.ticks()).toBe(started);
    expect(page.last('left')?.reason).toBe('disabled');
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('hash service hanging when a visitor returns to what is stored', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    rig.restart();
    rig.hasherHangs = true;
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.clock.ticks() - started).toBeGreaterThanOrEqual(TRUST_WAIT);
    expect(rig.clock.ticks() - started).toBeLessThan(TRUST_WAIT + 20);
  });

  it('machine asleep for a minute, while peers are asked', async () => {
    const { rig, bytes, page } = await image();
    const answer = rig.ask(PATH);
    await rig.rest(100);
    expect(page.all('need')).toHaveLength(1);
    await rig.clock.sleep(60_000);
    const woke = rig.clock.ticks();
    expectSame(await rig.bytes(answer), bytes);
    expect(rig.clock.ticks() - woke).toBeLessThan(20);
  });

  it('disk hanging', async () => {
    const rig = await WorkerRig.make({
      store: (clock) => new BackedStore({ backing: hungBacking, clock, quota: 2 ** 26 }),
    });
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    const page = await rig.visitor();
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest(10);
    rig.serve(page, bytes, signed, (one) => one);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.requests).toEqual([]);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[1]?.bytes.store).toBe(LENGTH);
  });

  it('disk that loads and then hangs', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    rig.store.read = never;
    page.onHeard = () => undefined;
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[1]).toMatchObject({ bytes: { http: LENGTH }, fallback: 'store-failed' });
    expect(page.reports[1]?.duration).toBeLessThan(300);
  });

  it('a layer that rotted on disk: dropped with its pieces, and stored anew', async () => {
    const backing = memoryBacking();
    const store = (clock: Clock) => new BackedStore({ backing, clock, quota: 2 ** 26 });
    const { rig, bytes, signed, page } = await visitTo(PATH, LENGTH, { store });
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.store.flush();
    await backing.putPieces([[`${signed.root}/layer`, new Uint8Array(signed.layer.length)]]);
    for (const source of ['peer', 'store'] as const) {
      rig.restart();
      page.heard.length = 0;
      page.lead();
      expectSame(await rig.bytes(rig.ask(PATH)), bytes);
      await rig.rest();
      await rig.store.flush();
      expect(page.reports[0]?.bytes).toMatchObject({ [source]: LENGTH });
    }
  });

  it('leader’s window gone in the middle of a piece', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one, index) => (index < 2 ? one : undefined));
    const answer = rig.ask(PATH);
    await rig.rest(100);
    rig.windows.delete(page.id);
    expectSame(await rig.bytes(answer), bytes);
    expect(rig.requests).toHaveLength(1);
    const next = rig.ask(PATH, { clientId: 'tab-2' });
    await rig.bytes(next);
  });

  it('leader stepping down: what it was asked for comes from the origin at once', async () => {
    const { rig, bytes, page } = await image();
    page.onHeard = (m) => {
      if (m.t === 'need') page.say({ t: 'lead', on: false });
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]).toMatchObject({ fallback: 'no-engine' });
    expect(page.reports[0]?.duration).toBeLessThan(50);
  });

  it('page that never said hello', async () => {
    const { rig, bytes } = await image();
    rig.page('tab-9');
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'tab-9' })), bytes);
    expect(rig.clock.ticks() - started).toBeLessThan(CONNECT_WAIT + 20);
    await rig.rest();
    const later = rig.clock.ticks();
    await rig.until(rig.ask(PATH, { clientId: 'tab-9' }));
    expect(rig.clock.ticks()).toBe(later);
  });

  it('page that is still loading: it is not waited for', async () => {
    const { rig, bytes } = await image();
    rig.page('tab-9');
    rig.load('tab-9');
    const started = rig.clock.ticks();
    expectSame(await rig.bytes(rig.ask(PATH, { clientId: 'tab-9' })), bytes);
    expect(rig.clock.ticks()).toBe(started);
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('page that says hello after its first images: it still learns of them', async () => {
    const rig = await WorkerRig.make();
    rig.file(PATH, LENGTH);
    const page = rig.page();
    await rig.bytes(rig.ask(PATH));
    page.hello();
    await rig.rest();
    expect(page.last('left')).toMatchObject({ url: urlOf(PATH), reason: 'not-allowed' });
  });

  it('requests from frames and workers', async () => {
    const { rig, bytes } = await image();
    rig.windows.set('frame', {
      id: 'frame',
      frameType: 'nested',
      postMessage: () => undefined,
    });
    rig.load('worker');
    await rig.worker.start();
    expect(rig.called).toEqual(['tab-1']);
    for (const clientId of ['frame', 'worker']) {
      const started = rig.clock.ticks();
      expectSame(await rig.bytes(rig.ask(PATH, { clientId })), bytes);
      expect(rig.clock.ticks()).toBe(started);
    }
  });

  it('worker restarted: the windows are called and served again', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    rig.restart();
    await rig.worker.start();
    expect(rig.called).toEqual([page.id]);
    page.heard.length = 0;
    page.lead();
    await rig.rest();
    expect(page.last('held')).toMatchObject({ root: signed.root, bits: Uint8Array.of(0xf0) });
    expect(page.all('held')[0]?.layer).toEqual(signed.layer);
  });

  it('worker restarted, with a disk that is slower than leader and policy: all is offered again', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    const { store } = rig;
    const usedInVisit = store.usedInVisit.bind(store);
    let isLoaded = false;
    const ready = new Promise<void>((resolve) => {
      rig.clock.setTimeout(() => {
        isLoaded = true;
        resolve();
      }, 500);
    });
    Object.assign(store, { ready, usedInVisit: () => (isLoaded ? usedInVisit() : []) });
    rig.restart();
    page.heard.length = 0;
    page.lead();
    await rig.rest();
    expect(page.last('held')).toMatchObject({ root: signed.root });
  });

  it('origin failing while peers deliver: their bytes are enough', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.files.set(PATH, { bytes, refuses: true });
    page.onHeard = (m) => {
      if (m.t !== 'need') return;
      page.say({ t: 'layer', root: signed.root, bytes: signed.layer });
      for (const index of m.pieces) {
        rig.clock.setTimeout(
          () => {
            const part = bytes.slice(index * 65_536, (index + 1) * 65_536);
            page.say({ t: 'piece', root: signed.root, index, from: 1, bytes: part });
          },
          500 + index * 400,
        );
      }
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, http: 0 });
  });

  it('origin failing and peers, too: the page sees the origin’s failure', async () => {
    const { rig, bytes, page } = await image();
    rig.files.set(PATH, { bytes, status: 503 });
    const response = await rig.until(rig.ask(PATH));
    expect(response.status).toBe(503);
    await rig.rest();
    expect(page.reports[0]?.fallback).toBe('deadline');
  });

  it('origin that ignores ranges, breaks off, or sends less than asked', async () => {
    for (const fault of [{ ignoresRange: true }, { breaksAfter: 100_000 }]) {
      const { rig, bytes, signed, page } = await image();
      rig.files.set(PATH, { bytes, ...fault });
      rig.serve(page, bytes, signed, (one, index) => (index === 3 ? one : undefined));
      const got = rig.bytes(rig.ask(PATH));
      if ('breaksAfter' in fault) {
        await rig.rest(1500);
        rig.files.set(PATH, { bytes });
      }
      expectSame(await got, bytes);
    }
  });

  it('file replaced between token and fallback: the new file, whole, and the token is dropped', async () => {
    const { rig, bytes, signed, page } = await image();
    const replaced = bytes.map((byte) => byte ^ 0xff);
    rig.files.set(PATH, { bytes: replaced });
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    expectSame(await rig.bytes(rig.ask(PATH)), replaced);
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
    expect(page.last('drop')).toMatchObject({ root: signed.root });
    expect(page.reports[0]).toMatchObject({ bytes: { http: LENGTH, peer: 0 } });
    page.say({ t: 'tokens', tokens: [signed.token] });
    page.heard.length = 0;
    expectSame(await rig.bytes(rig.ask(PATH)), replaced);
    expect(page.all('need')).toEqual([]);
  });

  it.each([
    ['shorter', LENGTH - 10_000],
    ['longer', LENGTH + 10_000],
  ])('file replaced by a %s one', async (_, length) => {
    const { rig, bytes, signed, page } = await image();
    const replaced = new Uint8Array(length).fill(5);
    rig.files.set(PATH, { bytes: replaced });
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    expectSame(await rig.bytes(rig.ask(PATH)), replaced);
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
  });

  it('an error inside: told to the page, which still gets its image', async () => {
    const { rig, bytes, page } = await image();
    rig.random = () => {
      throw new Error('no dice');
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('fault')).toMatchObject({ code: 'worker-failed', message: 'no dice' });
  });

  it('no timer is left behind', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    await rig.bytes(rig.ask(PATH));
    await rig.rest(1000);
    // The one that looks at the policy again.
    expect(rig.clock.pending).toBe(1);
  });
});
