import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.js';
import { MIN_SLICE } from '../../../sw/readers.js';
import { restarted, visitTo, type Visit } from '../../support/visits.js';
import { WorkerRig, expectSame, urlOf } from '../../support/worker-rig.js';

const PATH = '/media/film.mp4';
const LENGTH = 6 * 2 ** 20 + 1234;
const PIECE = 2 ** 18;
const film = (): Promise<Visit> =>
  visitTo(PATH, LENGTH, { claims: { hdr: { 'content-type': 'video/mp4', etag: '"film"' } } });

const video = (range: string): { destination: string; range: string } => ({ destination: 'video', range });

async function answer(
  rig: WorkerRig,
  range: string,
  destination = 'video',
): Promise<{ response: Response; body: Bytes }> {
  const response = await rig.until(rig.ask(PATH, { destination, range }));
  return { response, body: new Uint8Array(await rig.until(response.arrayBuffer())) };
}

describe('a range of signed media, from peers', () => {
  it.each([
    ['bytes=0-1', 0, 2],
    ['bytes=0-0', 0, 1],
    ['bytes=0-', 0, MIN_SLICE],
    ['bytes=300000-', 300_000, 4 * PIECE],
    ['bytes=1000-1999', 1000, 2000],
    ['bytes=-500', LENGTH - 500, LENGTH],
    [`bytes=${LENGTH - 1}-`, LENGTH - 1, LENGTH],
    [`bytes=${LENGTH - 10}-${LENGTH + 100}`, LENGTH - 10, LENGTH],
    [`bytes=${LENGTH - 10}-999999999999`, LENGTH - 10, LENGTH],
  ])('%s is a true 206 of the right bytes', async (range, start, end) => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    const { response, body } = await answer(rig, range);
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${LENGTH}`);
    expect(response.headers.get('content-length')).toBe(String(end - start));
    expect(response.headers.get('etag')).toBe('"film"');
    expectSame(body, bytes.slice(start, end));
    expect(rig.requests).toEqual([]);
    await rig.rest();
    expect(page.reports[0]?.bytes).toMatchObject({ peer: end - start, http: 0 });
  });

  it.each([`bytes=${LENGTH}-`, `bytes=${LENGTH + 5}-${LENGTH + 9}`, 'bytes=-0'])(
    '%s is the origin’s 416',
    async (range) => {
      const { rig } = await film();
      const { response } = await answer(rig, range);
      expect(response.status).toBe(416);
      expect(response.headers.get('content-range')).toBe(`bytes */${LENGTH}`);
    },
  );

  it.each(['bytes=0-1,5-9', 'bytes=5-2', 'items=0-1', 'bytes=a-'])('%s is not ours', async (range) => {
    const { rig } = await film();
    await rig.until(rig.ask(PATH, video(range)));
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('slices grow while the reader keeps up, and start small after a seek', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    const lengths: number[] = [];
    let at = 0;
    for (let i = 0; i < 4; i++) {
      const { body } = await answer(rig, `bytes=${at}-`);
      lengths.push(body.byteLength);
      at += body.byteLength;
    }
    const seek = await answer(rig, 'bytes=100-');
    expect(lengths).toEqual([2 ** 19, 2 ** 20, 2 ** 21, 2 ** 21]);
    expect(seek.body.byteLength).toBe(2 ** 19 + PIECE - 100);
  });

  it('slices stay small during the head start, which is counted in seconds', async () => {
    const { rig, page } = await film();
    page.place = () => ({ wait: 0, reason: 'head-start' });
    const lengths: number[] = [];
    let at = 0;
    for (let i = 0; i < 3; i++) {
      const { body } = await answer(rig, `bytes=${at}-`);
      lengths.push(body.byteLength);
      at += body.byteLength;
    }
    expect(lengths).toEqual([MIN_SLICE, MIN_SLICE, MIN_SLICE]);
  });

  it('a script’s range is answered in full', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    const { body } = await answer(rig, 'bytes=100-', '');
    expectSame(body, bytes.slice(100));
    expect(rig.requests).toEqual([]);
  });
});

describe('media over HTTP', () => {
  it('is answered in bounded slices before any token is known', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const page = await rig.visitor();
    page.place = () => ({ wait: 0, reason: 'head-start' });
    const { response, body } = await answer(rig, 'bytes=0-');
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes 0-${MIN_SLICE - 1}/${LENGTH}`);
    expectSame(body, bytes.slice(0, MIN_SLICE));
    expect(rig.requests).toMatchObject([
      { range: `bytes=0-${MIN_SLICE - 1}`, cache: 'default', credentials: 'include' },
    ]);
  });

  it('a whole 200 that the origin gives to a range is passed on', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    rig.files.set(PATH, { bytes, ignoresRange: true });
    await rig.visitor();
    const { response, body } = await answer(rig, 'bytes=0-');
    expect(response.status).toBe(200);
    expectSame(body, bytes);
  });

  it('a 206 of other bytes than asked for is not passed on', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    rig.files.set(PATH, { bytes, headers: {}, ignoresRange: true, status: 206 });
    await rig.visitor();
    await rig.until(rig.ask(PATH, video('bytes=100-')));
    expect(rig.requests.map(({ untouched }) => untouched)).toEqual([false, true]);
  });

  it('of a length that the origin does not know is not cut: one attempt, and then as it was asked for', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    rig.files.set(PATH, { bytes, unknownLength: true });
    await rig.visitor();
    const first = await answer(rig, 'bytes=0-');
    expect(first.response.headers.get('content-range')).toBe(`bytes 0-${LENGTH - 1}/*`);
    expectSame(first.body, bytes);
    const second = await answer(rig, 'bytes=600000-');
    expectSame(second.body, bytes.slice(600_000));
    expect(rig.requests.map(({ untouched }) => untouched)).toEqual([false, true, true]);
  });

  it('is shared piece by piece once token and layer are known, the layer from the hash service', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    const page = await rig.visitor();
    page.place = () => ({ wait: 0, reason: 'head-start' });
    await answer(rig, 'bytes=0-');
    await answer(rig, `bytes=${MIN_SLICE}-`);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expect(rig.hasherRequests).toContain(`/v1/layers/${signed.root}`);
    expect(page.last('held')?.bits[0]).toBe(0xf0);
    await answer(rig, `bytes=${MIN_SLICE * 2}-`);
    await rig.rest();
    expect(page.last('held')?.bits[0]).toBe(0xfc);
    expect(page.reports.map(({ fallback }) => fallback)).toEqual(['head-start', 'head-start', 'head-start']);
  });

  it('goes on with peers after the head start', async () => {
    const { rig, bytes, signed, page } = await film();
    page.place = () => ({ wait: 0, reason: 'head-start' });
    await answer(rig, 'bytes=0-');
    await rig.rest(100);
    page.place = () => ({ wait: 1000 });
    rig.serve(page, bytes, signed, (one) => one);
    const { body } = await answer(rig, `bytes=${MIN_SLICE}-`);
    expectSame(body, bytes.slice(MIN_SLICE, MIN_SLICE + body.byteLength));
    expect(rig.requests).toHaveLength(1);
  });

  it('is verified once signed bytes were handed out: a replaced file is not mixed in', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    await answer(rig, 'bytes=0-');
    rig.files.set(PATH, { bytes: bytes.map((byte) => byte ^ 1) });
    page.onHeard = () => undefined;
    page.place = () => ({ wait: 0 });
    const response = await rig.until(rig.ask(PATH, video(`bytes=${MIN_SLICE}-`)));
    expect(response.type).toBe('error');
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
    const again = await answer(rig, 'bytes=0-');
    expect(again.body[0]).toBe((bytes[0] ?? 0) ^ 1);
  });

  it.each([
    ['at once where its strong validator says that it is the same file', '"film"', 50_000],
    ['only when it was checked where the validator is weak', 'W/"film"', 0],
    ['only when it was checked where there is none', '', 0],
    ['only when it was checked where the validator is another', '"other"', 0],
  ])('after signed bytes the origin’s come %s', async (_, etag, before) => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    await answer(rig, 'bytes=0-');
    page.place = () => ({ wait: 0, reason: 'deadline' });
    rig.files.set(PATH, { bytes, headers: etag === '' ? {} : { etag }, stallsAfter: 50_000 });
    const asked = rig.ask(PATH, video(`bytes=${4 * PIECE}-`));
    const read = asked.then(async ({ body }) => (await body?.getReader().read())?.value);
    const came = await Promise.race([rig.until(read), rig.rest(500).then(() => undefined)]);
    expect(came?.byteLength ?? 0).toBe(before);
    if (came) expectSame(came, bytes.slice(4 * PIECE, 4 * PIECE + before));
  });

  it('and a file that changed under the same validator is found out, and no longer shared', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    await answer(rig, 'bytes=0-');
    page.place = () => ({ wait: 0, reason: 'deadline' });
    rig.files.set(PATH, { bytes: bytes.map((byte) => byte ^ 1), headers: { etag: '"film"' } });
    await answer(rig, `bytes=${4 * PIECE}-`);
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
    expect(page.last('drop')).toMatchObject({ root: signed.root });
  });

  it('errors midway when the file is replaced after the first piece was handed out', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    const response = await rig.until(rig.ask(PATH, video('bytes=0-')));
    rig.files.set(PATH, { bytes: bytes.map((byte) => byte ^ 1) });
    await expect(rig.until(response.arrayBuffer())).rejects.toThrow();
    await rig.rest();
    expect(page.last('differs')).toMatchObject({ signed: signed.root });
    expect(page.reports[0]).toMatchObject({ fallback: 'deadline', bytes: { peer: PIECE } });
  });

  it('a seek with data in the store is served from there although the page would not wait', async () => {
    const { rig, bytes, signed, page } = await film();
    rig.serve(page, bytes, signed, (one) => one);
    await answer(rig, 'bytes=0-');
    page.place = () => ({ wait: 0 });
    const { body } = await answer(rig, 'bytes=0-');
    expectSame(body, bytes.slice(0, MIN_SLICE));
    expect(rig.requests).toEqual([]);
    await rig.rest();
    expect(page.reports[1]?.bytes).toMatchObject({ store: MIN_SLICE });
  });
});

