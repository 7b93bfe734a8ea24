import { IMPLIED, SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import { bytesFor, expect, expectExact, test } from './stage-test.js';

const PAGE = '/uploads.html';
const PACE = 100;
const RATIO = 0.4;

test('who has uploaded all that it may offers no more, and the page of the other is complete', async ({
  stage,
}) => {
  stage.serve(PAGE, shelf(tag(`${IMPLIED} data-upload-ratio="${RATIO}"`)));
  const a = await stage.visitor();
  await a.open(PAGE);
  await a.readToEnd(PACE);
  await stage.announced(SHELF_LAZY.length);

  const b = await stage.visitor();
  await b.open(SHELF);
  await b.linked();
  await b.readToEnd(PACE);

  await expectExact(b, SHELF_LAZY);
  const { bytes, uploaded, uploadRate, uploadLimit } = await a.stats();
  const { peer } = await bytesFor(b, SHELF_LAZY);
  expect(peer).toBeGreaterThan(0);
  expect(peer).toBeLessThanOrEqual(uploaded);
  expect(uploaded).toBeLessThanOrEqual(RATIO * bytes.http);
  expect({ uploadRate, uploadLimit }).toEqual({ uploadRate: 0, uploadLimit: 'ratio' });
  const counted = await a.page.evaluate(() => localStorage.getItem('peerfold-uploaded'));
  expect(Number(counted?.split(' ')[1])).toBeGreaterThanOrEqual(uploaded);
});
