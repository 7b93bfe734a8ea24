import { describe, expect, it } from 'vitest';
import { PLACE_WAIT } from '../../../sw/bridge.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { WorkerRig, expectSame, piece, urlOf } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;

const prepared = (): Promise<Visit> => visitTo(PATH, LENGTH);

describe('an image from peers', () => {
  it('is complete, verified and counted, without a byte from the origin', async () => {
    const { rig, bytes, signed, page } = await prepared();
    rig.serve(page, bytes, signed, (one) => one);
    const response = await rig.until(rig.ask(PATH));
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expectSame(new Uint8Array(await response.arrayBuffer()), bytes);
    await rig.rest();
    expect(rig.requests).toEqual([]);
    expect(page.all('verdict').map(({ verdict }) => verdict)).toEqual(Array(4).fill('verified'));
    expect(page.reports[0]?.bytes).toEqual({ peer: LENGTH, store: 0, cache: 0, http: 0, wasted: 0 });
    expect(page.reports[0]?.fallback).toBeUndefined();
    const held = page.last('held');
    expect(held).toMatchObject({ root: signed.root, length: LENGTH });
    expect(held?.bits).toEqual(Uint8Array.of(0xf0));
    expect(page.all('held')[0]?.layer).toEqual(signed.layer);
  });

  it('comes from the store the second time, and after a restart', async () => {
    const { rig, bytes, signed, page } = await prepared();
    rig.serve(page, bytes, signed, (one) => one);
    await rig.bytes(rig.ask(PATH));
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports.at(-1)?.bytes).toMatchObject({ peer: 0, store: LENGTH });
    rig.restart();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.requests).toEqual([]);
  });

  it('is filled up from the origin at the deadline: missing pieces only, adjacent ones together', async () => {
    const { rig, bytes, signed, page } = await prepared();
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(rig.requests).toEqual([
      {
        ...{ url: PATH, range: `bytes=65536-${LENGTH - 1}`, cache: 'no-store', untouched: false },
        ...{ credentials: 'include', mode: 'same-origin' },
      },
    ]);
    expect(page.reports[0]?.bytes).toMatchObject({ peer: 65_536, http: LENGTH - 65_536, wasted: 0 });
    expect(page.reports[0]?.fallback).toBe('deadline');
    expect(page.reports[0]?.duration).toBeGreaterThanOrEqual(1000);
    expect(page.reports[0]?.duration).toBeLessThan(1100);
    expect(page.all('cancel')).toHaveLength(1);
  });

  it('goes to the origin as soon as the engine gives up', async () => {
    const { rig, bytes, page } = await prepared();
    page.onHeard = (m) => {
      if (m.t === 'need') page.say({ t: 'miss', id: m.id, reason: 'no-peers' });
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(rig.requests).toMatchObject([{ range: undefined, untouched: true }]);
    expect(page.reports[0]?.fallback).toBe('no-peers');
    expect(page.reports[0]?.duration).toBeLessThan(100);
  });

  it('is the origin’s own when the engine is silent', async () => {
    const { rig, bytes, page } = await prepared();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]).toMatchObject({ fallback: 'deadline', bytes: { http: LENGTH, peer: 0 } });
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it.each([
    ['wrong bytes', (one: Uint8Array<ArrayBuffer>) => one.map((byte) => byte ^ 1)],
    ['short pieces', (one: Uint8Array<ArrayBuffer>) => one.slice(0, -1)],
    ['long pieces', (one: Uint8Array<ArrayBuffer>) => new Uint8Array([...one, 0])],
    ['empty pieces', () => new Uint8Array(0)],
  ])('never holds %s', async (_, alter) => {
    const { rig, bytes, signed, page } = await prepared();
    rig.serve(page, bytes, signed, alter);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.all('verdict').map(({ verdict }) => verdict)).toEqual(Array(4).fill('mismatch'));
    expect(page.reports[0]?.bytes.peer).toBe(0);
    expect(page.reports[0]?.verdicts.mismatch).toBe(4);
  });

  it('takes the right piece after a wrong one', async () => {
    const { rig, bytes, signed, page } = await prepared();
    rig.serve(page, bytes, signed, (one, index) => {
      page.say({ t: 'piece', root: signed.root, index: piece(index), from: 3, bytes: new Uint8Array(9) });
      return one;
    });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(rig.requests).toEqual([]);
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, wasted: 36 });
  });

  it('waits for pieces that came before their layer', async () => {
    const { rig, bytes, signed, page } = await prepared();
    page.onHeard = (m) => {
      if (m.t !== 'need') return;
      expect(m.layer).toBe(true);
      for (const index of m.pieces) {
        const part = bytes.slice(index * 65_536, (index + 1) * 65_536);
        page.say({ t: 'piece', root: signed.root, index, from: 1, bytes: part });
      }
      page.say({ t: 'layer', root: signed.root, bytes: new Uint8Array(signed.layer.length) });
      page.say({ t: 'layer', root: signed.root, bytes: signed.layer });
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(rig.requests).toEqual([]);
  });

  it.each([
    ['a forged', 0, [{ t: 'verdict', from: 4, verdict: 'mismatch' }]],
    ['the right', 1, []],
  ])('says who brought %s layer, if it is not the right one', async (_, factor, verdicts) => {
    const { rig, bytes, signed, page } = await prepared();
    const layer = signed.layer.map((byte) => factor * byte);
    rig.serve(page, bytes, { ...signed, layer }, (one) => one);
    const { onHeard } = page;
    page.onHeard = (m) => {
      if (m.t === 'need') page.say({ t: 'layer', root: signed.root, bytes: layer, from: 4 });
      onHeard(m);
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    const aboutLayers = page.all('verdict').filter(({ index }) => index === undefined);
    expect(aboutLayers).toEqual(verdicts.map((verdict) => ({ ...verdict, root: signed.root })));
  });
});

