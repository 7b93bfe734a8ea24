import { describe, expect, it } from 'vitest';
import { PLACE_WAIT, SLOW_WAIT } from '../../../sw/bridge.js';
import { SLOW } from '../../../src/core/deadline.js';
import { SlowGallery } from '../../support/galleries.js';
import { visitTo } from '../../support/visits.js';
import { WorkerRig, expectSame } from '../../support/worker-rig.js';

const LENGTH = 200_000;
const WAIT = 1000;
/** What the origin takes for one image when it is overrun (ms). */
const DELAY = 8000;
const SECOND = 1000;

describe('an image that peers did not bring, where the origin is slow', () => {
  it('is gathered and not passed through, and peers are asked for as long as that takes', async () => {
    const gallery = await SlowGallery.open(1, LENGTH, { delay: DELAY });
    const { rig, page } = gallery;
    expectSame(await rig.bytes(gallery.ask(0)), gallery.picture(0).bytes);
    await rig.rest();
    expect(rig.requests).toMatchObject([{ range: `bytes=0-${LENGTH - 1}`, untouched: false }]);
    expect(gallery.needs(0)).toMatchObject([{ lasting: true, wait: 300 * SECOND }]);
    expect(page.all('cancel').map(({ id }) => id)).toEqual(gallery.needs(0).map(({ id }) => id));
    expect(gallery.report(0)).toMatchObject({
      ...{ fallback: 'deadline', bytes: { http: LENGTH, peer: 0, wasted: 0 } },
      origin: { after: WAIT, failed: false },
    });
    // No later than the deadline plus what HTTP takes.
    expect(gallery.report(0)?.duration).toBeLessThan(WAIT + DELAY + 50);
  });

  it('is asked of the origin as soon as nobody holds it, and still taken from who turns up', async () => {
    const gallery = await SlowGallery.open(1, LENGTH, { hangs: true });
    const { rig } = gallery;
    gallery.nobody();
    const answer = gallery.ask(0);
    await rig.rest(100);
    expect(gallery.asked).toHaveLength(1);
    await rig.rest(20 * SECOND);
    expect(rig.givenUp).toEqual([]);
    gallery.give(0);
    expectSame(await rig.bytes(answer), gallery.picture(0).bytes);
    expect(rig.givenUp).toEqual(gallery.asked);
    await rig.rest();
    expect(gallery.needs(0)).toHaveLength(1);
    expect(gallery.report(0)).toMatchObject({ fallback: 'no-peers', bytes: { peer: LENGTH, http: 0 } });
  });

  it('waits for its turn behind three others, and is never asked of the origin when somebody has it', async () => {
    const gallery = await SlowGallery.open(6, LENGTH, { hangs: true });
    const { rig } = gallery;
    gallery.nobody();
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    await rig.rest(10 * SECOND);
    const inTurn = gallery.pictures.slice(0, 3).map(({ path }) => path);
    expect(gallery.asked).toEqual(inTurn);
    gallery.give(4);
    expectSame(await rig.bytes(answers[4] ?? gallery.ask(4)), gallery.picture(4).bytes);
    expect(gallery.asked).toEqual(inTurn);
    expect(rig.givenUp).toEqual([]);
    gallery.give(1);
    await rig.bytes(answers[1] ?? gallery.ask(1));
    // The turn that was given up goes to one that still waits.
    await rig.rest(100);
    expect(gallery.asked).toHaveLength(4);
    expect([3, 5].map((at) => gallery.picture(at).path)).toContain(gallery.asked.at(-1));
  });

  it('lets go first what nobody holds, then what peers are late with', async () => {
    const gallery = await SlowGallery.open(7, LENGTH, { delay: DELAY });
    const { rig, page } = gallery;
    gallery.nobody();
    const nobody = page.onHeard;
    for (const at of [0, 1, 2]) void gallery.ask(at);
    await rig.rest(100);
    const held = [3, 4].map((at) => gallery.picture(at));
    page.onHeard = (message) => {
      const isHeld = message.t === 'need' && held.some(({ signed }) => signed.root === message.root);
      if (!isHeld) nobody(message);
    };
    for (const at of [3, 5, 4, 6]) void gallery.ask(at);
    await rig.rest(DELAY + SECOND);
    const later = gallery.asked.slice(3);
    expect(new Set(later.slice(0, 2))).toEqual(new Set([5, 6].map((at) => gallery.picture(at).path)));
    await rig.rest(2 * DELAY);
    expect(gallery.asked).toHaveLength(7);
  });

  it('costs a peer its place when that sends a wrong piece; others may still bring it', async () => {
    const gallery = await SlowGallery.open(1, LENGTH, { hangs: true });
    const { rig, page } = gallery;
    gallery.nobody();
    const answer = gallery.ask(0);
    await rig.rest(5 * SECOND);
    gallery.give(0, { from: 3, alter: (one) => one.map((byte) => byte ^ 1) });
    await rig.rest(100);
    expect(page.all('verdict')).toMatchObject(Array(4).fill({ from: 3, verdict: 'mismatch' }));
    expect(page.all('cancel')).toEqual([]);
    gallery.give(0);
    expectSame(await rig.bytes(answer), gallery.picture(0).bytes);
    await rig.rest();
    expect(gallery.report(0)?.bytes).toMatchObject({ peer: LENGTH, wasted: LENGTH });
  });

  it('is as the origin has it now when that has changed it, and the others come as before', async () => {
    const gallery = await SlowGallery.open(5, LENGTH, { delay: DELAY });
    const { rig } = gallery;
    gallery.nobody();
    const changed = gallery.picture(1).bytes.map((byte) => byte ^ 1);
    Object.assign(rig.files.get(gallery.picture(1).path) ?? {}, { bytes: changed });
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    for (const [at, { bytes }] of gallery.pictures.entries()) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), at === 1 ? changed : bytes);
    }
    await rig.rest();
    expect(gallery.report(1)?.fallback).toBe('no-peers');
    expect(gallery.report(1)?.verdicts.mismatch).toBe(1);
  });
});

