import { describe, expect, it } from 'vitest';
import { MOST_TURN } from '../../../sw/origin-queue.js';
import type { OriginFile } from '../../support/worker-rig.js';
import { expectSame } from '../../support/worker-rig.js';
import { SlowGallery } from '../../support/galleries.js';

const LENGTH = 200_000;
const WAIT = 1000;
const DELAY = 5000;
const SECOND = 1000;
/** What a layer is waited for (ms). */
const LAYER_WAIT = 2000;
/** What peers alone may take once the origin has failed. */
const RESCUE = 10 * SECOND;

function change(gallery: SlowGallery, how: Partial<OriginFile>): void {
  for (const file of gallery.rig.files.values()) Object.assign(file, how);
}

describe('an origin that fails while images wait for their turn', () => {
  it.each<[string, Partial<OriginFile>]>([
    ['at once', { refuses: true }],
    ['late', { refuses: true, delay: DELAY }],
    ['with an error', { status: 503 }],
    ['in the middle', { breaksAfter: 70_000 }],
  ])('%s leaves nobody waiting', async (_, how) => {
    const gallery = await SlowGallery.open(7, LENGTH, how);
    const { rig, page } = gallery;
    gallery.nobody();
    const since = rig.clock.ticks();
    const answers = gallery.pictures.map((_picture, at) => gallery.ask(at));
    const all = Promise.allSettled(
      answers.map(async (answer) => {
        const response = await answer;
        await response.arrayBuffer();
        return response.status;
      }),
    );
    const ends = await rig.until(all);
    // What the origin gives is what the page gets, as if we were not there.
    for (const end of ends) expect(end).toMatchObject(how.status ? { value: 503 } : { status: 'rejected' });
    // Turns of others, one's own, and then what it takes to find out as the browser would have.
    expect(rig.clock.ticks() - since).toBeLessThan(6 * (how.delay ?? 0) + WAIT);
    await rig.rest();
    expect(new Set(gallery.asked).size).toBe(7);
    expect(page.all('cancel').length).toBe(page.all('need').length);
  });

  it('lets peers bring them in their time, and has failed', async () => {
    const gallery = await SlowGallery.open(5, LENGTH, { refuses: true });
    const { rig } = gallery;
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    await rig.rest(WAIT + 3 * SECOND);
    for (const at of gallery.pictures.keys()) gallery.give(at);
    for (const [at, { bytes }] of gallery.pictures.entries()) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), bytes);
      await rig.rest();
      expect(gallery.report(at)).toMatchObject({
        ...{ bytes: { peer: LENGTH, http: 0, wasted: 0 }, origin: { failed: true } },
      });
    }
  });

  it('is not waited for longer than peers alone may take, when they stay silent', async () => {
    const gallery = await SlowGallery.open(5, LENGTH, { refuses: true });
    const { rig } = gallery;
    const since = rig.clock.ticks();
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    await rig.until(Promise.allSettled(answers));
    expect(rig.clock.ticks() - since).toBeLessThan(WAIT + RESCUE + 100);
  });

  it('may recover: the next in turn gets it', async () => {
    const gallery = await SlowGallery.open(5, LENGTH, { refuses: true, delay: DELAY });
    const { rig } = gallery;
    gallery.nobody();
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    await rig.rest(DELAY - 100);
    change(gallery, { refuses: false });
    for (const file of [...rig.files.values()].slice(0, 3)) file.refuses = true;
    for (const at of [3, 4]) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), gallery.picture(at).bytes);
    }
    await rig.until(Promise.allSettled(answers));
  });
});