describe('an image the page places', () => {
  it('goes to HTTP at once when it is above the fold, and may then be shared', async () => {
    const { rig, bytes, signed, page } = await prepared();
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]).toMatchObject({ fallback: 'above-fold', bytes: { http: LENGTH } });
    expect(page.reports[0]?.duration).toBeLessThan(20);
    expect(page.last('held')).toMatchObject({ root: signed.root });
  });

  it('goes to HTTP when the page does not answer, and the page is not asked again until it speaks', async () => {
    const { rig, page } = await prepared();
    page.place = () => undefined;
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(page.reports[0]).toMatchObject({ fallback: 'no-answer' });
    expect(page.reports[0]?.duration).toBeGreaterThanOrEqual(PLACE_WAIT);
    expect(page.reports[0]?.duration).toBeLessThan(PLACE_WAIT + 20);
    rig.file('/media/b.jpg', LENGTH);
    await rig.bytes(rig.ask('/media/b.jpg'));
    await rig.rest();
    expect(page.all('place')).toHaveLength(1);
    expect(page.last('left')).toMatchObject({ url: urlOf('/media/b.jpg'), reason: 'no-answer' });
    page.say({ t: 'placed', id: page.last('place')?.id ?? 0, wait: 5 });
    await rig.bytes(rig.ask('/media/b.jpg'));
    expect(page.all('place')).toHaveLength(2);
  });

  it('never waits longer than the worker’s own bound', async () => {
    const { rig, bytes, page } = await prepared();
    page.place = () => ({ wait: 120_000 });
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports[0]?.duration).toBeLessThan(10_200);
  });

  it('waits for its token, and then for peers, no longer than it may', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    const page = await rig.visitor();
    rig.serve(page, bytes, signed, (one) => one);
    const serve = page.onHeard;
    page.onHeard = (m) => {
      serve(m);
      if (m.t === 'seen') page.say({ t: 'tokens', tokens: [signed.token] });
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(page.last('seen')?.urls).toEqual([urlOf(PATH)]);
    expect(page.last('known')).toMatchObject({ url: urlOf(PATH), root: signed.root, length: LENGTH });
    expect(rig.requests).toEqual([]);
  });
});
