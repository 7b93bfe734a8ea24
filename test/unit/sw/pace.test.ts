import { describe, expect, it } from 'vitest';
import type { PageMessage } from '../../../src/protocol/bridge.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame } from '../../support/worker-rig.js';

const SEGMENT = '/media/live/7.m4s';
const LENGTH = 500_000;
/** Bytes per second: the segment takes four seconds. */
const RATE = 125_000;

type Placed = Omit<PageMessage & { t: 'placed' }, 't' | 'id'>;

async function segment(placed: Placed): Promise<Visit> {
  const visit = await visitTo(SEGMENT, LENGTH);
  visit.page.place = () => placed;
  return visit;
}

/** Milliseconds until a player's script has all of it; checks its bytes. */
async function timed({ rig, bytes }: Visit, options: { range?: string } = {}): Promise<number> {
  const before = rig.clock.ticks();
  const got = await rig.bytes(rig.ask(SEGMENT, { destination: '', ...options }));
  expectSame(got, options.range ? bytes.subarray(100_000, 350_000) : bytes);
  return rig.clock.ticks() - before;
}

describe('an answer with a pace', () => {
  it('takes as long from peers and from the store as it would from the origin', async () => {
    const visit = await segment({ wait: 2000, rate: RATE });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    for (const source of ['peer', 'store'] as const) {
      const ms = await timed(visit);
      expect(ms).toBeGreaterThanOrEqual(4000);
      expect(ms).toBeLessThan(4200);
      await visit.rig.rest();
      expect(visit.page.reports.at(-1)?.bytes[source]).toBe(LENGTH);
    }
  });

  it('takes its time for a part of a file, too, and the page hears which part', async () => {
    const visit = await segment({ wait: 2000, rate: RATE });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    const ms = await timed(visit, { range: 'bytes=100000-349999' });
    expect(ms).toBeGreaterThanOrEqual(2000);
    expect(ms).toBeLessThan(2200);
    expect(visit.page.last('place')).toMatchObject({ start: 100_000 });
  });

  it('comes in many parts, none far before its time', async () => {
    const visit = await segment({ wait: 2000, rate: RATE });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    const response = await visit.rig.until(visit.rig.ask(SEGMENT, { destination: '' }));
    const started = visit.rig.clock.ticks();
    const reader = response.body?.getReader();
    let got = 0;
    for (;;) {
      const chunk = await visit.rig.until(reader?.read() ?? Promise.reject(new Error('no body')));
      if (chunk.done) break;
      got += chunk.value.byteLength;
      expect(chunk.value.byteLength).toBeLessThanOrEqual(RATE / 4);
      expect((1000 * got) / RATE).toBeLessThanOrEqual(visit.rig.clock.ticks() - started + 50);
    }
    expect(got).toBe(LENGTH);
  });

  it('is handed on as it comes when the origin gives it', async () => {
    const visit = await segment({ wait: 0, reason: 'head-start', rate: RATE });
    expect(await timed(visit)).toBeLessThan(1000);
  });

  it('ends at once when the player goes elsewhere', async () => {
    const visit = await segment({ wait: 2000, rate: RATE });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    const response = await visit.rig.until(visit.rig.ask(SEGMENT, { destination: '' }));
    const reader = response.body?.getReader();
    await visit.rig.until(reader?.read() ?? Promise.reject(new Error('no body')));
    await visit.rig.until(reader?.cancel() ?? Promise.reject(new Error('no body')));
    await visit.rig.rest();
    expect(visit.page.reports).toHaveLength(1);
    expect(visit.page.reports[0]?.bytes.peer).toBeLessThan(LENGTH);
  });

  it('is counted once when the player goes elsewhere while it waits', async () => {
    const visit = await segment({ wait: 2000, rate: RATE });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    const response = await visit.rig.until(visit.rig.ask(SEGMENT, { destination: '' }));
    const reader = response.body?.getReader();
    const reading = reader?.read();
    await visit.rig.rest(10);
    await visit.rig.until(reader?.cancel() ?? Promise.reject(new Error('no body')));
    expect(await reading).toMatchObject({ done: true });
    await visit.rig.rest();
    expect(visit.page.reports).toHaveLength(1);
  });

  it.each([0, -1, Number.NaN, Infinity, '9'])('with a rate of %s is no answer of a page', async (rate) => {
    const visit = await segment({ wait: 2000, rate: rate as number });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    expect(await timed(visit)).toBeLessThan(1000);
    await visit.rig.rest();
    expect(visit.page.reports.at(-1)?.bytes.http).toBe(LENGTH);
  });
});

