import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BenchRow, Benchmark } from './report.js';
import { GALLERY, viewTogether, type SeenPicture, type View } from './support/gallery-view.js';
import { HostBusy } from './support/host-busy.js';
import { READING } from './support/reader.js';
import { Stand } from './support/stand.js';
import { middleHalf } from './support/statistics.js';

const VISITORS = 10;
/** Between two arrivals (ms). */
const APART = 2000;
/** Of all that visitors are shown, what peers can give at most: one of them has to get it from the origin. */
const CEILING = 1 - 1 / VISITORS;

/** Lengths of the site's pictures, by path. */
type Lengths = ReadonlyMap<string, number>;

async function lengthsOf(root: string, { pictures }: View): Promise<Lengths> {
  const sizes = pictures.map(async ({ path: file }) => {
    const { size } = await stat(path.join(root, 'demo-site/public', file));
    return [file, size] as const;
  });
  return new Map(await Promise.all(sizes));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

function bytesOf(pictures: readonly SeenPicture[], lengths: Lengths): number {
  return sum(pictures.map(({ path }) => lengths.get(path) ?? 0));
}

/** Which pictures count: those the page has below its fold, or all that happened to be below this one's. */
const SCOPES = {
  lazy: 'lazy pictures',
  below: 'all that was below the fold',
} as const;
type Scope = keyof typeof SCOPES;

function within(scope: Scope, { pictures }: View): SeenPicture[] {
  return pictures.filter((picture) => picture[scope]);
}

/** Share (%) of a visitor's bytes that came from peers. */
function shareOf(pictures: readonly SeenPicture[], lengths: Lengths): number {
  return (100 * sum(pictures.map(({ fromPeers }) => fromPeers))) / bytesOf(pictures, lengths);
}

/** Why pictures did not come from peers, most frequent first. */
function reasonsOf(pictures: readonly SeenPicture[]): string {
  const counts = new Map<string, number>();
  for (const { fallback } of pictures)
    if (fallback !== undefined) counts.set(fallback, (counts.get(fallback) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`);
  return sorted.length > 0 ? `; HTTP for ${sorted.join(', ')}` : '';
}

/** Bytes of these pictures that the origin sent to browsers. */
function originBytes(stand: Stand, pictures: readonly SeenPicture[]): number {
  const paths = new Set(pictures.map((picture) => picture.path));
  const asked = stand.sites[0].log.entries.filter(
    (entry) => paths.has(entry.path) && entry.headers['user-agent']?.includes('Chrome'),
  );
  return sum(asked.map(({ bytes }) => bytes));
}

function rowsOf(stand: Stand, all: readonly View[], lengths: Lengths, scope: Scope): BenchRow[] {
  const later = all.slice(1).map((view) => within(scope, view));
  const shares = later.map((pictures) => shareOf(pictures, lengths));
  const seen = all.flatMap((view) => within(scope, view));
  const saved = 1 - originBytes(stand, seen) / bytesOf(seen, lengths);
  const least = `least ${Math.min(...shares).toFixed(1)}`;
  const each = `${seen.length / VISITORS} pictures each`;
  return [
    {
      name: `${SCOPES[scope]}, from peers, visitors 2 to ${VISITORS}`,
      value: shareOf(later.flat(), lengths),
      unit: '% of the bytes',
      spread: middleHalf(shares),
      note: `target 95; ${least}; ${each}${reasonsOf(later.flat())}`,
    },
    {
      name: `${SCOPES[scope]}, not from the origin, all visitors`,
      value: 100 * saved,
      unit: '% of the bytes',
      ratio: saved / CEILING,
    },
  ];
}

function brokenRow(all: readonly View[]): BenchRow {
  const broken = all.flatMap(({ pictures }) => pictures).filter(({ shown }) => !shown);
  return { name: 'pictures not shown', value: broken.length, unit: 'pictures' };
}

const gallery: Benchmark = async (context) => {
  const html = await readFile(path.join(context.root, 'demo-site/public', GALLERY), 'utf8');
  const stand = await Stand.open({ pages: { [GALLERY]: html } });
  const busy = new HostBusy();
  try {
    const all = await viewTogether(context, stand.peerfold, {
      visitors: VISITORS,
      apart: APART,
      pace: READING,
    });
    const [first] = all;
    if (!first) throw new Error('nobody came');
    const lengths = await lengthsOf(context.root, first);
    const rows = [...rowsOf(stand, all, lengths, 'lazy'), ...rowsOf(stand, all, lengths, 'below')];
    return {
      title: 'Ten visitors read a gallery',
      about: ABOUT,
      rows: [...rows, brokenRow(all), busy.row()],
    };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'Ten visitors open the gallery for the first time, 2 s apart, and go down it at some 300 pixels a second, ' +
  'each at a pace of their own that is the same in every run. All stay until the last has seen the end. They are ' +
  'contexts of one browser, each with its own caches, worker and links. Lazy pictures are those that the page ' +
  'itself has below its fold; the others are requested before a first visit has a worker, wherever they are. ' +
  'Spreads are over visitors; ratios are to 1 − 1/10, since somebody has to get each picture from the origin.';

export default gallery;
