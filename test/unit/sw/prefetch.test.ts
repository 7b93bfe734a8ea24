import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.js';
import { pieceSpan } from '../../../src/core/pieces.js';
import type { Upcoming, WorkerMessage } from '../../../src/protocol/bridge.js';
import { AT_ONCE, MAX_AHEAD, PLAN_LIFE } from '../../../sw/prefetch.js';
import { MAX_PEER_WAIT } from '../../../sw/bridge.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame, piece, urlOf, WorkerRig, type TestPage } from '../../support/worker-rig.js';

const FILM = '/media/film.mp4';
const PIECE = 2 ** 18;
const UNIT = 2 ** 20;
const LENGTH = 6 * UNIT;
type Need = Extract<WorkerMessage, { t: 'need' }>;

const film = (): Promise<Visit> =>
  visitTo(FILM, LENGTH, { claims: { hdr: { 'content-type': 'video/mp4' } } });

function ahead(page: TestPage, ...items: (Partial<Upcoming> & { path?: string })[]): void {
  page.say({
    t: 'ahead',
    items: items.map(({ path = FILM, due = 20_000, ...rest }) => ({ url: urlOf(path), due, ...rest })),
  });
}

/** Needs that are open, in the order in which they were opened. */
function openNeeds(page: TestPage): Need[] {
  const over = page.all('cancel').map(({ id }) => id);
  return page.all('need').filter(({ id }) => !over.includes(id));
}

/** A player's request, to its end. */
async function play(
  { rig }: Visit,
  range: string,
  path = FILM,
): Promise<{ body: Bytes; response: Response }> {
  const response = await rig.until(rig.ask(path, { destination: 'video', range }));
  return { response, body: new Uint8Array(await rig.until(response.arrayBuffer())) };
}

function bring(visit: Visit, ...indexes: number[]): void {
  const { page, signed, bytes } = visit;
  for (const index of indexes) {
    const { start, end } = pieceSpan(signed.cut, piece(index));
    page.say({ t: 'piece', root: signed.root, index: piece(index), from: 7, bytes: bytes.slice(start, end) });
  }
}

function giveLayer({ page, signed }: Visit): void {
  page.say({ t: 'layer', root: signed.root, bytes: signed.layer.slice() });
}

