import type { BenchRow, Benchmark } from './report.js';
import { Footage } from './support/footage.js';
import { HostBusy } from './support/host-busy.js';
import { plotted } from './support/plot.js';
import { egressRows, of, type Showings } from './support/stream-rows.js';
import { streamFiles } from './support/stream-site.js';
import { NAMES, Theatre, type Showing, type Way } from './support/theatre.js';

const AUDIENCES = [1, 2, 5, 10];
/** Between two arrivals (ms). */
const APART = 4000;
const STREAM = { folder: '/media/stream', length: 4, bitrate: 2_600_000, seconds: 60 };
const COLOURS: Readonly<Record<Way, string>> = {
  plain: '#777777',
  rival: '#c2701c',
  peerfold: '#17606a',
  eager: '#58a6b0',
};
const PLOT = 'benchmark-egress.svg';

/** Origin egress by way, for each size of audience. */
async function measure(theatre: Theatre, ways: readonly Way[]): Promise<Showings[]> {
  const all: Showing[][] = [];
  for (const viewers of AUDIENCES) {
    const showings: Showing[] = [];
    for (const way of ways)
      showings.push(await theatre.show(way, `${STREAM.folder}/index.m3u8`, { viewers, apart: APART }));
    all.push(showings);
  }
  return all;
}

function rowsOf(all: readonly Showings[], ways: readonly Way[]): BenchRow[] {
  return all.flatMap((showings, i) => {
    const viewers = AUDIENCES[i] ?? 0;
    return egressRows(showings, ways, `${viewers} viewer${viewers === 1 ? '' : 's'}`);
  });
}

function plotOf(all: readonly Showings[], ways: readonly Way[]): string {
  return plotted({
    title: 'What the origin sends for a stream of a minute',
    x: { name: 'viewers', values: AUDIENCES },
    y: { name: 'MB' },
    lines: ways.map((way) => ({
      name: NAMES[way].replaceAll('`', ''),
      colour: COLOURS[way],
      values: all.map((showings) => (of(showings, way)[0]?.egress ?? 0) / 1e6),
    })),
  });
}

const egress: Benchmark = async (context) => {
  const footage = await Footage.read(context.root);
  const { bitrate, seconds } = STREAM;
  const renditions = [{ name: 'v0', seed: 1, bitrate, seconds }];
  const theatre = await Theatre.open(context, {
    files: await streamFiles(footage, { ...STREAM, renditions }),
  });
  const busy = new HostBusy();
  try {
    const ways = theatre.only('plain', 'rival', 'peerfold', 'eager');
    const all = await measure(theatre, ways);
    return {
      title: 'What the origin sends to an audience',
      about: ABOUT,
      rows: [...rowsOf(all, ways), busy.row()],
      pictures: { [PLOT]: plotOf(all, ways) },
    };
  } finally {
    await theatre.close();
  }
};

const ABOUT =
  'The stream of a minute, with audiences of several sizes: segments that the origin sent to browsers. Viewers come ' +
  '4 s apart and stay until the last has seen the end. Each figure is of one showing. Ratios are to HTTP ' +
  `alone.\n\n![Origin egress by number of viewers](${PLOT})`;

export default egress;
