import { SEGMENTS } from '../support/media.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

/** Plays the stream to its end at a multiple of its pace. */
async function playToEnd(visitor: Visitor, rate: number): Promise<void> {
  await visitor.page.evaluate(async (rate) => {
    const video = document.querySelector('video');
    if (!video) throw new Error('no video on this page');
    video.muted = true;
    video.playbackRate = rate;
    const ended = new Promise<void>((resolve, reject) => {
      video.addEventListener('ended', () => {
        resolve();
      });
      video.addEventListener('error', () => {
        reject(new Error(video.error?.message ?? 'media error'));
      });
    });
    await video.play();
    await ended;
  }, rate);
}

test('hls.js plays to the end, and beyond the head start from peers', async ({ stage }) => {
  const a = await stage.visitor();
  await a.open('/hls.html');
  await playToEnd(a, 16);
  await stage.announced(SEGMENTS.length);

  stage.site.log.clear();
  const b = await stage.visitor();
  await b.open('/hls.html');
  await playToEnd(b, 4);

  await expectExact(b, SEGMENTS);
  const afterHeadStart = SEGMENTS.slice(3);
  expect(share(await bytesFor(b, afterHeadStart), 'peer')).toBeGreaterThanOrEqual(0.8);
  expect(share(await bytesFor(b, SEGMENTS.slice(0, 1)), 'http')).toBe(1);
});
