import type { BenchContext, BenchRow, Benchmark } from './report.js';
import type { TransferReport } from '../src/index.js';
import { noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { STAGE, Stand } from './support/stand.js';
import { Visitor } from './support/visitor.js';

const PICTURES = 40;
const PICTURE_BYTES = 200_000;
/** Far below the fold: browsers load lazy pictures up to 2500 pixels ahead. */
const DISTANCE = 20_000;

/** What one picture took, in milliseconds from its request. */
interface Timing {
  readonly first: number;
  readonly last: number;
  /** From `src` to the element's `load` event. */
  readonly shown: number;
}

const LISTS = { held: '/held.html', shelf: '/shelf.html' };
const held = (i: number): string => `/held/${i}.png`;
const fresh = (i: number): string => `/fresh/${i}.png`;

/** `top`: where the pictures are (px). Lazy ones there wait until somebody makes them eager. */
function pageOf(top: number, loading: 'eager' | 'lazy'): string {
  const images = Array.from({ length: PICTURES }, (_, i) => `<img src="${held(i)}" loading="${loading}">`);
  return `<!doctype html><title>pictures</title><script src="/peerfold.js"></script>
<body style="margin:0;padding-top:${top}px">${images.join('\n')}</body>`;
}

function files(): Record<string, Uint8Array> {
  const all: Record<string, Uint8Array> = {};
  for (let i = 0; i < PICTURES; i++) {
    all[held(i)] = noisePicture(PICTURE_BYTES, i);
    all[fresh(i)] = noisePicture(PICTURE_BYTES, PICTURES + i);
  }
  return all;
}

/** Lets a lazy picture of the page load, or puts a new one at its top; milliseconds until its `load`. */
function show(visitor: Visitor, path: string): Promise<number> {
  return visitor.page.evaluate(async (path) => {
    const waiting = document.querySelector<HTMLImageElement>(`img[src="${path}"]`);
    const image = waiting ?? new Image();
    image.style.cssText = waiting ? '' : 'position:fixed;top:0;left:0';
    const loaded = new Promise((resolve, reject) => {
      image.addEventListener('load', resolve);
      image.addEventListener('error', () => {
        reject(new Error(`${path} does not load`));
      });
    });
    if (!waiting) document.body.append(image);
    const start = performance.now();
    if (waiting) image.loading = 'eager';
    else image.src = path;
    await loaded;
    return performance.now() - start;
  }, path);
}

/** What the browser's own books say of a picture without Peerfold. */
async function plainTiming(visitor: Visitor, path: string): Promise<Timing> {
  const shown = await show(visitor, path);
  const { first, last } = await visitor.page.evaluate((path) => {
    const [entry] = performance.getEntriesByName(new URL(path, location.href).href).slice(-1);
    if (!(entry instanceof PerformanceResourceTiming)) throw new Error(`no entry for ${path}`);
    return { first: entry.responseStart - entry.startTime, last: entry.responseEnd - entry.startTime };
  }, path);
  return { first, last, shown };
}

/** What Peerfold's report says, unless the bytes came from elsewhere (the canary share, for one). */
async function timing(
  visitor: Visitor,
  path: string,
  source: 'peer' | 'store' | 'http',
): Promise<Timing | undefined> {
  const shown = await show(visitor, path);
  const report = await reportOf(visitor, path);
  const { peer, store, cache, http } = report.bytes;
  if (report.bytes[source] < peer + store + cache + http) return undefined;
  return { first: report.firstByte, last: report.duration, shown };
}

async function reportOf(visitor: Visitor, path: string): Promise<TransferReport> {
  const handle = await visitor.page.waitForFunction((path) => {
    const { resources } = window.peerfold.stats();
    return resources.findLast(({ url }) => url.endsWith(path));
  }, path);
  const report = await handle.jsonValue();
  if (!report) throw new Error(`no report for ${path}`);
  return report;
}

/** `without` goes with what was measured beside it; the store's turn came later and has its own. */
type Samples = Record<'without' | 'http' | 'peer' | 'withoutLater' | 'store', (Timing | undefined)[]>;

async function measure(context: BenchContext, stand: Stand): Promise<Samples> {
  const samples: Samples = { without: [], http: [], peer: [], withoutLater: [], store: [] };
  const [holder, plain, visitor] = [
    await Visitor.arrive(context),
    await Visitor.arrive(context),
    await Visitor.arrive(context),
  ];
  try {
    // Only what comes through the worker is kept, so the worker has to be there before the pictures.
    await holder.openReady(stand.peerfold + STAGE);
    await holder.openReady(stand.peerfold + LISTS.held);
    await stand.announced(PICTURES);
    await plain.open(stand.plain + STAGE);
    await visitor.openReady(stand.peerfold + LISTS.shelf);
    await visitor.linked();
    const count = context.repeats(PICTURES);
    for (let i = 0; i < count; i++) {
      samples.without.push(await plainTiming(plain, fresh(i)));
      samples.http.push(await timing(visitor, fresh(i), 'http'));
      samples.peer.push(await timing(visitor, held(i), 'peer'));
    }
    await holder.leave();
    await returned(visitor, stand);
    for (let i = 0; i < count; i++) {
      samples.withoutLater.push(await plainTiming(plain, `${fresh(i)}?later`));
      samples.store.push(await timing(visitor, held(i), 'store'));
    }
    return samples;
  } finally {
    for (const one of [holder, plain, visitor]) await one.leave();
  }
}

/** The same visitor comes back with an empty HTTP cache and a worker that was stopped meanwhile. */
async function returned(visitor: Visitor, stand: Stand): Promise<void> {
  await visitor.page.goto('about:blank');
  await visitor.stopWorker();
  await visitor.emptyHttpCache();
  await visitor.openReady(stand.peerfold + LISTS.shelf);
}

const MEASURES = [
  ['first byte', 'first'],
  ['last byte', 'last'],
  ['shown', 'shown'],
] as const;
const SOURCES = [
  ['HTTP, through the worker', 'http', 'without'],
  ['a peer on a warm link', 'peer', 'without'],
  ['the store', 'store', 'withoutLater'],
] as const;

function rowsOf(samples: Samples): BenchRow[] {
  return MEASURES.flatMap(([what, key]) => {
    const without = samples.without.flatMap((one) => one?.[key] ?? []);
    return [
      baselineRow(`${what}: HTTP, without Peerfold`, without),
      ...SOURCES.map(([from, source, baseline]) => {
        const rows = pairs(samples[source], samples[baseline], key);
        const left = samples[source].length - rows.own.length;
        const note = left > 0 ? { note: `${left} came from elsewhere` } : {};
        return comparedRow(`${what}: ${from}`, rows.own, rows.baseline, note);
      }),
    ];
  });
}

function pairs(
  samples: Samples['peer'],
  baseline: Samples['without'],
  key: keyof Timing,
): { own: number[]; baseline: number[] } {
  const both = samples.flatMap((one, i) => {
    const other = baseline[i];
    return one && other ? [{ own: one[key], other: other[key] }] : [];
  });
  return { own: both.map(({ own }) => own), baseline: both.map(({ other }) => other) };
}

const sources: Benchmark = async (context) => {
  const pages = { [LISTS.held]: pageOf(0, 'eager'), [LISTS.shelf]: pageOf(DISTANCE, 'lazy') };
  const stand = await Stand.open({ pages, files: files() });
  try {
    return {
      title: 'A picture of 200 KB by its source',
      about:
        'Milliseconds from the request, over loopback. A picture from peers or store is answered when it is complete and ' +
        'verified, so its first byte is as late as its last. Ratios are to HTTP without Peerfold; the ' +
        'store was read by a worker just started.',
      rows: rowsOf(await measure(context, stand)),
    };
  } finally {
    await stand.close();
  }
};

export default sources;
