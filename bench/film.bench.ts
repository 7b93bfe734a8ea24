import type { Page } from 'playwright';
import type { TransferReport } from '../src/index.js';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { Footage } from './support/footage.js';
import { HostBusy } from './support/host-busy.js';
import { noise } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { alternating } from './support/statistics.js';
import { withVisitors, type Visitor } from './support/visitor.js';

const PAGE = '/film.html';
const FILM = '/media/film.mp4';
const PAGE_TEXT =
  '<!doctype html><title>film</title><script src="/peerfold.js"></script>' +
  `<video muted preload="none" width="320" height="180" src="${FILM}"></video>`;
const CUT = { seconds: 600, bitrate: 1_500_000, seed: 1 };

/** The first viewer only has to have it all; the second is the one that is watched. */
const FIRST_RATE = 16;
const SECOND_RATE = 4;

/** How often somebody comes who looks here and there, and at how many places. */
const ROUNDS = 4;
const SEEKS = 10;
/** An origin of some distance: 100 ms to its first byte, 20 Mbit/s to each. */
const FAR = { latencyMs: 100, bytesPerSecond: 2_500_000 };
const ORIGINS = ['near', 'far'] as const;
type Origin = (typeof ORIGINS)[number];

interface Playback {
  readonly stalls: number;
  readonly transfers: readonly TransferReport[];
}

/** Plays to the end at a multiple of the film's pace; how often it ran dry. */
function playToEnd(page: Page, rate: number): Promise<number> {
  return page.evaluate(async (rate) => {
    const video = document.querySelector('video');
    if (!video) throw new Error('no video on this page');
    video.playbackRate = rate;
    let stalls = 0;
    const ended = new Promise<void>((resolve, reject) => {
      video.addEventListener('ended', () => {
        resolve();
      });
      video.addEventListener('error', () => {
        reject(new Error(video.error?.message));
      });
    });
    await video.play();
    video.addEventListener('waiting', () => stalls++);
    await ended;
    return stalls;
  }, rate);
}

/** Begins to play, pauses, and goes to each of these places (s): milliseconds until each is seen. */
function seekTo(page: Page, places: readonly number[]): Promise<number[]> {
  return page.evaluate(async (places) => {
    const video = document.querySelector('video');
    if (!video) throw new Error('no video on this page');
    await video.play();
    await new Promise<void>((resolve) => {
      video.addEventListener('timeupdate', () => {
        if (video.currentTime > 1) resolve();
      });
    });
    video.pause();
    const times: number[] = [];
    for (const place of places) {
      const start = performance.now();
      const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
      video.currentTime = place;
      await seeked;
      times.push(performance.now() - start);
    }
    return times;
  }, places);
}

/** The same places on every machine. */
function placesOf(round: number): number[] {
  const draws = noise(4 * SEEKS, 1000 + round);
  return Array.from({ length: SEEKS }, (_, i) => (CUT.seconds * draws.readUInt32LE(4 * i)) / 2 ** 32);
}

interface Seeks {
  readonly plain: readonly number[];
  readonly peerfold: readonly number[];
}

/** With and without, each in a profile of their own that is gone before the next one comes. */
async function seekRound(context: BenchContext, stand: Stand, round: number): Promise<Seeks> {
  const times = { plain: [] as number[], peerfold: [] as number[] };
  for (const kind of alternating(round, ['plain', 'peerfold'] as const))
    times[kind] = await withVisitors(context, async (arrive) => {
      const visitor = await arrive();
      if (kind === 'peerfold') await visitor.openReady(stand.peerfold + PAGE);
      else await visitor.open(stand.plain + PAGE);
      return seekTo(visitor.page, placesOf(round));
    });
  return times;
}

interface Found {
  readonly second: Playback;
  readonly seeks: Readonly<Record<Origin, readonly Seeks[]>>;
}

async function measure(context: BenchContext, stand: Stand): Promise<Found> {
  return withVisitors(context, async (arrive) => {
    const first = await arrive();
    await first.openReady(stand.peerfold + PAGE);
    await playToEnd(first.page, FIRST_RATE);
    await stand.announced(1);
    const second = await withVisitors(context, (arrive) => watch(arrive, stand));
    const seeks: Record<Origin, Seeks[]> = { near: [], far: [] };
    for (const origin of ORIGINS) {
      if (origin === 'far') for (const { faults } of stand.sites) faults.set({ path: FILM, ...FAR });
      for (let round = 0; round < context.repeats(ROUNDS); round++)
        seeks[origin].push(await seekRound(context, stand, round));
    }
    return { second, seeks };
  });
}

async function watch(arrive: () => Promise<Visitor>, stand: Stand): Promise<Playback> {
  const visitor = await arrive();
  await visitor.openReady(stand.peerfold + PAGE);
  const stalls = await playToEnd(visitor.page, SECOND_RATE);
  return { stalls, transfers: await visitor.transfers() };
}

function bytesOf(transfers: readonly TransferReport[], source: 'peer' | 'http'): number {
  return transfers.reduce((sum, { bytes }) => sum + bytes[source], 0);
}

function shareRow({ transfers }: Playback): BenchRow {
  const [early, late] = [true, false].map((isEarly) =>
    transfers.filter(({ fallback }) => (fallback === 'head-start') === isEarly),
  );
  const [peer, http] = [bytesOf(late ?? [], 'peer'), bytesOf(late ?? [], 'http')];
  const reasons = new Set((late ?? []).flatMap(({ fallback }) => fallback ?? []));
  const why = reasons.size > 0 ? `; HTTP for ${[...reasons].join(', ')}` : '';
  return {
    name: 'from peers: second viewer, beyond the head start',
    value: (100 * peer) / (peer + http),
    unit: '% of the bytes',
    note: `target 90; head start ${(bytesOf(early ?? [], 'http') / 1e6).toFixed(1)} MB${why}`,
  };
}

function rowsOf({ second, seeks }: Found): BenchRow[] {
  const rows = ORIGINS.flatMap((origin) => {
    const plain = seeks[origin].flatMap((round) => round.plain);
    const name = `seek to picture, ${origin} origin`;
    return [
      baselineRow(`${name}: HTTP alone`, plain),
      comparedRow(
        `${name}: Peerfold`,
        seeks[origin].flatMap((round) => round.peerfold),
        plain,
      ),
    ];
  });
  return [shareRow(second), { name: 'stalls: second viewer', value: second.stalls, unit: 'times' }, ...rows];
}

const film: Benchmark = async (context) => {
  const content = await (await Footage.read(context.root)).file(CUT);
  const stand = await Stand.open({ pages: { [PAGE]: PAGE_TEXT }, files: { [FILM]: content } });
  const busy = new HostBusy();
  try {
    await stand.sign([FILM]);
    const rows = rowsOf(await measure(context, stand));
    return { title: 'A film of ten minutes', about: ABOUT, rows: [...rows, busy.row()] };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'A progressive MP4 of 10 minutes, 1.5 Mbit/s, in a `<video>`, each viewer with a profile of their own. The first ' +
  `plays it at ${FIRST_RATE} times its pace and stays, the second at ${SECOND_RATE} times. Then others come who play a second and go to ` +
  `${SEEKS} places, the same in both ways: from setting the time to \`seeked\`. The far origin takes 100 ms to its ` +
  'first byte and sends 20 Mbit/s to each; the near one is on the same machine, where nothing is faster. Ratios ' +
  'are to HTTP alone.';

export default film;
