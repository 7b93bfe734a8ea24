import { bytesFor, expect, share } from '../browser/stage-test.js';
import { digestOf, playUntil, seekTo } from '../support/in-page.js';
import { FILM, originSha256, SEGMENTS, SMALL_SEGMENTS } from '../support/media.js';
import { SHELF, SHELF_EAGER, SHELF_LAZY } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import { test } from './webkit-test.js';
import type { WebKitVisitor } from './webkit-visitor.js';

/** The first visitor only has to have seen them (ms for half a viewport). */
const FAST = 100;

/** WebRTC as WebKit has it elsewhere, but behind a wall: links are begun and never made. */
const WALL = `<script>
  window.RTCSessionDescription = window.RTCIceCandidate = class {};
  window.RTCPeerConnection = class extends EventTarget {
    createDataChannel() {
      return Object.assign(new EventTarget(), { close() {} });
    }
    close() {}
  };
  for (const name of ['createOffer', 'createAnswer', 'setLocalDescription', 'setRemoteDescription']) {
    RTCPeerConnection.prototype[name] = () => new Promise(() => {});
  }
</script>`;

/** Serves a page of the site behind that wall, too, and tells where. */
async function walledIn(stage: Stage, pathname: string): Promise<string> {
  const html = await (await fetch(stage.site.url + pathname)).text();
  stage.serve(`/walled-in${pathname}`, html.replace('<head>', `<head>${WALL}`));
  return `/walled-in${pathname}`;
}

/** Scripts of the page get the exact bytes of these. */
async function expectExact(webkit: WebKitVisitor, paths: readonly string[]): Promise<void> {
  for (const path of paths) expect(await webkit.run(digestOf, path), path).toBe(originSha256(path));
}

test('without WebRTC the site is as it is', async ({ stage, webkit }) => {
  await webkit.open(SHELF);
  await webkit.readToEnd();
  const found = await webkit.run(async () => ({
    peerfold: 'peerfold' in window,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    databases: (await indexedDB.databases()).length,
    kept: localStorage.length,
  }));
  expect(found).toEqual({ peerfold: false, workers: 0, databases: 0, kept: 0 });
  expect(stage.hasherRequests).toEqual([]);
});

test('peers that cannot be reached: pictures come from the origin, and from the store on the next visit', async ({
  stage,
  webkit,
}) => {
  const chromium = await stage.visitor();
  await chromium.open(SHELF);
  await chromium.readToEnd(FAST);
  await stage.announced(SHELF_LAZY.length);
  const walled = await walledIn(stage, SHELF);
  const pictures = [...SHELF_EAGER, ...SHELF_LAZY];

  await webkit.open(walled);
  await webkit.readToEnd();
  expect(share(await bytesFor(webkit, pictures), 'http')).toBe(1);
  await expectExact(webkit, pictures);

  stage.site.log.clear();
  await webkit.open(walled);
  await webkit.readToEnd();
  expect(share(await bytesFor(webkit, pictures), 'store')).toBeGreaterThanOrEqual(0.9);
  await expectExact(webkit, pictures);
  expect(stage.browserRequests('/media/*').length).toBeLessThanOrEqual(2);
});

test('a film plays and seeks, over HTTP alone', async ({ stage, webkit }) => {
  await webkit.open(await walledIn(stage, '/video.html'));
  await webkit.run(playUntil, { seconds: 2, rate: 1 });
  for (const part of [0.5, 0.2, 0.9])
    expect((await webkit.run(seekTo, part)).error, `at ${part}`).toBeFalsy();
  const { resources } = await webkit.stats();
  const films = resources.filter(({ url }) => url.endsWith(FILM));
  expect(new Set(films.map(({ fallback }) => fallback))).toEqual(new Set(['unsupported']));
  await expectExact(webkit, [FILM]);
});

test('hls.js plays, and from the store on the next visit', async ({ stage, webkit }) => {
  const walled = await walledIn(stage, '/hls.html');
  const segments = [...SEGMENTS, ...SMALL_SEGMENTS];
  await webkit.open(walled);
  await webkit.run(playUntil, { seconds: 4, rate: 1 });
  expect(share(await bytesFor(webkit, segments), 'http')).toBe(1);
  await stage.announced(SEGMENTS.length);

  await webkit.open(walled);
  await webkit.run(playUntil, { seconds: 4, rate: 1 });
  expect(share(await bytesFor(webkit, segments), 'store')).toBeGreaterThanOrEqual(0.5);
});
