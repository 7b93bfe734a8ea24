import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { alternating } from './support/statistics.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 15;
const GALLERY = '/gallery.html';
/** The same pictures under addresses that no visitor has asked for before. */
const UNSEEN = '/gallery-unseen.html';
const ELSEWHERE = '/index.html';

/** Two runs without Peerfold in each round: what they differ by is noise. */
const KINDS = ['without', 'with', 'withoutAgain'] as const;
const STATES = ['first visit', 'controlled, seen before', 'controlled, not seen before'] as const;
type Kind = (typeof KINDS)[number];
type State = (typeof STATES)[number];
type Times = Record<State, number>;

/** How long (ms) a visitor stays on a page: what it still does after `load` is over by then. */
const QUIET = 1500;
/** A paint that comes this long (ms) after `load` belongs to something else. */
const SETTLE = 300;

/** Milliseconds from the start of the navigation to the largest contentful paint. */
function largestPaint(page: Page): Promise<number> {
  return page.evaluate(async (settle) => {
    await new Promise((resolve) => setTimeout(resolve, settle));
    return new Promise<number>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        resolve(list.getEntries().at(-1)?.startTime ?? Number.NaN);
      });
      observer.observe({ type: 'largest-contentful-paint', buffered: true });
    });
  }, SETTLE);
}

async function visits(context: BenchContext, stand: Stand, kind: Kind): Promise<Times> {
  const visitor = await Visitor.arrive(context);
  const site = kind === 'with' ? stand.peerfold : stand.plain;
  const timed = async (page: string): Promise<number> => {
    await pause(QUIET);
    await visitor.open(site + page);
    return largestPaint(visitor.page);
  };
  try {
    const first = await timed(GALLERY);
    if (kind === 'with') await visitor.openReady(site + ELSEWHERE);
    return {
      'first visit': first,
      'controlled, seen before': await timed(GALLERY),
      'controlled, not seen before': await timed(UNSEEN),
    };
  } finally {
    await visitor.leave();
  }
}

function rowsOf(state: State, all: Readonly<Record<Kind, readonly Times[]>>): BenchRow[] {
  const [without, withIt, again] = KINDS.map((kind) => all[kind].map((times) => times[state]));
  if (!without || !withIt || !again) return [];
  return [
    baselineRow(`${state}: without`, without),
    comparedRow(`${state}: with`, withIt, without),
    comparedRow(`${state}: without, again (noise)`, again, without),
  ];
}

async function galleries(root: string): Promise<Record<string, string>> {
  const html = await readFile(path.join(root, 'demo-site/public', GALLERY), 'utf8');
  const unseen = html.replaceAll(/(src="\/media\/images\/[^"]+)"/g, '$1?unseen"');
  const elsewhere = await readFile(path.join(root, 'demo-site/public', ELSEWHERE), 'utf8');
  return { [GALLERY]: html, [UNSEEN]: unseen, [ELSEWHERE]: elsewhere };
}

const lcp: Benchmark = async (context) => {
  const stand = await Stand.open({ pages: await galleries(context.root) });
  const all: Record<Kind, Times[]> = { without: [], with: [], withoutAgain: [] };
  try {
    for (let round = 0; round < context.repeats(ROUNDS); round++) {
      for (const kind of alternating(round, KINDS)) all[kind].push(await visits(context, stand, kind));
    }
  } finally {
    await stand.close();
  }
  return {
    title: 'Largest contentful paint',
    about:
      'Of the gallery, over loopback, each visitor with a fresh profile, without and with Peerfold and without once more in ' +
      'turn, a moment after the page before. “Seen before”: the pictures are in the HTTP cache. “Not seen before”: the worker controls ' +
      'the page and every picture comes from the origin. Ratios are to the page without Peerfold.',
    rows: STATES.flatMap((state) => rowsOf(state, all)),
  };
};

export default lcp;
