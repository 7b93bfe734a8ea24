import { describe, expect, it } from 'vitest';
import { CONNECT_WAIT, PLACE_WAIT } from '../../../sw/bridge.js';
import { visitTo, type Visit } from '../../support/visits.js';
import { WorkerRig, expectSame, urlOf } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const OTHER = '/media/b.jpg';
const LENGTH = 200_000;
const image = (): Promise<Visit> => visitTo(PATH, LENGTH);

/** A leading page that lets one question pass, on a machine that takes long for everything. */
async function fallenSilent(rig: WorkerRig, page: Visit['page']): Promise<void> {
  rig.windowDelay = 5 * CONNECT_WAIT;
  rig.file(OTHER, LENGTH);
  page.place = () => undefined;
  await rig.bytes(rig.ask(OTHER));
  await rig.rest(10 * (CONNECT_WAIT + PLACE_WAIT));
  page.heard.length = 0;
  page.place = () => ({ wait: 1000 });
}

describe('a page too busy to answer in time', () => {
  it('keeps its line to the worker, and is asked again once it has spoken', async () => {
    const { rig, bytes, signed, page } = await image();
    await fallenSilent(rig, page);
    page.say({ t: 'tokens', tokens: [signed.token] });
    rig.serve(page, bytes, signed, (one) => one);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.last('place')?.url).toBe(urlOf(PATH));
    expect(page.reports.at(-1)).toMatchObject({ bytes: { peer: LENGTH } });
  });

  it('is told meanwhile what was seen, and hears it when it can', async () => {
    const rig = await WorkerRig.make();
    const page = await rig.visitor();
    await fallenSilent(rig, page);
    rig.file(PATH, LENGTH);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(page.last('seen')?.urls).toContain(urlOf(PATH));
  });

  it('is told meanwhile what may be offered', async () => {
    const rig = await WorkerRig.make();
    const bytes = rig.file(PATH, LENGTH);
    const signed = await rig.sign(PATH, bytes);
    const page = await rig.visitor();
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest(10);
    await fallenSilent(rig, page);
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(page.last('held')).toMatchObject({ root: signed.root });
  });

  it('is not asked for pieces before it has spoken', async () => {
    const { rig, bytes, page } = await image();
    await fallenSilent(rig, page);
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.all('need')).toEqual([]);
  });
});

it('a page whose window is gone is forgotten', async () => {
  const { rig, bytes, page } = await image();
  rig.windows.delete(page.id);
  await fallenSilent(rig, page);
  page.say({ t: 'lead', on: true });
  expectSame(await rig.bytes(rig.ask(PATH)), bytes);
  expect(page.all('place')).toEqual([]);
  expect(page.all('need')).toEqual([]);
});