describe('that the origin is slow', () => {
  /** Another tab's request that is under way for long. */
  async function overrun(gallery: SlowGallery): Promise<void> {
    const { rig, page } = gallery;
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    void gallery.ask(0);
    await rig.rest(SLOW + 10);
    page.place = () => ({ wait: WAIT });
    rig.requests.length = 0;
  }

  it('is seen by the worker, too', async () => {
    const gallery = await SlowGallery.open(2, LENGTH, { delay: DELAY });
    await overrun(gallery);
    expectSame(await gallery.rig.bytes(gallery.ask(1)), gallery.picture(1).bytes);
    expect(gallery.rig.requests).toMatchObject([{ untouched: false }]);
    expect(gallery.needs(1)).toMatchObject([{ lasting: true }]);
  });

  it('may show while peers are asked: then it is not passed through either', async () => {
    const gallery = await SlowGallery.open(2, LENGTH, { delay: DELAY });
    const { rig, page } = gallery;
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    void gallery.ask(0);
    await rig.rest(100);
    page.place = () => ({ wait: SLOW + WAIT });
    expectSame(await rig.bytes(gallery.ask(1)), gallery.picture(1).bytes);
    expect(rig.requests).toMatchObject([{ untouched: true }, { untouched: false }]);
    expect(gallery.needs(1)).toMatchObject([{ lasting: false }, { lasting: true, wait: 300 * SECOND }]);
  });

  it('makes no difference to what is above the fold', async () => {
    const gallery = await SlowGallery.open(6, LENGTH, { hangs: true });
    const { rig, page } = gallery;
    gallery.nobody();
    for (const at of [0, 1, 2, 3, 4]) void gallery.ask(at);
    await rig.rest(5 * SECOND);
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    Object.assign(rig.files.get(gallery.picture(5).path) ?? {}, { hangs: false });
    const since = rig.clock.ticks();
    expectSame(await rig.bytes(gallery.ask(5)), gallery.picture(5).bytes);
    expect(rig.clock.ticks() - since).toBeLessThan(10);
    expect(rig.requests.at(-1)).toMatchObject({ untouched: true });
  });

  it.each([
    ['is worth waiting for a busy page', true, SLOW_WAIT - 100, undefined],
    ['is not known otherwise: then the page has to be quick', false, PLACE_WAIT + 50, 'no-answer'],
  ])('%s', async (_, isSlow, pause, fallback) => {
    const gallery = await SlowGallery.open(2, LENGTH);
    const { rig, page } = gallery;
    if (isSlow) {
      Object.assign(rig.files.get(gallery.picture(0).path) ?? {}, { hangs: true });
      await overrun(gallery);
    }
    page.place = () => undefined;
    page.onHeard = (message) => {
      if (message.t === 'need') gallery.give(1);
      if (message.t !== 'place') return;
      rig.clock.setTimeout(() => {
        page.say({ t: 'placed', id: message.id, wait: WAIT });
      }, pause);
    };
    expectSame(await rig.bytes(gallery.ask(1)), gallery.picture(1).bytes);
    await rig.rest();
    expect(gallery.report(1)?.fallback).toBe(fallback);
  });

  it('is not forgotten while a token is waited for', async () => {
    const rig = await WorkerRig.make();
    const path = '/media/unsigned.jpg';
    const signed = await rig.sign(path, rig.file(path, LENGTH));
    const page = await rig.visitor();
    page.place = () => ({ wait: WAIT, slow: true });
    page.onHeard = (message) => {
      if (message.t === 'seen') page.say({ t: 'tokens', tokens: [signed.token] });
    };
    await rig.bytes(rig.ask(path));
    expect(page.all('need')).toMatchObject([{ lasting: true }]);
    expect(rig.requests).toMatchObject([{ untouched: false }]);
  });
});

describe('an origin that turns out slow with the rest', () => {
  it('gets help of peers with what is missing, for as long as it takes', async () => {
    const visit = await visitTo('/media/a.jpg', LENGTH);
    const { rig, bytes, signed, page } = visit;
    rig.files.set(visit.path, { bytes, stallsAfter: 10_000 });
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    const answer = rig.ask(visit.path);
    await rig.rest(WAIT + 1400);
    expect(page.all('need')).toHaveLength(1);
    await rig.rest(200);
    expect(page.all('need')[1]).toMatchObject({ pieces: [1, 2, 3], lasting: true, wait: 300 * SECOND });
    rig.serve(page, bytes, signed, (one) => one);
    const need = page.all('need')[1];
    if (need) page.onHeard(need);
    expectSame(await rig.bytes(answer), bytes);
    await rig.rest();
    expect(rig.givenUp).toEqual([visit.path]);
    expect(page.all('cancel')).toHaveLength(2);
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, http: 0, wasted: 10_000 });
  });
});