describe('an answer without a pace', () => {
  it('comes as fast as it is read', async () => {
    const visit = await segment({ wait: 2000 });
    visit.rig.serve(visit.page, visit.bytes, visit.signed, (piece) => piece);
    expect(await timed(visit)).toBeLessThan(100);
    expect(await timed(visit)).toBeLessThan(100);
  });
});

describe('what nobody may hold yet', () => {
  async function unsigned(placed: Placed): Promise<Visit & { learn: () => void }> {
    const visit = await visitTo('/media/live/other.m4s', LENGTH);
    const bytes = visit.rig.file(SEGMENT, LENGTH);
    const signed = await visit.rig.sign(SEGMENT, bytes);
    visit.page.place = () => placed;
    visit.rig.serve(visit.page, bytes, signed, (piece) => piece);
    const learn = (): void => {
      visit.page.say({ t: 'tokens', tokens: [signed.token] });
    };
    return { ...visit, bytes, signed, learn };
  }

  it('has its statement waited for as long as the page says', async () => {
    const visit = await unsigned({ wait: 6000, lasting: 4000 });
    visit.rig.clock.setTimeout(visit.learn, 3000);
    const ms = await timed(visit);
    expect(ms).toBeGreaterThanOrEqual(3000);
    await visit.rig.rest();
    expect(visit.page.reports.at(-1)?.bytes).toMatchObject({ peer: LENGTH, http: 0 });
    expect(visit.page.last('need')).toMatchObject({ lasting: true });
  });

  it('comes from the origin when that is over', async () => {
    const visit = await unsigned({ wait: 6000, lasting: 4000 });
    const ms = await timed(visit);
    expect(ms).toBeGreaterThanOrEqual(4000);
    expect(ms).toBeLessThan(4500);
    await visit.rig.rest();
    expect(visit.page.reports.at(-1)).toMatchObject({ fallback: 'no-token', bytes: { http: LENGTH } });
  });

  it.each([
    ['turn up', 2500, LENGTH],
    ['do not', Infinity, 0],
  ])(
    'has its holders waited for as long, though its statement is known, whether they %s',
    async (_, after, peer) => {
      const visit = await segment({ wait: 6000, lasting: 4000 });
      const { rig, page, bytes, signed } = visit;
      rig.serve(page, bytes, signed, (piece) => piece);
      const bring = page.onHeard;
      page.onHeard = (message) => {
        if (message.t !== 'need') return;
        page.say({ t: 'miss', id: message.id, reason: 'no-peers' });
        if (after < Infinity)
          rig.clock.setTimeout(() => {
            bring(message);
          }, after);
      };
      const ms = await timed(visit);
      expect(ms).toBeGreaterThanOrEqual(Math.min(after, 4000));
      expect(ms).toBeLessThan(4500);
      await rig.rest();
      expect(page.reports.at(-1)?.bytes).toMatchObject({ peer, http: LENGTH - peer });
    },
  );

  it('is not waited for so long where somebody may hold it already', async () => {
    const visit = await unsigned({ wait: 4000 });
    visit.rig.clock.setTimeout(visit.learn, 3000);
    expect(await timed(visit)).toBeLessThan(2000);
  });
});