describe('what players will want', () => {
  it('is asked of peers, kept, and given out from them and without a wait when it is requested', async () => {
    const visit = await film();
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one) => one);
    ahead(page, { start: UNIT, end: UNIT + 2 * PIECE });
    await rig.rest();
    expect(openNeeds(page)).toEqual([]);
    page.onHeard = () => undefined;
    page.place = () => undefined;
    const { body } = await play(visit, `bytes=${UNIT}-`);
    expectSame(body, bytes.slice(UNIT, UNIT + 2 * PIECE));
    expect(rig.requests).toEqual([]);
    await rig.rest();
    expect(page.reports[0]).toMatchObject({
      start: UNIT,
      bytes: { peer: 2 * PIECE, store: 0, cache: 0, http: 0, wasted: 0 },
    });
    await play(visit, `bytes=${UNIT}-`);
    await rig.rest();
    expect(page.reports[1]?.bytes).toMatchObject({ peer: 0, store: 2 * PIECE });
  });

  it('comes after what is requested, the soonest first, and a few parts at a time', async () => {
    const { rig, page } = await film();
    ahead(page, { start: 3 * UNIT, end: LENGTH, due: 30_000 }, { start: 0, end: PIECE, due: 4000 });
    await rig.rest(10);
    const needs = openNeeds(page);
    expect(needs).toHaveLength(AT_ONCE);
    expect(needs.map(({ pieces }) => pieces)).toEqual([[0], [12, 13, 14, 15], [16, 17, 18, 19]]);
    expect(needs[0]?.lasting).toBe(true);
    for (const { wait } of needs) expect(wait).toBeGreaterThan(MAX_PEER_WAIT);
    expect(needs[1]?.wait).toBeGreaterThan(needs[0]?.wait ?? Infinity);
  });

  it('makes room for others when nobody holds it, and is still taken when somebody does', async () => {
    const visit = await film();
    const { rig, page } = visit;
    ahead(page, { start: 0, end: LENGTH });
    await rig.rest(10);
    for (const { id } of openNeeds(page)) page.say({ t: 'miss', id, reason: 'no-peers' });
    await rig.rest(10);
    expect(openNeeds(page)).toHaveLength(2 * AT_ONCE);
    giveLayer(visit);
    bring(visit, 0, 1, 2, 3);
    await rig.rest();
    expect(openNeeds(page)).toHaveLength(2 * AT_ONCE - 1);
  });

  it('is given up at once when another list lacks it, and all of it by an empty one', async () => {
    const { rig, page } = await film();
    ahead(page, { start: 0, end: 2 * UNIT });
    await rig.rest(10);
    ahead(page, { start: UNIT, end: 3 * UNIT });
    await rig.rest(10);
    expect(openNeeds(page).map(({ pieces }) => pieces[0])).toEqual([4, 8]);
    expect(page.all('need')).toHaveLength(3);
    ahead(page);
    await rig.rest(10);
    expect(openNeeds(page)).toEqual([]);
  });

  it('is not asked for twice: not by the next list, not after it came, not at once after it failed', async () => {
    const visit = await film();
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one, index) => (index < 4 ? one : undefined));
    ahead(page, { start: 0, end: 2 * UNIT });
    await rig.rest(100);
    const [failing] = openNeeds(page);
    page.say({ t: 'miss', id: failing?.id ?? -1, reason: 'deadline' });
    ahead(page, { start: 0, end: 2 * UNIT });
    await rig.rest(100);
    expect(page.all('need')).toHaveLength(2);
    await rig.rest(6000);
    ahead(page, { start: 0, end: 2 * UNIT });
    await rig.rest(100);
    expect(page.all('need').map(({ pieces }) => pieces[0])).toEqual([0, 4, 4]);
  });

  it('waits for its token', async () => {
    const rig = await WorkerRig.make();
    const page = await rig.visitor();
    const signed = await rig.sign(FILM, rig.file(FILM, LENGTH));
    ahead(page, { start: 0, end: PIECE });
    await rig.rest(100);
    expect(page.last('seen')?.urls).toEqual([urlOf(FILM)]);
    expect(page.all('need')).toEqual([]);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest(100);
    expect(openNeeds(page)).toHaveLength(1);
  });

  it.each(['refused', 'unsigned', 'small'])('is left alone when it is %s', async (kind) => {
    const rig = await WorkerRig.make();
    const page = await rig.visitor();
    if (kind === 'refused') page.say({ t: 'tokens', tokens: [await rig.refuse(FILM)] });
    if (kind === 'unsigned') page.say({ t: 'unsigned', urls: [urlOf(FILM)] });
    if (kind === 'small')
      page.say({ t: 'tokens', tokens: [(await rig.sign(FILM, rig.file(FILM, 999))).token] });
    await rig.rest(100);
    ahead(page, {});
    await rig.rest(1000);
    expect(page.all('seen')).toEqual([]);
    expect(page.all('need')).toEqual([]);
    expect(rig.requests).toEqual([]);
  });

  it('is no more than fits, however long the lists are', async () => {
    const visit = await visitTo(FILM, 2 * MAX_AHEAD);
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one) => one);
    ahead(page, {}, { start: MAX_AHEAD + UNIT, end: 2 * MAX_AHEAD, due: 10 });
    await rig.until(
      (async () => {
        while (page.all('need').length < MAX_AHEAD / UNIT) await rig.clock.advance(0);
      })(),
    );
    await rig.rest();
    const asked = page.all('need').flatMap(({ pieces }) => pieces);
    expect(asked).toHaveLength(MAX_AHEAD / PIECE);
    expect(openNeeds(page)).toEqual([]);
  });

  it('ends when its page says no more, when it may not be, and when nobody leads', async () => {
    const { rig, page } = await film();
    ahead(page, { start: 0, end: PIECE });
    await rig.rest(PLAN_LIFE + 1000);
    const other = rig.page('tab-2');
    other.hello();
    ahead(other, { start: UNIT, end: UNIT + PIECE });
    await rig.rest(100);
    expect(openNeeds(page).map(({ pieces }) => pieces)).toEqual([[4]]);
    page.allow(false);
    await rig.rest(100);
    expect(openNeeds(page)).toEqual([]);
    page.allow(true);
    await rig.rest(100);
    expect(openNeeds(page)).toHaveLength(1);
    page.say({ t: 'lead', on: false });
    await rig.rest(100);
    expect(openNeeds(page)).toEqual([]);
    await rig.rest(6000);
    other.say({ t: 'lead', on: true });
    await rig.rest(100);
    expect(openNeeds(other)).toHaveLength(1);
  });

  it('that is wrong is not kept, and counted as waste of the next request', async () => {
    const visit = await film();
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one) => one.map((byte) => byte ^ 1));
    ahead(page, { start: 0, end: PIECE });
    await rig.rest(100);
    expect(page.last('verdict')?.verdict).toBe('mismatch');
    page.place = () => ({ wait: 0, reason: 'head-start' });
    expectSame((await play(visit, 'bytes=0-9')).body, bytes.slice(0, 10));
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ peer: 0, wasted: PIECE });
  });
});