describe('a page that lets go of images that wait', () => {
  it('costs the origin nothing, and gives their turns to others', async () => {
    const gallery = await SlowGallery.open(8, LENGTH, { delay: DELAY });
    const { rig, page } = gallery;
    gallery.nobody();
    const stop = new AbortController();
    const gone = [3, 4, 5, 6];
    const answers = gallery.pictures.map((_, at) =>
      gallery.ask(at, gone.includes(at) ? stop.signal : undefined),
    );
    await rig.rest(1000);
    stop.abort();
    await rig.rest(10);
    expect(page.all('cancel').map(({ id }) => id)).toEqual(
      gone.flatMap((at) => gallery.needs(at).map(({ id }) => id)),
    );
    const others = gallery.pictures.flatMap(({ path }, at) => (gone.includes(at) ? [] : [path]));
    expectSame(await rig.bytes(answers[7] ?? gallery.ask(7)), gallery.picture(7).bytes);
    expect(rig.clock.ticks()).toBeLessThan(2 * DELAY + WAIT);
    const verified = rig.requests.filter(({ untouched }) => !untouched).map(({ url }) => url);
    expect(verified).toEqual(others);
  });

  it('ends the requests that are under way, and others get their turns', async () => {
    const gallery = await SlowGallery.open(6, LENGTH, { hangs: true });
    const { rig } = gallery;
    gallery.nobody();
    const stop = new AbortController();
    const first = [0, 1, 2];
    for (const at of gallery.pictures.keys()) {
      void gallery.ask(at, first.includes(at) ? stop.signal : undefined);
    }
    await rig.rest(5 * SECOND);
    expect(gallery.asked).toHaveLength(3);
    stop.abort();
    await rig.rest(100);
    const verified = rig.requests.filter(({ untouched }) => !untouched).map(({ url }) => url);
    expect(new Set(verified)).toEqual(new Set(gallery.pictures.map(({ path }) => path)));
    expect(new Set(rig.givenUp)).toEqual(new Set(first.map((at) => gallery.picture(at).path)));
  });
});

describe('a leading page that goes while images wait', () => {
  it.each([
    ['steps down', (gallery: SlowGallery) => gallery.page.say({ t: 'lead', on: false })],
    ['is replaced', (gallery: SlowGallery) => gallery.rig.page('tab-2').lead()],
  ])('and %s leaves them to the origin, in turn', async (_, go) => {
    const gallery = await SlowGallery.open(5, LENGTH, { delay: DELAY });
    const { rig } = gallery;
    const answers = gallery.pictures.map((_picture, at) => gallery.ask(at));
    await rig.rest(WAIT / 2);
    expect(gallery.asked).toEqual([]);
    go(gallery);
    await rig.rest(100);
    // Nobody is there to wait for: the deadline is not.
    expect(gallery.asked).toHaveLength(3);
    for (const [at, { bytes }] of gallery.pictures.entries()) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), bytes);
    }
    expect(rig.requests.every(({ untouched }) => !untouched)).toBe(true);
    expect(rig.clock.ticks()).toBeLessThan(WAIT + 2 * DELAY + 100);
  });

  it('may still bring what it was asked for before', async () => {
    const gallery = await SlowGallery.open(1, LENGTH, { hangs: true });
    const { rig, page } = gallery;
    const answer = gallery.ask(0);
    await rig.rest(WAIT + 100);
    page.say({ t: 'lead', on: false });
    await rig.rest(5 * SECOND);
    expect(gallery.asked).toHaveLength(1);
    gallery.give(0);
    expectSame(await rig.bytes(answer), gallery.picture(0).bytes);
  });
});

describe('an origin that is slow with some', () => {
  it('is asked for the others all the same, after a while', async () => {
    const gallery = await SlowGallery.open(8, LENGTH, { hangs: true });
    const { rig } = gallery;
    gallery.nobody();
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    await rig.rest(MOST_TURN - SECOND);
    expect(gallery.asked).toHaveLength(3);
    change(gallery, { hangs: false });
    await rig.rest(2 * SECOND);
    for (const at of [3, 4, 5, 6, 7]) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), gallery.picture(at).bytes);
    }
    expect(rig.clock.ticks()).toBeLessThan(MOST_TURN + 2 * SECOND);
    // Those that hang are not given up: the browser would not do that either.
    expect(rig.givenUp).toEqual([]);
    gallery.give(0);
    expectSame(await rig.bytes(answers[0] ?? gallery.ask(0)), gallery.picture(0).bytes);
  });
});

describe('a hash service that gives no layer, where the origin is slow', () => {
  it('leaves the page with what the origin gives, which has not failed', async () => {
    const gallery = await SlowGallery.open(3, LENGTH);
    const { rig, page } = gallery;
    rig.hasherHangs = true;
    const since = rig.clock.ticks();
    const answers = gallery.pictures.map((_, at) => gallery.ask(at));
    for (const [at, { bytes }] of gallery.pictures.entries()) {
      expectSame(await rig.bytes(answers[at] ?? gallery.ask(at)), bytes);
    }
    expect(rig.clock.ticks() - since).toBeLessThan(WAIT + LAYER_WAIT + 100);
    await rig.rest();
    expect(page.reports.map(({ origin }) => origin?.failed)).toEqual([false, false, false]);
    expect(rig.requests.every(({ untouched }) => untouched)).toBe(true);
  });
});
