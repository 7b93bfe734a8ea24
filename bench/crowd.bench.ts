import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { GALLERY, viewTogether, type View } from './support/gallery-view.js';
import { HostBusy } from './support/host-busy.js';
import { SKIMMING } from './support/reader.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { median, middleHalf } from './support/statistics.js';

/** They come within ten seconds. */
const CROWD = { visitors: 10, apart: 1000, pace: SKIMMING } as const;
/** What the origin sends to everybody together: 8 Mbit/s. */
const UPLINK = 1_000_000;
/** Who has seen everything before the origin stops. */
const PIONEERS = 2;
const MEDIA = '/media/*';

/** Lets both sites' origins send no more than the uplink, whatever they send. */
function limit(stand: Stand): void {
  for (const { faults } of stand.sites) faults.set({ path: '*', sharedBytesPerSecond: UPLINK });
}

/** The same crowd, but after the first two the origin has no media for anybody. */
async function afterStop(context: BenchContext, stand: Stand): Promise<readonly View[]> {
  const { faults } = stand.sites[0];
  const then = (): void => {
    faults.set({ path: MEDIA, stop: true });
  };
  const views = await viewTogether(context, stand.peerfold, {
    ...CROWD,
    pioneers: { count: PIONEERS, then },
  });
  return views.slice(PIONEERS);
}

function completeRows(without: readonly View[], withIt: readonly View[]): BenchRow[] {
  const times = (views: readonly View[]): number[] => views.map(({ complete }) => complete / 1000);
  const shorter = median(times(without)) / median(times(withIt));
  const note = `medians: ${shorter.toFixed(1)} × shorter, target 3`;
  return [
    baselineRow('gallery complete: without Peerfold', times(without), 's'),
    comparedRow('gallery complete: with', times(withIt), times(without), { unit: 's', note }),
    ...[brokenRow('without Peerfold', without), brokenRow('with', withIt)],
  ];
}

function brokenRow(kind: string, views: readonly View[]): BenchRow {
  const broken = views.flatMap(({ pictures }) => pictures).filter(({ shown }) => !shown);
  return { name: `pictures not shown: ${kind}`, value: broken.length, unit: 'pictures' };
}

function stoppedRow(name: string, views: readonly View[], scope: 'all' | 'lazy'): BenchRow {
  const shares = views.map(({ pictures }) => {
    const counted = pictures.filter(({ lazy }) => scope === 'all' || lazy);
    return (100 * counted.filter(({ shown }) => shown).length) / counted.length;
  });
  return {
    name: `origin stopped after ${PIONEERS}: ${name}`,
    value: median(shares),
    unit: '%',
    spread: middleHalf(shares),
    note: `least ${Math.min(...shares).toFixed(0)}`,
  };
}

const crowd: Benchmark = async (context) => {
  const html = await readFile(path.join(context.root, 'demo-site/public', GALLERY), 'utf8');
  const stand = await Stand.open({ pages: { [GALLERY]: html } });
  const busy = new HostBusy();
  try {
    await stand.sign([...html.matchAll(/src="(\/media\/[^"]+)"/g)].flatMap(([, src]) => src ?? []));
    limit(stand);
    const without = await viewTogether(context, stand.plain, CROWD);
    const withIt = await viewTogether(context, stand.peerfold, CROWD);
    await stand.visitors(0);
    const stopped = await afterStop(context, stand);
    const rows = [
      ...completeRows(without, withIt),
      stoppedRow('pictures that the others are shown', stopped, 'all'),
      stoppedRow('of the lazy ones', stopped, 'lazy'),
      busy.row(),
    ];
    return { title: 'A crowd at a slow origin', about: ABOUT, rows };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'Ten visitors open the gallery for the first time, 1 s apart, and go down it at some 1,500 pixels a second. The ' +
  'origin sends 8 Mbit/s to all of them together, pages and scripts included. The hash service knows the ' +
  'pictures from earlier visitors. Complete: from the start of the navigation until every picture is shown. Then ' +
  'once more, with an origin that stops to answer for media when the first two have seen all: it still sends ' +
  'the page and the scripts. They are contexts of one browser. Ratios are to the visitor who came at ' +
  'the same moment without Peerfold.';

export default crowd;
