import { describe, expect, it } from 'vitest';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 200_000;
const WAIT = 1000;

const image = (): Promise<Visit> => visitTo(PATH, LENGTH);

/** What the page is told of the origin's part once its one request is over. */
async function originOf({ rig, page }: Visit) {
  await rig.until(rig.ask(PATH).catch(() => undefined));
  await rig.rest();
  expect(page.reports).toHaveLength(1);
  return page.reports[0]?.origin;
}

describe('the origin’s part in a report', () => {
  it('is missing when peers or the store sufficed', async () => {
    const visit = await image();
    const { rig, bytes, signed, page } = visit;
    rig.serve(page, bytes, signed, (one) => one);
    expect(await originOf(visit)).toBeUndefined();
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(page.reports[1]).not.toHaveProperty('origin');
  });

  it('begins at once for what is above the fold', async () => {
    const visit = await image();
    visit.page.place = () => ({ wait: 0, reason: 'above-fold' });
    const origin = await originOf(visit);
    expect(origin?.failed).toBe(false);
    expect(origin?.after).toBeLessThan(50);
  });

  it.each([
    ['all of it', () => undefined],
    ['the rest', (one: Uint8Array<ArrayBuffer>, index: number) => (index === 0 ? one : undefined)],
  ])('begins at the deadline when %s is missing', async (_, alter) => {
    const visit = await image();
    const { rig, bytes, signed, page } = visit;
    rig.serve(page, bytes, signed, alter);
    const origin = await originOf(visit);
    expect(origin?.failed).toBe(false);
    expect(origin?.after).toBeGreaterThanOrEqual(WAIT);
    expect(origin?.after).toBeLessThan(WAIT + 50);
  });

  it.each([
    ['a missing file', { status: 404 }, false],
    ['an overrun server', { status: 503 }, true],
    ['too many requests', { status: 429 }, true],
    ['no connection', { refuses: true }, true],
  ])('tells whether it failed: %s', async (_, fault, failed) => {
    const visit = await image();
    const { rig, bytes, page } = visit;
    page.place = () => ({ wait: 0, reason: 'above-fold' });
    rig.files.set(PATH, { bytes, ...fault });
    expect((await originOf(visit))?.failed).toBe(failed);
  });

  it('failed when only peers could complete the answer', async () => {
    const visit = await image();
    const { rig, bytes, signed, page } = visit;
    rig.files.set(PATH, { bytes, status: 503 });
    rig.serve(page, bytes, signed, (one, index) => {
      const late = index > 1 && page.all('need').length < 2;
      return late ? undefined : one;
    });
    expect((await originOf(visit))?.failed).toBe(true);
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, http: 0 });
  });
});

describe('an origin that fails after peers began', () => {
  it('leaves the rest to them, although their engine had given up at the deadline', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.files.set(PATH, { bytes, refuses: true });
    let needs = 0;
    rig.serve(page, bytes, signed, (one, index) => (index === 0 || needs > 1 ? one : undefined));
    const serve = page.onHeard;
    page.onHeard = (message) => {
      if (message.t !== 'need') return;
      needs++;
      const { id, wait } = message;
      if (needs > 1) rig.clock.setTimeout(() => serve(message), 3000);
      else {
        serve(message);
        rig.clock.setTimeout(() => page.say({ t: 'miss', id, reason: 'deadline' }), wait);
      }
    };
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.all('need')[1]).toMatchObject({ pieces: [1, 2, 3] });
    expect(page.reports[0]?.bytes).toMatchObject({ peer: LENGTH, http: 0, wasted: 0 });
    expect(page.all('cancel')).toHaveLength(2);
  });

  it('is not waited out when peers cannot help', async () => {
    const { rig, bytes, signed, page } = await image();
    rig.files.set(PATH, { bytes, refuses: true });
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    const serve = page.onHeard;
    page.onHeard = (message) => {
      if (page.all('need').length < 2) serve(message);
      else if (message.t === 'need') page.say({ t: 'miss', id: message.id, reason: 'no-peers' });
    };
    const started = rig.clock.ticks();
    await expect(rig.until(rig.ask(PATH))).rejects.toThrow('connection refused');
    expect(rig.clock.ticks() - started).toBeLessThan(WAIT + 100);
  });
});
