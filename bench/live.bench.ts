import type { BenchRow, Benchmark } from './report.js';
import { Footage } from './support/footage.js';
import { HostBusy } from './support/host-busy.js';
import { LiveEdge } from './support/live-edge.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating, median } from './support/statistics.js';
import { egressRows, of, shareRow, stallRows, startRows } from './support/stream-rows.js';
import { streamFiles } from './support/stream-site.js';
import { NAMES, Theatre, type Showing, type Way } from './support/theatre.js';

const ROUNDS = 3;
/** Seconds that each viewer watches; who is done stays until all are. */
const AUDIENCE = { viewers: 5, apart: 4000, seconds: 60 } as const;
const LENGTH = 2;
const BITRATE = 2_600_000;
/** A stream that goes on for longer than its audience stays, with time for a browser to start. */
const SECONDS = 150;
/** What the first seconds do to the distance from the edge is the player's doing. */
const SETTLING = 10;
const TARGET = 60;

const RENDITION = 'v0';

/** Each round has content of its own: at the live edge nobody has seen it before. */
function folderOf(round: number): string {
  return `/media/live${round}`;
}

async function filesOf(root: string, rounds: number): Promise<Record<string, Uint8Array>> {
  const footage = await Footage.read(root);
  const files: Record<string, Uint8Array> = {};
  for (let round = 0; round < rounds; round++) {
    const folder = folderOf(round);
    const rendition = { name: RENDITION, seconds: SECONDS, bitrate: BITRATE, seed: round };
    Object.assign(files, await streamFiles(footage, { folder, length: LENGTH, renditions: [rendition] }));
  }
  return files;
}

async function show(theatre: Theatre, way: Way, round: number): Promise<Showing> {
  const folder = folderOf(round);
  const edge = new LiveEdge(theatre, {
    playlist: `${folder}/${RENDITION}/index.m3u8`,
    length: LENGTH,
    count: SECONDS / LENGTH,
  });
  try {
    return await theatre.show(way, `${folder}/index.m3u8`, AUDIENCE);
  } finally {
    edge.stop();
  }
}

/** Seconds behind the edge, the median of each viewer. */
function latencies(showings: readonly Showing[], way: Way): number[] {
  return of(showings, way)
    .flatMap(({ views }) => views)
    .map((view) => median(view.latencies.slice(SETTLING)));
}

function latencyRows(showings: readonly Showing[], ways: readonly Way[]): BenchRow[] {
  const plain = latencies(showings, 'plain');
  const rows = ways.slice(1).map((way) => {
    const behind = latencies(showings, way);
    const more = median(behind.map((one, i) => one - (plain[i] ?? Number.NaN)));
    const note = `${more.toFixed(1)} s more, target below ${LENGTH}`;
    return comparedRow(`behind the edge: ${NAMES[way]}`, behind, plain, { unit: 's', note });
  });
  return [baselineRow(`behind the edge: ${NAMES.plain}`, plain, 's'), ...rows];
}

async function measure(theatre: Theatre, rounds: number): Promise<BenchRow[]> {
  const ways = theatre.only('plain', 'rival', 'peerfold');
  const showings: Showing[] = [];
  for (let round = 0; round < rounds; round++)
    for (const way of alternating(round, ways)) showings.push(await show(theatre, way, round));
  const scene = 'live';
  return [
    ...ways
      .slice(1)
      .map((way) => shareRow(NAMES[way], of(showings, way), way === 'peerfold' ? TARGET : undefined)),
    ...latencyRows(showings, ways),
    ...egressRows(showings, ways, scene),
    ...startRows(showings, ways, scene),
    ...stallRows(showings, ways, scene),
  ];
}

const live: Benchmark = async (context) => {
  const rounds = context.repeats(ROUNDS);
  const theatre = await Theatre.open(context, { files: await filesOf(context.root, rounds), signed: false });
  const busy = new HostBusy();
  try {
    const rows = await measure(theatre, rounds);
    return { title: 'A live stream', about: ABOUT, rows: [...rows, busy.row()] };
  } finally {
    await theatre.close();
  }
};

const ABOUT =
  'Live HLS in segments of 2 s, 2.6 Mbit/s, 30 s of them in the playlist, played by hls.js with its defaults. Five ' +
  'viewers come 4 s apart and watch for a minute each; all stay until the last is done. They are contexts of one ' +
  'browser; picture and players are those of the stream of a minute. The hash service hears of a segment when the ' +
  'first viewer asks. Behind the edge: by the player’s own account, once a second after its first 10 s, the ' +
  'median of each viewer. Ratios are to HTTP alone.';

export default live;
