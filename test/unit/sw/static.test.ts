import { describe, expect, it } from 'vitest';
import { POLICY_LIFE } from '../../../src/core/limits.js';
import { WorkerRig, expectSame, urlOf, type TestPage } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';
const LENGTH = 100_000;
const WEEK = 7 * 24 * 3600;
const LIFE_MS = POLICY_LIFE * 1000;

interface Site {
  readonly rig: WorkerRig;
  readonly page: TestPage;
  readonly bytes: Uint8Array;
  readonly token: string;
}

/** A visitor of a site whose statements were signed for a week, with one picture from a peer. */
async function staticSite(): Promise<Site> {
  const rig = await WorkerRig.make({ config: { static: true } });
  rig.policy = { exp: seconds(rig) + WEEK };
  const bytes = rig.file(PATH, LENGTH);
  const page = await rig.visitor();
  const signed = await rig.sign(PATH, bytes, { exp: seconds(rig) + WEEK });
  rig.serve(page, bytes, signed, (piece) => piece);
  page.say({ t: 'tokens', tokens: [signed.token] });
  await rig.rest();
  return { rig, page, bytes, token: signed.token };
}

function seconds(rig: WorkerRig): number {
  return Math.floor(rig.clock.now() / 1000);
}

function policyReads({ hasherRequests }: WorkerRig): number {
  return hasherRequests.filter((path) => path === '/v1/policy').length;
}

describe('a static site', () => {
  it('shares by statements that live for days', async () => {
    const { rig, page, bytes } = await staticSite();
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    await rig.rest();
    expect(page.reports.at(-1)?.bytes).toMatchObject({ peer: LENGTH, http: 0 });
  });

  it('has keys and policy read past the HTTP cache, which may keep them as long as pictures', async () => {
    const { rig } = await staticSite();
    expect(rig.hasherRequests.toSorted()).toEqual(['/v1/jwks.json', '/v1/policy']);
    expect(rig.hasherCaches).toEqual(['no-cache', 'no-cache']);
  });

  it('a service says itself how long its answers may be cached', async () => {
    const rig = await WorkerRig.make();
    await rig.visitor();
    expect(rig.hasherCaches).toEqual(['default', 'default']);
  });

  it('has its policy read again every few minutes, however long it lives', async () => {
    const { rig, page } = await staticSite();
    const before = policyReads(rig);
    await rig.rest(LIFE_MS);
    expect(policyReads(rig)).toBeGreaterThan(before);
    await rig.rest(10 * LIFE_MS);
    expect(policyReads(rig)).toBeGreaterThan(before + 10);
    expect(page.last('policy')).toMatchObject({ enabled: true });
  });

  it('is switched off within the time that a policy stands', async () => {
    const { rig, page, bytes } = await staticSite();
    rig.policy = { ...rig.policy, enabled: false };
    await rig.rest(LIFE_MS);
    expect(page.last('policy')).toMatchObject({ enabled: false });
    rig.requests.length = 0;
    expectSame(await rig.bytes(rig.ask(PATH)), bytes);
    expect(page.all('need')).toEqual([]);
    expect(rig.requests).toHaveLength(1);
  });

  it('forgets what was signed before a deployment that changed something', async () => {
    const { rig, page, token } = await staticSite();
    await rig.bytes(rig.ask(PATH));
    rig.policy = { ...rig.policy, minEpoch: 2 };
    await rig.rest(LIFE_MS);
    expect(page.all('drop')).toHaveLength(1);
    page.heard.length = 0;
    page.say({ t: 'tokens', tokens: [token] });
    await rig.rest();
    expect(page.all('known')).toEqual([]);
    const renewed = await rig.sign(PATH, rig.file(PATH, LENGTH), { epoch: 2 });
    page.say({ t: 'tokens', tokens: [renewed.token] });
    await rig.rest();
    expect(page.last('known')).toMatchObject({ url: urlOf(PATH) });
  });

  it('an older policy, as an edge cache may give it, takes the place of none', async () => {
    const { rig, page } = await staticSite();
    const now = rig.clock.now();
    rig.policy = { ...rig.policy, enabled: false, ver: now + 1000 };
    await rig.rest(LIFE_MS);
    rig.policy = { ...rig.policy, enabled: true, ver: now };
    page.heard.length = 0;
    await rig.rest(2 * LIFE_MS);
    expect(page.all('policy').filter(({ enabled }) => enabled)).toEqual([]);
  });

  it('is not shared any more once its policy cannot be read', async () => {
    const { rig, page } = await staticSite();
    rig.hasherHangs = true;
    await rig.rest(LIFE_MS + 30_000);
    expect(page.last('policy')).toEqual({ t: 'policy' });
    rig.hasherHangs = false;
    await rig.bytes(rig.ask(PATH));
    await rig.rest();
    expect(page.last('policy')).toMatchObject({ enabled: true });
  });

  it('statements that claim to live longer than any may are none', async () => {
    const { rig, page } = await staticSite();
    const bytes = rig.file('/media/b.jpg', LENGTH);
    const forever = await rig.sign('/media/b.jpg', bytes, { exp: seconds(rig) + 32 * 24 * 3600 });
    page.heard.length = 0;
    page.say({ t: 'tokens', tokens: [forever.token] });
    await rig.rest();
    expect(page.all('known')).toEqual([]);
  });
});

describe('what nothing is signed about', () => {
  const UNSIGNED = '/media/unsigned.jpg';

  async function visitor(): Promise<{ rig: WorkerRig; page: TestPage; bytes: Uint8Array<ArrayBuffer> }> {
    const rig = await WorkerRig.make({ config: { static: true } });
    const bytes = rig.file(UNSIGNED, LENGTH);
    const page = await rig.visitor();
    return { rig, page, bytes };
  }

  it('is not waited for once the page has found that out, and not at all from then on', async () => {
    const { rig, page, bytes } = await visitor();
    const answer = rig.ask(UNSIGNED);
    await rig.rest(20);
    expect(rig.requests).toEqual([]);
    page.say({ t: 'unsigned', urls: page.all('seen').flatMap(({ urls }) => urls) });
    await rig.rest(5);
    expect(rig.requests).toHaveLength(1);
    expectSame(await rig.bytes(answer), bytes);
    page.heard.length = 0;
    expectSame(await rig.bytes(rig.ask(UNSIGNED)), bytes);
    expect(page.all('place')).toEqual([]);
    expect(page.last('left')).toMatchObject({ reason: 'no-token' });
  });

  it('is shared as soon as there is a statement', async () => {
    const { rig, page, bytes } = await visitor();
    page.say({ t: 'unsigned', urls: [urlOf(UNSIGNED)] });
    await rig.rest();
    const signed = await rig.sign(UNSIGNED, bytes);
    rig.serve(page, bytes, signed, (piece) => piece);
    page.say({ t: 'tokens', tokens: [signed.token] });
    await rig.rest();
    expectSame(await rig.bytes(rig.ask(UNSIGNED)), bytes);
    await rig.rest();
    expect(page.reports.at(-1)?.bytes).toMatchObject({ peer: LENGTH, http: 0 });
  });
});
