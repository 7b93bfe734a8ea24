import { workerFile } from '../../demo-site/files.js';
import { guardedStream } from '../support/guarded-stream.js';
import { originBytes, SEGMENTS, SMALL_SEGMENTS } from '../support/media.js';
import type { Stage } from '../support/stage.js';
import { PLAYED, Viewer } from '../support/viewer.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

/** The first visitor only has to have seen it. */
const FAST = 16;

/** Plays the larger rendition and knows of no other. */
const LARGE = '/large.html';

/** Bytes per second: more than the small rendition takes, and less than the large one. */
const LINE = 110_000;

/** Somebody with the stream's page open. */
async function viewer(stage: Stage, page = '/hls.html'): Promise<Viewer> {
  const viewer = new Viewer(await stage.visitor());
  await viewer.visitor.open(page);
  return viewer;
}

test('hls.js plays to the end, and beyond the head start from peers', async ({ stage }) => {
  const page = originBytes('/hls.html').toString();
  stage.serve(LARGE, page.replace('/media/hls/index.m3u8', '/media/hls/v0/playlist.m3u8'));
  const a = await viewer(stage, LARGE);
  await a.play(FAST);
  await a.toEnd();
  await stage.announced(SEGMENTS.length);

  const b = await viewer(stage, LARGE);
  await b.visitor.linked();
  await b.play(4);
  await b.toEnd();
  await expectExact(b.visitor, SEGMENTS);
  expect(await b.watched()).toMatchObject(PLAYED);
  expect(share(await bytesFor(b.visitor, SEGMENTS.slice(3)), 'peer')).toBeGreaterThanOrEqual(0.8);
  expect(share(await bytesFor(b.visitor, SEGMENTS.slice(0, 1)), 'http')).toBe(1);

  await test.step('an origin slower than the stream, then gone with its playlists: peers carry on', async () => {
    const c = await viewer(stage, LARGE);
    await c.visitor.linked();
    await c.play(8);
    await c.receives(3);
    // 0.4 Mbit/s, for a stream of 1.4 Mbit/s that is played eight times as fast.
    stage.site.faults.set({ path: '/media/hls/*', sharedBytesPerSecond: 50_000 });
    await c.receives(9);
    stage.site.faults.set({ path: '/media/hls/*', stop: true });
    const { http } = await bytesFor(c.visitor, SEGMENTS);
    await c.toEnd();
    await expectExact(c.visitor, SEGMENTS);
    expect(await c.watched()).toMatchObject(PLAYED);
    const bytes = await bytesFor(c.visitor, SEGMENTS);
    const underWay = originBytes(SEGMENTS[10] ?? '').byteLength;
    expect(bytes.http, 'from an origin that is gone').toBeLessThan(http + underWay);
    expect(share(bytes, 'peer')).toBeGreaterThanOrEqual(0.5);
  });
});

test('the rendition is switched within a segment, and one segment is not there', async ({ stage }) => {
  const missing = SMALL_SEGMENTS[9] ?? '';
  const cut = SEGMENTS[2] ?? '';
  stage.site.faults.set({ path: cut, bytesPerSecond: 100_000 });
  stage.site.faults.set({ path: missing, status: 404 });
  const a = await viewer(stage);
  await a.choose('720p');
  const aborted: string[] = [];
  a.visitor.page.on('requestfailed', (request) => aborted.push(new URL(request.url()).pathname));
  await a.play(FAST);
  const halfWay = () => stage.browserRequests(cut).some(({ bytes, ended }) => bytes > 0 && !ended);
  await expect.poll(halfWay, { intervals: [20] }).toBe(true);
  await a.visitor.page.evaluate(() => (window.player.currentLevel = 0));
  await a.toEnd();
  expect(aborted, 'what the player let go of').toContain(cut);
  expect(await a.watched()).toMatchObject({ ended: true });
  // What is not there is not there with Peerfold either: the player helps itself with the other rendition.
  const answers = (await a.visitor.received()).filter(({ path }) => path === missing);
  expect(answers.map(({ status }) => status)).toContain(404);
  await expectExact(a.visitor, [...SMALL_SEGMENTS.slice(4, 8), SEGMENTS[9] ?? '']);

  await test.step('a second viewer, in one rendition and then the other', async () => {
    const b = await viewer(stage);
    await b.choose('360p');
    await b.visitor.linked();
    await b.play(8);
    await b.reaches(20);
    await b.choose('720p');
    await b.toEnd();
    expect(await b.watched()).toMatchObject(PLAYED);
    await expectExact(b.visitor, [...SMALL_SEGMENTS.slice(0, 5), ...SEGMENTS.slice(-2)]);
    const bytes = await bytesFor(b.visitor, [...SEGMENTS, ...SMALL_SEGMENTS]);
    expect(bytes.peer, 'of what both have seen').toBeGreaterThan(0);
  });
});

test('encrypted segments, signed for each visitor and from several hosts, are one stream', async ({
  stage,
}) => {
  const { url } = stage.site;
  const other = url.replace('localhost', '127.0.0.1');
  await stage.stopHasher();
  await stage.startHasher({ origins: [url, other], dropQueries: ['/media/*?signature'] });
  const services = {
    hasher: `http://localhost:${stage.ports.hasher}`,
    tracker: `ws://localhost:${stage.ports.tracker}`,
  };
  const literal = { ...services, include: ['/media/*'], origins: [other] };
  stage.serve('/peerfold-sw.js', workerFile(literal));
  const { segments, digests, pageFor } = guardedStream(stage);

  const a = await viewer(stage, pageFor('for-a', url));
  await a.play(FAST);
  await a.toEnd();
  await stage.announced(segments.length);

  const b = await viewer(stage, pageFor('for-b', other));
  await b.visitor.linked();
  await b.play(8);
  await b.toEnd();
  expect(await b.watched()).toMatchObject(PLAYED);
  // The player asks for encrypted segments twice now and then, also without Peerfold.
  const received = await b.visitor.received();
  const answers = received.filter(({ path, status }) => segments.includes(path) && status === 200);
  const digestOf = new Map(segments.map((path, i) => [path, digests[i]]));
  for (const { path, sha256 } of answers) expect(sha256, path).toBe(digestOf.get(path));
  expect(new Set(answers.map(({ path }) => path))).toEqual(new Set(segments));
  expect(share(await bytesFor(b.visitor, segments.slice(6)), 'peer')).toBeGreaterThanOrEqual(0.8);
});

/** Which renditions the player took segments of, its first ones left out. */
async function chosen({ visitor }: Viewer): Promise<readonly string[]> {
  const received = await visitor.received();
  const renditions = received.flatMap(({ path }) => /\/hls\/(v\d)\/seg-/.exec(path)?.[1] ?? []);
  return [...new Set(renditions.slice(3))].sort();
}

test('a player chooses with peers the rendition that it chooses without', async ({ stage }) => {
  const a = await viewer(stage);
  await a.choose('360p');
  await a.play(FAST);
  await a.toEnd();
  await stage.announced(SMALL_SEGMENTS.length);
  stage.site.faults.set({ path: '/media/hls/*', bytesPerSecond: LINE });

  const [without, withPeers] = [await viewer(stage, '/hls.html?peerfold=off'), await viewer(stage)];
  await withPeers.visitor.linked();
  await Promise.all([without.play(), withPeers.play()]);
  await Promise.all([without.reaches(14), withPeers.reaches(14)]);
  expect(await chosen(without)).toEqual(['v1']);
  expect(await chosen(withPeers)).toEqual(['v1']);
  expect((await bytesFor(withPeers.visitor, SMALL_SEGMENTS)).peer).toBeGreaterThan(0);
});