describe('a whole body', () => {
  const ask = { destination: '', mode: 'cors' };

  it('streams from peers, step by step, without ever falling to HTTP while it flows', async () => {
    const { rig, bytes, signed, page } = await visitTo('/media/big.bin', 12 * 2 ** 20);
    page.place = () => ({ wait: 1000 });
    let next = 0;
    const line: (() => void)[] = [];
    const send = (): void => {
      line.shift()?.();
      if (line.length > 0) rig.clock.setTimeout(send, 100);
      next = line.length;
    };
    page.onHeard = (m) => {
      if (m.t !== 'need') return;
      if (m.layer) page.say({ t: 'layer', root: signed.root, bytes: signed.layer });
      for (const index of m.pieces) {
        const part = bytes.slice(index * PIECE, (index + 1) * PIECE);
        line.push(() => {
          page.say({ t: 'piece', root: signed.root, index, from: 1, bytes: part });
        });
      }
      if (next === 0) {
        next = line.length;
        rig.clock.setTimeout(send, 100);
      }
      expect(line.length).toBeLessThanOrEqual(32);
    };
    expectSame(await rig.bytes(rig.ask('/media/big.bin', ask)), bytes);
    await rig.rest();
    expect(rig.requests).toEqual([]);
    expect(page.reports[0]?.bytes).toMatchObject({ peer: bytes.byteLength, wasted: 0 });
    expect(page.reports[0]?.duration).toBeGreaterThan(4_000);
  });

  it('is filled step by step when peers bring only a part', async () => {
    const { rig, bytes, signed, page } = await visitTo('/media/big.bin', 9 * 2 ** 20);
    page.place = () => ({ wait: 200 });
    rig.serve(page, bytes, signed, (one, index) => (index % 3 === 0 ? one : undefined));
    expectSame(await rig.bytes(rig.ask('/media/big.bin', ask)), bytes);
    await rig.rest();
    const report = page.reports[0];
    expect((report?.bytes.peer ?? 0) + (report?.bytes.http ?? 0)).toBe(bytes.byteLength);
    expect(report?.bytes.wasted).toBe(0);
    expect(rig.requests.every(({ range, cache }) => range !== undefined && cache === 'no-store')).toBe(true);
  });

  it('that the page gives up ends everything under way', async () => {
    const { rig, bytes, signed, page } = await visitTo('/media/big.bin', 40 * 2 ** 20);
    rig.serve(page, bytes, signed, (one, index) => (index === 0 ? one : undefined));
    const response = await rig.until(rig.ask('/media/big.bin', ask));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await rig.rest(5000);
    expect(rig.requests).toEqual([]);
    const asked = page.all('need').map(({ id }) => id);
    expect(
      page
        .all('cancel')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(asked.sort());
    expect(rig.clock.pending).toBe(1);
  });
});

describe('a media element that takes the end of a part for the end of all', () => {
  it('is left to the browser, while players that are fed by script are not', async () => {
    const visit = await film();
    const { rig, page } = visit;
    rig.playsParts = false;
    await restarted(visit);
    for (const range of ['bytes=0-', 'bytes=600000-']) await rig.until(rig.ask(PATH, video(range)));
    expect(rig.requests).toMatchObject([{ untouched: true }, { untouched: true }]);
    const told = { t: 'left', url: urlOf(PATH), destination: 'video', reason: 'unsupported' };
    expect(page.all('left')).toEqual([told, told]);
    await answer(rig, 'bytes=0-99', '');
    expect(page.reports.map(({ bytes: { peer } }) => peer)).toEqual([100]);
  });
});

describe('a media element that began without the worker', () => {
  it('keeps the browser’s own answers, also when peers could help later', async () => {
    const { rig, bytes, signed, page } = await film();
    page.lead({ early: true });
    rig.serve(page, bytes, signed, (one) => one);
    page.place = () => ({ wait: 0, reason: 'before-worker' });
    await answer(rig, 'bytes=600000-');
    page.place = () => ({ wait: 1000 });
    await answer(rig, 'bytes=1600000-');
    expect(rig.requests).toMatchObject([{ untouched: true }, { untouched: true }]);
  });

  it('is assumed when one is new in the middle and the page does not answer', async () => {
    const { rig, page } = await film();
    page.lead({ early: true });
    page.place = () => undefined;
    await answer(rig, 'bytes=600000-');
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('is assumed when one is new in the middle and there is no page yet', async () => {
    const { rig } = await film();
    await rig.until(rig.ask(PATH, { ...video('bytes=600000-'), clientId: 'tab-9' }));
    expect(rig.requests).toMatchObject([{ untouched: true }]);
  });

  it('is not assumed of a page in which none did, and that is not asked about it', async () => {
    const { rig, page } = await film();
    page.place = () => ({ wait: 0 });
    await answer(rig, 'bytes=600000-');
    expect(rig.requests).toMatchObject([{ untouched: false, range: 'bytes=600000-1310719' }]);
    expect(page.all('place')).toHaveLength(1);
  });

  it('is not assumed of a page that was loaded through the worker', async () => {
    const { rig } = await film();
    rig.load('tab-9');
    await rig.until(rig.ask(PATH, { ...video('bytes=600000-'), clientId: 'tab-9' }));
    expect(rig.requests).toMatchObject([{ untouched: false }]);
  });

  it('is not assumed at the start', async () => {
    const { rig, page } = await film();
    page.place = () => undefined;
    const { body } = await answer(rig, 'bytes=0-');
    expect(body.byteLength).toBe(MIN_SLICE);
  });
});
