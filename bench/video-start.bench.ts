import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright';
import type { BenchContext, Benchmark } from './report.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { alternating } from './support/statistics.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 12;
const FILM = '/video.html';
/** Seconds of film that are watched for stalls, well beyond the head start. */
const WATCHED = 20;

const KINDS = ['without', 'with', 'withoutAgain'] as const;
type Kind = (typeof KINDS)[number];

interface Playback {
  /** Milliseconds from `play()` to the first frame that moves. */
  readonly start: number;
  /** Times that the element ran dry after that. */
  readonly stalls: number;
}

/** Plays the page's film at twice its pace. */
function playback(page: Page): Promise<Playback> {
  return page.evaluate(async (watched) => {
    const video = document.querySelector('video');
    if (!video) throw new Error('no video on this page');
    video.muted = true;
    video.playbackRate = 2;
    let stalls = 0;
    const began = performance.now();
    const playing = new Promise((resolve) => video.addEventListener('playing', resolve, { once: true }));
    await video.play();
    await playing;
    const start = performance.now() - began;
    video.addEventListener('waiting', () => stalls++);
    await new Promise<void>((resolve, reject) => {
      video.addEventListener('error', () => {
        reject(new Error(video.error?.message));
      });
      video.addEventListener('timeupdate', () => {
        if (video.currentTime >= watched) resolve();
      });
    });
    return { start, stalls };
  }, WATCHED);
}

async function watch(context: BenchContext, stand: Stand, kind: Kind): Promise<Playback> {
  const visitor = await Visitor.arrive(context);
  try {
    if (kind === 'with') await visitor.openReady(stand.peerfold + FILM);
    else await visitor.open(stand.plain + FILM);
    return await playback(visitor.page);
  } finally {
    await visitor.leave();
  }
}

const videoStart: Benchmark = async (context) => {
  const html = await readFile(path.join(context.root, 'demo-site/public', FILM), 'utf8');
  const stand = await Stand.open({ pages: { [FILM]: html } });
  const all: Record<Kind, Playback[]> = { without: [], with: [], withoutAgain: [] };
  try {
    for (let round = 0; round < context.repeats(ROUNDS); round++) {
      for (const kind of alternating(round, KINDS)) all[kind].push(await watch(context, stand, kind));
    }
  } finally {
    await stand.close();
  }
  const starts = (kind: Kind): number[] => all[kind].map(({ start }) => start);
  const stalls = (kind: Kind): number => all[kind].reduce((sum, one) => sum + one.stalls, 0);
  return {
    title: 'Video without any peer',
    about:
      'The progressive film, played at twice its pace by a visitor with a fresh profile whom nobody can help: ' +
      `from \`play()\` to \`playing\`, and how often it ran dry in the first ${WATCHED} seconds.`,
    rows: [
      baselineRow('start: without', starts('without')),
      comparedRow('start: with', starts('with'), starts('without')),
      comparedRow('start: without, again (noise)', starts('withoutAgain'), starts('without')),
      ...KINDS.map((kind) => ({ name: `stalls: ${kind}`, value: stalls(kind), unit: 'times' })),
    ],
  };
};

export default videoStart;
