import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { alternating, median } from './support/statistics.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 8;
const GALLERY = '/gallery-eager.html';
const ELSEWHERE = '/index.html';
/** Reports of the last pictures reach the page this long (ms) after they have loaded. */
const SETTLE = 500;

interface Load {
  /** From the start of the navigation to the `load` event (ms). */
  readonly time: number;
  /** Shares of all bytes of the page's pictures, 0 to 1. */
  readonly peer: number;
  readonly store: number;
  /** How many pictures came over HTTP for which reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What one visitor does, in this order. */
interface Views<View> {
  readonly first: View;
  /** The HTTP cache was emptied. */
  readonly again: View;
  /** The HTTP cache was emptied, and the worker stopped: it starts with the page. */
  readonly returning: View;
}

interface Pictures {
  readonly count: number;
  /** All files together. */
  readonly bytes: number;
}

async function load(visitor: Visitor, url: string): Promise<number> {
  await visitor.open(url);
  return loadEvent(visitor.page);
}

function loadEvent(page: Page): Promise<number> {
  return page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return entry?.loadEventStart ?? Number.NaN;
  });
}

/** From the page's books; what the worker answered before the page had said hello is not in them. */
async function outcome(visitor: Visitor, total: number): Promise<Omit<Load, 'time'>> {
  await pause(SETTLE);
  const { bytes, resources } = await visitor.page.evaluate(() => window.peerfold.stats());
  const reasons: Record<string, number> = {};
  for (const { fallback } of resources) if (fallback) reasons[fallback] = (reasons[fallback] ?? 0) + 1;
  return { peer: bytes.peer / total, store: bytes.store / total, reasons };
}

async function viewsWithout(context: BenchContext, stand: Stand): Promise<Views<number>> {
  const visitor = await Visitor.arrive(context);
  const view = () => load(visitor, stand.plain + GALLERY);
  try {
    await visitor.open(stand.plain + ELSEWHERE);
    const first = await view();
    await visitor.emptyHttpCache();
    const again = await view();
    await visitor.emptyHttpCache();
    return { first, again, returning: await view() };
  } finally {
    await visitor.leave();
  }
}

async function viewsWith(
  context: BenchContext,
  stand: Stand,
  { count, bytes }: Pictures,
): Promise<Views<Load>> {
  const visitor = await Visitor.arrive(context);
  const view = async (): Promise<Load> => {
    const time = await load(visitor, stand.peerfold + GALLERY);
    return { time, ...(await outcome(visitor, bytes)) };
  };
  try {
    await visitor.openReady(stand.peerfold + ELSEWHERE);
    const first = await view();
    // Announced by the holder and by this visitor: by then everything is in the store.
    await stand.announced(2 * count);
    await visitor.emptyHttpCache();
    const again = await view();
    await visitor.page.goto('about:blank');
    await visitor.stopWorker();
    await visitor.emptyHttpCache();
    return { first, again, returning: await view() };
  } finally {
    await visitor.leave();
  }
}

async function measure(context: BenchContext, stand: Stand, pictures: Pictures): Promise<BenchRow[]> {
  const holder = await Visitor.arrive(context);
  const without: Views<number>[] = [];
  const withPeerfold: Views<Load>[] = [];
  try {
    // Only what comes through the worker is kept, so the worker has to be there before the pictures.
    await holder.openReady(stand.peerfold + ELSEWHERE);
    await holder.openReady(stand.peerfold + GALLERY);
    await stand.announced(pictures.count);
    for (let round = 0; round < context.repeats(ROUNDS); round++) {
      for (const kind of alternating(round, ['without', 'with'] as const)) {
        if (kind === 'without') without.push(await viewsWithout(context, stand));
        else withPeerfold.push(await viewsWith(context, stand, pictures));
      }
    }
  } finally {
    await holder.leave();
  }
  return ROWS.flatMap(([view, source, name, plainName]) => {
    const own = withPeerfold.map((views) => views[view]);
    const baseline = without.map((views) => views[view]);
    const note = `${percent(own, source)}, ${delay(own, baseline)} ms later${reasonsOf(own)}`;
    return [baselineRow(plainName, baseline), comparedRow(name, own.map(timeOf), baseline, { note })];
  });
}

const ROWS = [
  ['first', 'peer', 'store empty, a peer holds all', 'first view, without Peerfold'],
  ['again', 'store', 'store full, worker running', 'HTTP cache emptied, without Peerfold'],
  ['returning', 'store', 'store full, worker starts with the page', 'HTTP cache emptied, without Peerfold'],
] as const;

function timeOf({ time }: Load): number {
  return time;
}

function percent(loads: readonly Load[], source: 'peer' | 'store'): string {
  const share = Math.round(100 * median(loads.map((one) => one[source])));
  return `${share} % of the bytes from ${source === 'peer' ? 'peers' : 'the store'}`;
}

/** Why pictures came over HTTP, most frequent reason first. */
function reasonsOf(loads: readonly Load[]): string {
  const sum = new Map<string, number>();
  for (const { reasons } of loads) {
    for (const [reason, count] of Object.entries(reasons)) sum.set(reason, (sum.get(reason) ?? 0) + count);
  }
  const sorted = [...sum].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`);
  return sorted.length === 0 ? '' : `; HTTP for ${sorted.join(', ')}`;
}

/** Median of the differences, pair by pair. */
function delay(loads: readonly Load[], baseline: readonly number[]): string {
  return median(loads.map(({ time }, i) => time - (baseline[i] ?? Number.NaN))).toFixed(0);
}

async function picturesIn(folder: string): Promise<Pictures> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.json'));
  const files = await Promise.all(names.map((name) => stat(path.join(folder, name))));
  return { count: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

const loadBench: Benchmark = async (context) => {
  const folder = path.join(context.root, 'demo-site/public');
  const pages = await Promise.all(
    [GALLERY, ELSEWHERE].map(
      async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const,
    ),
  );
  const pictures = await picturesIn(path.join(folder, 'media/images'));
  const stand = await Stand.open({ pages: Object.fromEntries(pages) });
  try {
    return {
      title: 'The load event of a page of eager pictures',
      about:
        `\`load\` of the gallery with all ${pictures.count} pictures eager, over loopback. The worker controls ` +
        'the page from the start: the visitor has been on another page of the site before. Ratios are to the same view without Peerfold; the budget for what ' +
        'peers may add is 300 ms.',
      rows: await measure(context, stand, pictures),
    };
  } finally {
    await stand.close();
  }
};

export default loadBench;
