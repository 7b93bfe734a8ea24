import { test as base } from 'playwright/test';
import { sha256 } from '../support/media.js';
import { Stage } from '../support/stage.js';
import { Viewer } from '../support/viewer.js';
import { expect } from './stage-test.js';

const SECONDS = 2;
/** Number of the film's last segment: 30 of them fill its minute. */
const LAST_OF_FILM = 29;

const test = base.extend<{ readonly stage: Stage }>({
  stage: async ({}, use) => {
    const stage = await Stage.open({ live: { rendition: 'v1', seconds: SECONDS, past: LAST_OF_FILM - 9 } });
    await use(stage);
    await stage.close();
  },
});

async function viewer(stage: Stage, page = '/live.html'): Promise<Viewer> {
  const viewer = new Viewer(await stage.visitor());
  await viewer.visitor.open(page);
  await viewer.play();
  return viewer;
}

/** Resolves when the segment `number` is there. */
async function appears(stage: Stage, number: number): Promise<void> {
  await expect
    .poll(() => stage.site.live.newest, { intervals: [50], timeout: 60_000 })
    .toBeGreaterThanOrEqual(number);
}

/** Every segment that the page received whole has exactly the bytes of its number. Resolves to the numbers. */
async function exactSegments(stage: Stage, { visitor }: Viewer): Promise<number[]> {
  const numbers: number[] = [];
  for (const { path, status, sha256: digest } of await visitor.received()) {
    const number = /^\/live\/(\d+)\.m4s$/.exec(path)?.[1];
    if (number === undefined || status !== 200) continue;
    expect(digest, path).toBe(sha256(await stage.site.live.content(Number(number))));
    numbers.push(Number(number));
  }
  return numbers;
}

test('live: one who joins late, one who leaves, a film that begins anew, a playlist that is gone', async ({
  stage,
}) => {
  const { live } = stage.site;
  const early = await viewer(stage);
  const leaver = await viewer(stage);
  await appears(stage, LAST_OF_FILM - 2);
  const late = await viewer(stage);
  const overDash = await viewer(stage, '/live-dash.html');
  // New segments are on their way to everybody.
  await appears(stage, live.newest + 1);
  await leaver.visitor.leave();
  await appears(stage, LAST_OF_FILM + 3);

  for (const one of [early, late, overDash]) {
    const numbers = await exactSegments(stage, one);
    expect(Math.max(...numbers), 'the film that began anew').toBeGreaterThan(LAST_OF_FILM);
    const { complaint, stalls, time } = await one.watched();
    expect(complaint).toBeUndefined();
    expect(stalls).toBeLessThanOrEqual(1);
    await one.reaches(time + SECONDS);
  }
  for (const one of [early, late]) {
    const { player, recorded, target } = await one.behind();
    expect(player, 'seconds behind, by the player').toBeLessThanOrEqual(target + 2 * SECONDS);
    expect(recorded, 'seconds behind, by the dates').toBeLessThanOrEqual(target + 3 * SECONDS);
  }
  const shared = await Promise.all(
    [early, late].map(async ({ visitor }) => (await visitor.stats()).bytes.peer),
  );
  expect(Math.max(...shared), 'bytes from other viewers').toBeGreaterThan(0);

  stage.site.faults.set({ path: '/live/index.m3u8', status: 404 });
  await early.complains();
  stage.site.faults.clear('/live/index.m3u8');
  await early.visitor.page.evaluate(() => window.player.startLoad());
  const resumed = live.newest + 1;
  await expect
    .poll(async () => Math.max(...(await exactSegments(stage, early))), { timeout: 30_000 })
    .toBeGreaterThanOrEqual(resumed);
});
