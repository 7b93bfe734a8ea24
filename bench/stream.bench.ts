import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { Footage } from './support/footage.js';
import { HostBusy } from './support/host-busy.js';
import { alternating } from './support/statistics.js';
import {
  ceilingRow,
  egressRows,
  of,
  shareRow,
  stallRows,
  startRows,
  type Showings,
} from './support/stream-rows.js';
import { streamFiles } from './support/stream-site.js';
import { NAMES, Theatre, type Showing, type Way } from './support/theatre.js';
import type { Audience } from './support/watch.js';

const ROUNDS = 3;
const SECONDS = 60;
const LENGTH = 4;
const FEW: Audience = { viewers: 5, apart: 4000 };
const MANY: Audience = { viewers: 10, apart: 4000 };

/** One rendition, and two. */
const STREAM = { folder: '/media/stream', bitrate: 2_600_000 };
const ADAPTIVE = { folder: '/media/adaptive', low: 1_300_000, high: 2_900_000 };
/** What each answer comes at most with when two renditions are offered: 2.2 Mbit/s, enough for the lower one. */
const LANE = 275_000;
/** What the origin sends to all viewers together when it is limited: 6 Mbit/s, where five of them need 13. */
const UPLINK = 750_000;

/** What peers are to give of all bytes, in percent. */
const TARGETS: Partial<Record<Way, number>> = { peerfold: 65, eager: 72 };

function listOf({ folder }: { readonly folder: string }): string {
  return `${folder}/index.m3u8`;
}

async function filesOf(root: string): Promise<Record<string, Uint8Array>> {
  const footage = await Footage.read(root);
  const rendition = (name: string, bitrate: number, seed: number) => ({
    name,
    bitrate,
    seed,
    seconds: SECONDS,
  });
  const single = { folder: STREAM.folder, length: LENGTH, renditions: [rendition('v0', STREAM.bitrate, 1)] };
  const both = [rendition('low', ADAPTIVE.low, 2), rendition('high', ADAPTIVE.high, 3)];
  return {
    ...(await streamFiles(footage, single)),
    ...(await streamFiles(footage, { folder: ADAPTIVE.folder, length: LENGTH, renditions: both })),
  };
}

async function five(context: BenchContext, theatre: Theatre): Promise<BenchRow[]> {
  const ways = theatre.only('plain', 'rival', 'peerfold', 'eager');
  const showings: Showing[] = [];
  for (let round = 0; round < context.repeats(ROUNDS); round++)
    for (const way of alternating(round, ways)) showings.push(await theatre.show(way, listOf(STREAM), FEW));
  return rowsOf(showings, ways, '5 viewers');
}

async function ten(theatre: Theatre): Promise<BenchRow[]> {
  const ways = theatre.only('plain', 'rival', 'peerfold', 'eager');
  const showings: Showing[] = [];
  for (const way of ways) showings.push(await theatre.show(way, listOf(STREAM), MANY));
  return rowsOf(showings, ways, '10 viewers');
}

function rowsOf(showings: Showings, ways: readonly Way[], scene: string): BenchRow[] {
  const helped = ways.filter((way) => way !== 'plain');
  const title = (way: Way): string => `${NAMES[way]}, ${scene}`;
  return [
    ...helped.map((way) => shareRow(title(way), of(showings, way), TARGETS[way])),
    ...helped.map((way) => ceilingRow(title(way), of(showings, way), SECONDS)),
    ...egressRows(showings, ways, scene),
    ...startRows(showings, ways, scene),
    ...stallRows(showings, ways, scene),
  ];
}

/** Two renditions: players must choose as they would without Peerfold. */
async function adaptive(theatre: Theatre): Promise<BenchRow[]> {
  const path = `${ADAPTIVE.folder}/*`;
  const ways: readonly Way[] = ['plain', 'peerfold', 'eager'];
  const showings: Showing[] = [];
  theatre.rule({ path, bytesPerSecond: LANE });
  for (const way of ways) showings.push(await theatre.show(way, listOf(ADAPTIVE), FEW));
  theatre.end(path);
  const rows = ways.map((way) => renditionRow(way, of(showings, way)));
  const helped = ways.slice(1).map((way) => shareRow(`${NAMES[way]}, two renditions`, of(showings, way)));
  return [...rows, ...helped, ...stallRows(showings, ways, 'two renditions')];
}

function renditionRow(way: Way, showings: Showings): BenchRow {
  const shares = showings
    .flatMap(({ views }) => views)
    .map(({ segments }) => (100 * segments.filter(({ level }) => level > 0).length) / segments.length);
  return {
    name: `segments of the higher rendition: ${NAMES[way]}`,
    value: shares.reduce((sum, one) => sum + one, 0) / shares.length,
    unit: '%',
    note: `viewers ${shares.map((share) => share.toFixed(0)).join(', ')}`,
  };
}

/** An origin that cannot send what its viewers watch. */
async function limited(theatre: Theatre): Promise<BenchRow[]> {
  const path = `${STREAM.folder}/*`;
  const ways = theatre.only('plain', 'rival', 'peerfold');
  const showings: Showing[] = [];
  for (const way of ways) {
    // Anew for each: what the last audience had asked for would still be queued.
    theatre.rule({ path, sharedBytesPerSecond: UPLINK });
    showings.push(await theatre.show(way, listOf(STREAM), FEW));
  }
  theatre.end(path);
  const scene = 'origin of 6 Mbit/s';
  return [
    ...stallRows(showings, ways, scene),
    ...startRows(showings, ways, scene),
    ...ways.slice(1).map((way) => shareRow(`${NAMES[way]}, ${scene}`, of(showings, way))),
  ];
}

const stream: Benchmark = async (context) => {
  const theatre = await Theatre.open(context, { files: await filesOf(context.root) });
  const busy = new HostBusy();
  try {
    const rows = [
      ...(await five(context, theatre)),
      ...(await ten(theatre)),
      ...(await adaptive(theatre)),
      ...(await limited(theatre)),
    ];
    return { title: 'A stream of a minute', about: ABOUT, rows: [...rows, busy.row()] };
  } finally {
    await theatre.close();
  }
};

const ABOUT =
  'HLS on demand: 60 s in segments of 4 s, 2.6 Mbit/s, played by hls.js. Viewers come for the first time, 4 s ' +
  'apart, press play a second after the page has loaded, watch to the end, and stay until the last has seen it. ' +
  'They are contexts of one browser. The pictures are small and padded to the bitrate, so ' +
  'that decoding costs next to nothing. The hash service knows the segments from earlier viewers. ' +
  'p2p-media-loader 2.3.1 runs with its defaults, bittorrent-tracker’s WebSocket tracker, no STUN, and hls.js ' +
  'without its worker: with it, hls.js takes away the buffers that the rival has stored, and its peers get ' +
  'empty segments. What peers could give is (1 − 1/N)(1 − h/60): the first viewer has nobody to ask, and h ' +
  'seconds came over HTTP as the head start. Two renditions have 1.3 and 2.9 Mbit/s, and each answer of the ' +
  'origin 2.2 Mbit/s. Stalls count after the first picture. Ratios are to HTTP alone.';

export default stream;
