import { describe, expect, it } from 'vitest';
import { visitTo, type Visit } from '../../support/visits.js';

const SEGMENT = '/media/7.m4s';
const LENGTH = 500_000;
const HALF = 200_000;

/** The origin's own answer to a script, of which it has given a part and waits with the rest. */
async function halfway(destination: string): Promise<Visit & { response: Response }> {
  const visit = await visitTo(SEGMENT, LENGTH);
  visit.page.place = () => ({ wait: 0, reason: 'head-start' });
  const file = visit.rig.files.get(SEGMENT);
  if (file) file.stallsAfter = HALF;
  const response = await visit.rig.until(visit.rig.ask(SEGMENT, { destination }));
  await visit.rig.rest();
  expect(visit.page.reports).toEqual([]);
  return { ...visit, response };
}

/** A player fetches segments by script. */
describe.each(['', 'image'])("an origin's answer that is left midway (destination '%s')", (destination) => {
  it('is not read to its end for the copy', async () => {
    const { rig, page, response } = await halfway(destination);
    await response.body?.cancel();
    await rig.rest();
    expect(page.reports).toMatchObject([{ bytes: { http: HALF } }]);
  });

  it('is neither kept nor shared', async () => {
    const { rig, page, response, signed } = await halfway(destination);
    await response.body?.cancel();
    await rig.rest();
    expect(page.all('held').filter(({ root }) => root === signed.root)).toEqual([]);
  });

  it('ends at once where the platform says so', async () => {
    const visit = await visitTo(SEGMENT, LENGTH);
    visit.page.place = () => ({ wait: 0, reason: 'head-start' });
    const file = visit.rig.files.get(SEGMENT);
    if (file) file.stallsAfter = HALF;
    const leaving = new AbortController();
    await visit.rig.until(visit.rig.ask(SEGMENT, { destination, signal: leaving.signal }));
    await visit.rig.rest();
    leaving.abort();
    await visit.rig.rest();
    expect(visit.page.reports).toMatchObject([{ bytes: { http: HALF } }]);
  });
});

describe("an origin's answer that is read to its end", () => {
  it('comes whole, and is kept', async () => {
    const { rig, bytes, page, signed } = await visitTo(SEGMENT, LENGTH);
    page.place = () => ({ wait: 0, reason: 'head-start' });
    expect(await rig.bytes(rig.ask(SEGMENT, { destination: '' }))).toEqual(bytes);
    await rig.rest();
    expect(page.all('held').some(({ root }) => root === signed.root)).toBe(true);
  });

  it('breaks where the origin breaks off', async () => {
    const { rig, page } = await visitTo(SEGMENT, LENGTH);
    page.place = () => ({ wait: 0, reason: 'head-start' });
    const file = rig.files.get(SEGMENT);
    if (file) file.breaksAfter = HALF;
    const response = await rig.until(rig.ask(SEGMENT, { destination: '' }));
    await expect(rig.until(response.arrayBuffer())).rejects.toThrow();
  });
});
