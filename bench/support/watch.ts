import { setTimeout as pause } from 'node:timers/promises';
import { chromium, type Page } from 'playwright';
import type { ByteCounts, TransferReport } from '../../src/index.js';
import type { BenchContext } from '../report.js';
import { Visitor } from './visitor.js';

/** Viewers of one stream, who come one after the other and stay until the last of them has seen enough. */
export interface Audience {
  readonly viewers: number;
  /** Between two arrivals (ms). */
  readonly apart: number;
  /** Seconds that each of them watches; without, to the end. */
  readonly seconds?: number;
}

/** From `load` until somebody presses play (ms): the time a quick hand takes. */
const PRESS = 1000;
/** Longer than any stream here with all its stalls (ms): who still sees nothing then never will. */
const PATIENCE = 240_000;

/** One segment as the player got it. */
export interface SeenSegment {
  readonly path: string;
  readonly seconds: number;
  /** Which rendition, from the lowest, 0. */
  readonly level: number;
}

/** What one viewer saw. */
export interface Seen {
  /** From pressing play until the first picture (ms). */
  readonly start: number;
  /** Times and seconds that playback stood still after that. */
  readonly stalls: number;
  readonly stalled: number;
  readonly segments: readonly SeenSegment[];
  /** Seconds behind the live edge, once a second. */
  readonly latencies: readonly number[];
  /** Whether it was seen to the end that was meant. */
  readonly ended: boolean;
}

/** What one viewer saw, and where it came from. */
export interface View extends Seen {
  /** Bytes by source, by the books of who fetched them; all `http` where nothing but the browser did. */
  readonly bytes: ByteCounts;
  /** Peerfold's transfers, one for each request. */
  readonly transfers: readonly TransferReport[];
}

/**
 * What they saw, in the order of their coming. They are contexts of one browser: ten browsers are more than a
 * small machine carries.
 */
export async function watchTogether(
  { browser: { executablePath, args } }: BenchContext,
  url: string,
  { viewers: count, apart, seconds }: Audience,
): Promise<View[]> {
  const browser = await chromium.launch({ executablePath, args: [...args] });
  try {
    const viewers: Visitor[] = [];
    for (let i = 0; i < count; i++) viewers.push(await Visitor.join(browser));
    const seen = await Promise.all(
      viewers.map(async ({ page }, i) => {
        await pause(i * apart);
        await page.goto(url, { timeout: PATIENCE });
        await page.evaluate(takeNotes);
        return page.evaluate(watch, { press: PRESS, patience: PATIENCE, seconds });
      }),
    );
    return await Promise.all(seen.map((one, i) => viewOf(one, viewers[i]?.page)));
  } finally {
    await browser.close();
  }
}

async function viewOf(seen: Seen, page: Page | undefined): Promise<View> {
  if (!page) throw new Error('a viewer without a page');
  return { ...seen, ...(await page.evaluate(books)) };
}

/** Kept by the page itself. Not a number: not yet, or not now. */
interface Notes {
  start: number;
  stalls: number;
  stalled: number;
  waitingSince: number;
  readonly segments: SeenSegment[];
  readonly latencies: number[];
}

declare global {
  interface Window {
    notes?: Notes;
  }
}

/** Runs in the page: from now on it writes down what its player does. */
function takeNotes(): void {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  const { hls } = window.stream;
  const notes: Notes = { start: NaN, stalls: 0, stalled: 0, waitingSince: NaN, segments: [], latencies: [] };
  window.notes = notes;
  let pressed = NaN;
  hls.on(window.Hls.Events.FRAG_LOADED, (_event, { frag: { sn, url, duration, level } }) => {
    if (sn === 'initSegment') return;
    notes.segments.push({ path: new URL(url).pathname, seconds: duration, level });
  });
  video.addEventListener('play', () => (pressed = performance.now()), { once: true });
  video.addEventListener('playing', () => {
    if (Number.isNaN(notes.start)) {
      notes.start = performance.now() - pressed;
      setInterval(() => notes.latencies.push(hls.latency), 1000);
    } else if (!Number.isNaN(notes.waitingSince))
      notes.stalled += (performance.now() - notes.waitingSince) / 1000;
    notes.waitingSince = NaN;
  });
  video.addEventListener('waiting', () => {
    if (Number.isNaN(notes.start)) return;
    notes.stalls += 1;
    notes.waitingSince = performance.now();
  });
}

interface Order {
  readonly press: number;
  readonly patience: number;
  readonly seconds: number | undefined;
}

/** Runs in the page: presses play and watches. */
async function watch({ press, patience, seconds }: Order): Promise<Seen> {
  const [video, { notes }] = [document.querySelector('video'), window];
  if (!video || !notes) throw new Error('nothing to watch');
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const heard = (event: string): Promise<unknown> =>
    new Promise((resolve) => video.addEventListener(event, resolve, { once: true }));
  await wait(press);
  const [begins, ends] = [heard('playing'), heard('ended')];
  window.stream.hls.startLoad();
  const plays = video.play().then(() => begins);
  const enough = seconds === undefined ? ends : plays.then(() => wait(seconds * 1000));
  const ended = await Promise.race([enough.then(() => true), wait(patience).then(() => false)]);
  if (Number.isNaN(notes.start)) notes.start = patience;
  if (!Number.isNaN(notes.waitingSince)) notes.stalled += (performance.now() - notes.waitingSince) / 1000;
  return { ...notes, ended };
}

/** Runs in the page: whose books there are decides. */
function books(): Pick<View, 'bytes' | 'transfers'> {
  const none = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  const { rival } = window.stream;
  if (rival) return { bytes: { ...none, peer: rival.p2p, http: rival.http }, transfers: [] };
  if ('peerfold' in window) {
    const transfers = window.peerfold.stats().resources;
    const bytes = { ...none };
    for (const transfer of transfers)
      for (const [source, count] of Object.entries(transfer.bytes))
        bytes[source as keyof ByteCounts] += count;
    return { bytes, transfers };
  }
  const loads = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const media = loads.filter(({ name }) => name.endsWith('.m4s'));
  const http = media.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  return { bytes: { ...none, http }, transfers: [] };
}
