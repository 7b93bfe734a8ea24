import { describe, expect, it } from 'vitest';
import { DOWNLOAD_WAIT } from '../../../src/core/deadline.js';
import { pieceSpan } from '../../../src/core/pieces.js';
import type { PageMessage } from '../../../src/protocol/bridge.js';
import { dispositionOf } from '../../../sw/saves.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { SITE, expectSame } from '../../support/worker-rig.js';

const PATH = '/media/game.bin';
const MEGABYTE = 2 ** 20;
const LENGTH = 20 * MEGABYTE + 4321;
const URL_OF = new URL(PATH, SITE).href;

async function file(claims: Record<string, unknown> = {}): Promise<Visit> {
  const visit = await visitTo(PATH, LENGTH, { claims: { hdr: { etag: '"game"' }, ...claims } });
  visit.page.place = () => ({ wait: DOWNLOAD_WAIT, together: true });
  return visit;
}

/** The engine brings one piece after the other, each after `ms`; those of a need that is over, never. */
function trickle({ rig, page, bytes, signed }: Visit, ms: number): void {
  const queue: { id: number; index: number }[] = [];
  let isBusy = false;
  const next = (): void => {
    const one = queue.shift();
    isBusy = one !== undefined;
    if (!one) return;
    rig.clock.setTimeout(() => {
      const { start, end } = pieceSpan(signed.cut, one.index as never);
      const from = 7;
      page.say({
        t: 'piece',
        ...{ root: signed.root, from },
        index: one.index as never,
        bytes: bytes.slice(start, end),
      });
      next();
    }, ms);
  };
  page.onHeard = (message) => {
    if (message.t === 'need') {
      if (message.layer) page.say({ t: 'layer', root: signed.root, bytes: signed.layer.slice() });
      queue.push(...message.pieces.map((index) => ({ id: message.id, index })));
      if (!isBusy) next();
    } else if (message.t === 'cancel') {
      const left = queue.filter(({ id }) => id !== message.id);
      queue.splice(0, queue.length, ...left);
    }
  };
}

async function fetched(visit: Visit): Promise<Visit['page']['reports'][number]['bytes']> {
  const { rig, bytes, page } = visit;
  expectSame(await rig.bytes(rig.ask(PATH, { destination: '' })), bytes);
  await rig.rest();
  const [report] = page.reports;
  if (!report) throw new Error('no report');
  return report.bytes;
}

describe('a large file', () => {
  it('begins at the origin, and is left to peers that keep up', async () => {
    const visit = await file();
    trickle(visit, 20);
    const { peer, http, wasted } = await fetched(visit);
    expect(http).toBe(MEGABYTE);
    expect(peer).toBe(LENGTH - MEGABYTE);
    expect(wasted).toBe(0);
  });

  it('comes from both when peers are slow, each byte once or nearly', async () => {
    const visit = await file();
    trickle(visit, 300);
    const started = visit.rig.clock.ticks();
    const { peer, http, wasted } = await fetched(visit);
    expect(peer).toBeGreaterThan(0);
    expect(http).toBeGreaterThan(LENGTH / 2);
    expect(wasted).toBeLessThan(LENGTH / 20);
    // Alone, these peers would take 24 s, and each batch would wait for its deadline.
    expect(visit.rig.clock.ticks() - started).toBeLessThan(15_000);
  });

  it('is soon left to the origin when peers bring nothing', async () => {
    const visit = await file();
    const started = visit.rig.clock.ticks();
    const { http } = await fetched(visit);
    expect(http).toBe(LENGTH);
    expect(visit.rig.clock.ticks() - started).toBeLessThan(5000);
  });

  it('comes from peers alone when the origin fails', async () => {
    const visit = await file();
    const onOrigin = visit.rig.files.get(PATH);
    if (onOrigin) onOrigin.refuses = true;
    trickle(visit, 20);
    const { peer, http } = await fetched(visit);
    expect({ peer, http }).toEqual({ peer: LENGTH, http: 0 });
  });

  it('that is not large waits for peers first', async () => {
    const visit = await visitTo(PATH, 3 * MEGABYTE);
    visit.page.place = () => ({ wait: DOWNLOAD_WAIT, together: true });
    trickle(visit, 20);
    expect(await fetched(visit)).toMatchObject({ peer: 3 * MEGABYTE, http: 0 });
  });
});

describe('a file that is saved', () => {
  const save = (name: string): PageMessage => ({ t: 'save', url: URL_OF as never, name });
  const navigation = { destination: 'iframe', mode: 'navigate', clientId: '' };

  it('is answered under its name, and counted for the page that asked', async () => {
    const visit = await file();
    const { rig, page, bytes } = visit;
    trickle(visit, 20);
    page.say(save('Käse "1".bin'));
    await rig.rest(10);
    expect(page.last('saves')).toEqual({ t: 'saves', url: URL_OF, ok: true });
    const response = await rig.until(rig.ask(PATH, navigation));
    expect(response.headers.get('content-disposition')).toBe(
      "attachment; filename*=UTF-8''K%C3%A4se%20%221%22.bin",
    );
    expect(response.headers.get('content-length')).toBe(String(LENGTH));
    expectSame(new Uint8Array(await rig.until(response.arrayBuffer())), bytes);
    await rig.rest();
    expect(page.reports[0]?.bytes.peer).toBeGreaterThan(0);
  });

  it('is left to the browser when it was not announced, too long ago, or twice', async () => {
    const { rig, page } = await file();
    await rig.until(rig.ask(PATH, navigation));
    page.say(save('a.bin'));
    await rig.rest(6000);
    await rig.until(rig.ask(PATH, navigation));
    expect(rig.requests).toMatchObject([{ untouched: true }, { untouched: true }]);
  });

  it('is left to the browser while nothing is signed, allowed or included', async () => {
    const { rig, page } = await file();
    page.say({ t: 'save', url: `${SITE}/media/other.bin` as never, name: 'b' });
    page.allow(false);
    await rig.rest(10);
    page.say(save('a.bin'));
    await rig.rest(10);
    expect(page.all('saves').map(({ ok }) => ok)).toEqual([false, false]);
  });

  it('is one as well when its signed headers say so', async () => {
    const visit = await file({ hdr: { 'content-disposition': 'attachment; filename="game.bin"' } });
    trickle(visit, 20);
    const { rig, bytes } = visit;
    const response = await rig.until(rig.ask(PATH, navigation));
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="game.bin"');
    expectSame(new Uint8Array(await rig.until(response.arrayBuffer())), bytes);
  });

  it('keeps its name when the origin has to give it', async () => {
    const { rig, page, bytes } = await file();
    page.say(save('a.bin'));
    await rig.rest(10);
    rig.policy = { enabled: false };
    const response = await rig.until(rig.ask(PATH, navigation));
    expect(response.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a.bin");
    expectSame(new Uint8Array(await rig.until(response.arrayBuffer())), bytes);
  });

  it.each([
    ['', 'attachment'],
    ["it's (1)*.bin", "attachment; filename*=UTF-8''it%27s%20%281%29%2a.bin"],
    ['half \ud83d of a sign', "attachment; filename*=UTF-8''half%20%EF%BF%BD%20of%20a%20sign"],
    ['a\r\nset-cookie: b', "attachment; filename*=UTF-8''a%0D%0Aset-cookie%3A%20b"],
  ])('named %j is %s', (name, expected) => {
    expect(dispositionOf(name)).toBe(expected);
  });
});
