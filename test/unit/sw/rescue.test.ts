import { describe, expect, it } from 'vitest';
import { visitTo, type Visit } from '../../support/visits.js';
import { expectSame } from '../../support/worker-rig.js';

const PATH = '/media/a.jpg';

/** A picture on the first screen, which is the origin's to give. */
async function aboveTheFold(): Promise<Visit> {
  const visit = await visitTo(PATH, 100_000);
  visit.page.place = () => ({ wait: 0, reason: 'above-fold' });
  return visit;
}

function fail({ rig }: Visit, how: { refuses: true } | { status: number }): void {
  Object.assign(rig.files.get(PATH) ?? {}, how);
}

describe('an origin that fails', () => {
  it.each([{ refuses: true } as const, { status: 503 }, { status: 429 }])(
    'with %j is stood in for by peers',
    async (how) => {
      const visit = await aboveTheFold();
      const { rig, page, bytes, signed } = visit;
      fail(visit, how);
      rig.serve(page, bytes, signed, (one) => one);
      expectSame(await rig.bytes(rig.ask(PATH)), bytes);
      await rig.rest();
      expect(page.reports).toMatchObject([
        { fallback: 'above-fold', bytes: { peer: bytes.byteLength, http: 0 }, origin: { failed: true } },
      ]);
    },
  );

  it('stays what it is when peers bring nothing, something wrong, or not all', async () => {
    for (const alter of [
      () => undefined,
      (one: Uint8Array) => one.slice().fill(0),
      (one: Uint8Array, index: number) => (index === 0 ? one : undefined),
    ]) {
      const visit = await aboveTheFold();
      const { rig, page, bytes, signed } = visit;
      fail(visit, { status: 503 });
      rig.serve(page, bytes, signed, alter as never);
      const response = await rig.until(rig.ask(PATH));
      expect(response.status).toBe(503);
      await rig.rest();
      expect(page.reports).toHaveLength(1);
    }
  });

  it('is the page’s to deal with when nobody may be asked', async () => {
    const visit = await aboveTheFold();
    const { rig, page, bytes, signed } = visit;
    fail(visit, { refuses: true });
    rig.serve(page, bytes, signed, (one) => one);
    page.allow(false);
    await rig.rest(10);
    await expect(rig.until(rig.ask(PATH))).rejects.toThrow('connection refused');
    expect(page.all('need')).toEqual([]);
  });

  it.each([404, 403, 410])('is not what a status of %d means', async (status) => {
    const visit = await aboveTheFold();
    const { rig, page, bytes, signed } = visit;
    fail(visit, { status });
    rig.serve(page, bytes, signed, (one) => one);
    expect((await rig.until(rig.ask(PATH))).status).toBe(status);
    expect(page.all('need')).toEqual([]);
  });
});
