import { bytesFor, expect } from '../browser/stage-test.js';
import { digestOf, playUntil, seekTo } from '../support/in-page.js';
import { FILM, originBytes, originSha256 } from '../support/media.js';
import { test } from './firefox-test.js';

test('Firefox plays a film that Chromium has seen, and goes where it is told', async ({ stage, firefox }) => {
  const chromium = await stage.visitor();
  await chromium.open('/video.html');
  await chromium.page.evaluate(playUntil, { seconds: 59, rate: 16 });
  await stage.announced(1);

  await firefox.open('/video.html');
  await firefox.linked();
  await firefox.page.evaluate(playUntil, { seconds: 20, rate: 4 });
  const shown = await firefox.page.evaluate(seekTo, 0.8);
  expect(shown.error).toBeUndefined();
  expect(shown.time).toBeGreaterThan(48);

  const bytes = await bytesFor(firefox, [FILM]);
  expect(bytes.http, 'the head start comes over HTTP').toBeGreaterThan(0);
  expect(bytes.peer / originBytes(FILM).byteLength).toBeGreaterThan(0.1);
  expect(await firefox.page.evaluate(digestOf, FILM)).toBe(originSha256(FILM));
});
