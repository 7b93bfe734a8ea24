import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { bareTransfer } from './support/bare-channel.js';
import { HostBusy } from './support/host-busy.js';
import {
  fetchFile,
  fetchFromPeers,
  fetchFromPeersAlone,
  LEECH,
  LEECH_TEXT,
  LURE,
  LURE_BYTES,
  paceOfPeers,
  seedFile,
  seedLure,
  shareFromPeers,
  type Fetched,
  type LargeFile,
} from './support/large-file.js';
import { noise, noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { STAGE, Stand } from './support/stand.js';
import { alternating, median, pairedRatios } from './support/statistics.js';
import { TorrentRival } from './support/torrent.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 5;
const FILE: LargeFile = { path: '/media/bulk.bin', bytes: 50_000_000 };
const MEGABYTES = FILE.bytes / 1e6;
/** What a browser still does after the last byte (ms) is part of the cost, such as storing it. */
const SETTLE = 1000;

/** `alone`: from a peer and, after the first byte, nobody else. `helped`: as it comes, with an origin that is faster than any peer. */
const KINDS = ['bare', 'alone', 'helped', 'torrent', 'http'] as const;
type Kind = (typeof KINDS)[number];

/** What one contestant took for the file. */
interface Cost extends Fetched {
  /** Seconds of processor time of the browsers of both sides. */
  readonly cpu: number;
}
type Round = Partial<Record<Kind, Cost>>;

/** Those that give, for all rounds. */
interface Seeders {
  readonly seeder: Visitor;
  readonly torrent:
    { readonly rival: TorrentRival; readonly visitor: Visitor; readonly file: Uint8Array } | undefined;
}

async function costed(
  browsers: readonly Visitor[],
  transfer: () => Promise<Omit<Fetched, 'fromPeers'> & Partial<Fetched>>,
): Promise<Cost> {
  const cpuTime = async (): Promise<number> => {
    const times = await Promise.all(browsers.map((one) => one.cpuTime()));
    return times.reduce((sum, one) => sum + one, 0);
  };
  const before = await cpuTime();
  const fetched = await transfer();
  await pause(SETTLE);
  return { fromPeers: 0, ...fetched, cpu: (await cpuTime()) - before };
}

async function oneRound(
  context: BenchContext,
  stand: Stand,
  { seeder, torrent }: Seeders,
  round: number,
): Promise<Round> {
  const visitors: Visitor[] = [];
  const arrive = async (): Promise<Visitor> => {
    const visitor = await Visitor.arrive(context);
    visitors.push(visitor);
    return visitor;
  };
  const leech = async (): Promise<Visitor> => {
    const visitor = await arrive();
    await visitor.openReady(stand.peerfold + LEECH);
    await visitor.linked();
    return visitor;
  };
  try {
    const plain = await arrive();
    await plain.open(stand.plain + STAGE);
    await torrent?.rival.start(plain.page);
    return await transfers(
      { stand, seeder, torrent, plain, leechers: [await leech(), await leech()] },
      round,
    );
  } finally {
    for (const visitor of visitors) await visitor.leave();
  }
}

interface Scene {
  readonly stand: Stand;
  readonly seeder: Visitor;
  readonly torrent: Seeders['torrent'];
  readonly plain: Visitor;
  readonly leechers: readonly [Visitor, Visitor];
}

async function transfers({ stand, seeder, torrent, plain, leechers }: Scene, round: number): Promise<Round> {
  const [leecher, other] = leechers;
  const ways: Record<Kind, () => Promise<Cost | undefined>> = {
    bare: () =>
      costed([seeder, leecher], async () => {
        const last = await bareTransfer(seeder.page, leecher.page, FILE.bytes);
        return { first: Number.NaN, last };
      }),
    alone: () => costed([seeder, leecher], () => fetchFromPeersAlone(leecher, stand, FILE)),
    helped: () => costed([seeder, other], () => fetchFromPeers(other, FILE)),
    torrent: async () =>
      torrent && costed([torrent.visitor, plain], () => torrent.rival.cold(plain.page, torrent.file)),
    http: () => costed([plain], () => fetchFile(plain, FILE)),
  };
  const costs: Round = {};
  for (const kind of alternating(round, KINDS)) {
    const cost = await ways[kind]();
    if (cost) costs[kind] = cost;
  }
  return costs;
}

/** Resolves to nothing when the rival cannot be had. */
async function seedTorrent(
  rival: TorrentRival | undefined,
  visitor: Visitor,
  stand: Stand,
): Promise<Seeders['torrent']> {
  if (!rival) return undefined;
  await visitor.open(stand.plain + STAGE);
  await rival.start(visitor.page);
  return { rival, visitor, file: await rival.seed(visitor.page, [FILE.path]) };
}

async function measure(context: BenchContext, stand: Stand): Promise<Round[]> {
  const rival = await TorrentRival.open(context.root, stand);
  const [seeder, visitor] = [await Visitor.arrive(context), await Visitor.arrive(context)];
  const rounds: Round[] = [];
  try {
    await seedLure(seeder, stand);
    await seedFile(seeder, FILE);
    await stand.announced(2);
    const seeders = { seeder, torrent: await seedTorrent(rival, visitor, stand) };
    for (let i = 0; i < context.repeats(ROUNDS); i++) rounds.push(await oneRound(context, stand, seeders, i));
    return rounds;
  } finally {
    await seeder.leave();
    await visitor.leave();
    await rival?.close();
  }
}

function pace(from: number, until: number): number {
  return MEGABYTES / ((until - from) / 1000);
}

function rowsOf(rounds: readonly Round[]): BenchRow[] {
  const costs = (kind: Kind): Cost[] => rounds.flatMap((round) => round[kind] ?? []);
  return [...paceRows(costs), ...firstByteRows(costs), ...cpuRows(costs)];
}

type CostsOf = (kind: Kind) => readonly Cost[];

function paceRows(costs: CostsOf): BenchRow[] {
  const paces = (kind: Kind): number[] => costs(kind).map(({ last }) => pace(0, last));
  // The rival's time to find its peer is not counted against it: we were linked before.
  const streaming = costs('torrent').map(({ first, last }) => pace(first, last));
  const [bare, alone] = [paces('bare'), costs('alone').map(paceOfPeers)];
  const unit = 'MB/s';
  const compared = (name: string, values: readonly number[], note?: string): BenchRow[] =>
    values.length ? [comparedRow(name, values, bare, { unit, ...(note ? { note } : {}) })] : [];
  const beside = streaming.length
    ? `; ${median(pairedRatios(alone, streaming)).toFixed(2)} × WebTorrent after its first byte, target 2`
    : '';
  const share = (kind: 'alone' | 'helped'): string => shareFromPeers(costs(kind), FILE);
  return [
    baselineRow('bare RTCDataChannel', bare, unit),
    ...compared('Peerfold, from the peer alone', alone, `target 0.90${beside}; ${share('alone')}`),
    ...compared('Peerfold, with the origin’s help', paces('helped'), share('helped')),
    ...compared('WebTorrent, after its first byte', streaming),
    ...compared('WebTorrent, from the start', paces('torrent')),
    ...compared('HTTP, without Peerfold', paces('http')),
  ];
}

function firstByteRows(costs: CostsOf): BenchRow[] {
  const row = (name: string, kind: Kind): BenchRow[] => {
    const firsts = costs(kind).map(({ first }) => first);
    return firsts.length ? [baselineRow(`first byte: ${name}`, firsts)] : [];
  };
  return [...row('Peerfold, linked before', 'helped'), ...row('WebTorrent, not linked', 'torrent')];
}

function cpuRows(costs: CostsOf): BenchRow[] {
  const perMegabyte = (kind: Kind): number[] => costs(kind).map(({ cpu }) => (1000 * cpu) / MEGABYTES);
  const bare = perMegabyte('bare');
  const unit = 'ms/MB';
  const name = (who: string): string => `processor time of both browsers: ${who}`;
  const compared = (who: string, kind: Kind): BenchRow[] =>
    costs(kind).length ? [comparedRow(name(who), perMegabyte(kind), bare, { unit })] : [];
  return [
    baselineRow(name('bare RTCDataChannel'), bare, unit),
    ...compared('Peerfold, from the peer alone', 'alone'),
    ...compared('WebTorrent', 'torrent'),
    ...compared('HTTP (one browser)', 'http'),
  ];
}

const bulk: Benchmark = async (context) => {
  const stand = await Stand.open({
    pages: { [LEECH]: LEECH_TEXT },
    files: { [FILE.path]: noise(FILE.bytes, 1), [LURE]: noisePicture(LURE_BYTES, 2) },
    literal: { include: ['/media/*'] },
    rules: [{ path: FILE.path, headers: { 'cache-control': 'public, max-age=3600' } }],
  });
  const busy = new HostBusy();
  try {
    const rows = rowsOf(await measure(context, stand));
    return {
      title: 'A file of 50 MB from one visitor to another',
      about: ABOUT,
      rows: [...rows, busy.row()],
    };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'Between two profiles on one machine, each way in turn. Peerfold’s were linked before; from the peer alone ' +
  'means that the origin gives nothing after the first byte, and only what the peer gave is counted. The bare channel moves as many bytes ' +
  'between the same two pages, in messages of 64 KiB with a high-water of 256 KiB, and checks, stores and ' +
  'hands on nothing. WebTorrent’s browser build seeds and gets the same file in two profiles of its own, with its own ' +
  'tracker, from a torrent that is known, and reads it as a stream. HTTP has no other browser, but a server, ' +
  'which is not counted. Processor time is counted until a second after the last byte. Ratios are to the ' +
  'bare channel.';

export default bulk;
