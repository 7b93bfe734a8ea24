import { giveClock, serveClocks, setAhead } from '../support/clock-ahead.js';
import { SEGMENTS, SMALL_SEGMENTS } from '../support/media.js';
import type { Stage } from '../support/stage.js';
import { PLAYED, Viewer } from '../support/viewer.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

/** Seconds that tokens live at first, and those by which clocks may be apart. */
const LIFE = 100;
const TOLERANCE = 60;

function freshFor(stage: Stage, seconds: number): void {
  const headers = { 'cache-control': `public, max-age=${seconds}` };
  stage.site.faults.set({ path: '/media/hls/*.m4s', headers });
}

test('dash.js plays to the end with the help of a viewer over HLS, also when tokens expire', async ({
  stage,
}) => {
  freshFor(stage, LIFE);
  await serveClocks(stage);
  const a = new Viewer(await stage.visitor());
  await a.visitor.open('/hls.html');
  await a.choose('720p');
  await a.play(16);
  await a.toEnd();
  await stage.announced(SEGMENTS.length);

  const visitor = await stage.visitor();
  const b = new Viewer(visitor);
  await giveClock(visitor);
  await visitor.open('/dash.html');
  await visitor.linked();
  await b.play(4);
  await b.receives(6);
  // All that was signed so far is over for this visitor, and what is signed from now on is not.
  freshFor(stage, 2 * LIFE);
  await stage.purge('/media/hls/*');
  const before = await bytesFor(visitor, SEGMENTS);
  const questions = stage.hasherRequests.length;
  await setAhead(visitor, (LIFE + TOLERANCE + 10) * 1000);
  await b.toEnd();

  const watched = await b.watched();
  expect(watched).toMatchObject(PLAYED);
  expect(watched.frames).toBeGreaterThan(1000);
  const received = (await visitor.received()).map(({ path }) => path);
  const played = SEGMENTS.flatMap((large, i) => {
    const seen = [large, SMALL_SEGMENTS[i] ?? ''].filter((path) => received.includes(path));
    expect(seen, `segment ${i} in some rendition`).not.toEqual([]);
    return seen;
  });
  await expectExact(visitor, played);
  expect(stage.hasherRequests.slice(questions), 'asked after the end of the tokens').toContain('/v1/digests');
  const after = await bytesFor(visitor, SEGMENTS);
  expect(share(after, 'peer'), 'of what the first one has seen').toBeGreaterThanOrEqual(0.5);
  expect(after.peer - before.peer, 'from peers by new tokens').toBeGreaterThan(after.http - before.http);
});