describe('a request for what is on its way', () => {
  it('takes it over: the bytes cross once and count as from peers, and the rest goes on', async () => {
    const visit = await film();
    const { rig, page, bytes } = visit;
    giveLayer(visit);
    ahead(page, { start: 0, end: UNIT });
    await rig.rest(10);
    const [before] = openNeeds(page);
    const answer = play(visit, 'bytes=0-');
    await rig.rest(10);
    expect(openNeeds(page).map(({ pieces }) => pieces)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const order = page.heard.flatMap((one) => (one.t === 'need' || one.t === 'cancel' ? [one.id] : []));
    expect(order.indexOf(before?.id ?? -1, 1)).toBe(order.length - 1);
    giveLayer(visit);
    bring(visit, 0, 1, 2, 3);
    expectSame((await answer).body, bytes.slice(0, 2 * PIECE));
    await rig.rest();
    expect(page.reports[0]?.bytes).toEqual({ peer: 2 * PIECE, store: 0, cache: 0, http: 0, wasted: 0 });
    expect(openNeeds(page)).toEqual([]);
  });

  it('that goes to the origin takes it away from peers', async () => {
    const visit = await film();
    const { rig, page } = visit;
    ahead(page, { start: 0, end: UNIT });
    await rig.rest(10);
    page.place = () => ({ wait: 0, reason: 'deadline' });
    await play(visit, 'bytes=0-');
    expect(openNeeds(page).map(({ pieces }) => pieces)).toEqual([[2, 3]]);
  });

  it('that goes there verified, since others before it were, takes it away as well', async () => {
    const visit = await film();
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one) => one);
    await play(visit, 'bytes=0-');
    page.onHeard = () => undefined;
    ahead(page, { start: 2 * PIECE, end: 2 * UNIT });
    await rig.rest(10);
    page.place = () => ({ wait: 0, reason: 'deadline' });
    const { body } = await play(visit, `bytes=${2 * PIECE}-`);
    expect(body.byteLength).toBe(UNIT);
    expect(openNeeds(page).map(({ pieces }) => pieces)).toEqual([[6, 7]]);
  });

  it('that peers do not bring in time takes it away from them as well', async () => {
    const visit = await film();
    const { rig, page } = visit;
    ahead(page, { start: 0, end: 2 * PIECE });
    await rig.rest(10);
    await play(visit, 'bytes=0-');
    await rig.rest();
    expect(openNeeds(page)).toEqual([]);
    expect(page.reports[0]?.bytes).toMatchObject({ http: 2 * PIECE, peer: 0 });
  });

  it('is answered up to what has come, so that the next one can ask peers', async () => {
    const visit = await film();
    const { rig, page, bytes, signed } = visit;
    rig.serve(page, bytes, signed, (one) => one);
    ahead(page, { start: 0, end: 5 * PIECE });
    await rig.rest();
    let at = 0;
    for (const size of [2 * PIECE, 3 * PIECE, 8 * PIECE]) {
      const { body } = await play(visit, `bytes=${at}-`);
      expectSame(body, bytes.slice(at, at + size));
      at += size;
    }
    expect(rig.requests).toEqual([]);
  });
});
