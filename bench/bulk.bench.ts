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
import { withVisitors, type Visitor } from './support/visitor.js';

const ROUNDS = 5;
const FILE: LargeFile = { path: '/media/bulk.bin', bytes: 50_000_000 };
const MEGABYTES = FILE.bytes / 1e6;
/** What a browser still does after the last byte (ms) is part of the cost, such as storing it. */
const SETTLE = 1000;

/** `alone`: from a peer and, after the first byte, nobody else. `helped`: as it comes, with an origin that is faster than any peer. */
type Kind = 'bare' | 'alone' | 'helped' | 'torrent' | 'http';

/** What one contestant took for the file. */
interface Cost extends Fetched {
  /** Seconds of processor time of the browsers of both sides. */
  readonly cpu: number;
}
type Round = Partial<Record<Kind, Cost>>;

/** Who gives the file by the rival, for all rounds. */
interface TorrentSeeder {
  readonly rival: TorrentRival;
  readonly visitor: Visitor;
  readonly file: Uint8Array;
}

type Times = Omit<Fetched, 'fromPeers'>;

async function costed(
  browsers: readonly Visitor[],
  transfer: () => Promise<Times & Partial<Fetched>>,
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

/** What takes part in every round. */
interface Scene {
  readonly context: BenchContext;
  readonly stand: Stand;
  readonly seeder: Visitor;
  readonly torrent: TorrentSeeder | undefined;
}

/** A leecher leaves before the next one comes, or there would be two that hold the file. */
function withLeecher({ context, stand }: Scene, work: (leecher: Visitor) => Promise<Round>): Promise<Round> {
  return withVisitors(context, async (arrive) => {
    const leecher = await arrive();
    await leecher.openReady(stand.peerfold + LEECH);
    await leecher.linked();
    return work(leecher);
  });
}

/** The bare channel and Peerfold, between the same two pages. */
function bareAndAlone(scene: Scene, round: number): Promise<Round> {
  const { stand, seeder } = scene;
  return withLeecher(scene, (leecher) => {
    const browsers = [seeder, leecher];
    const bare = async (): Promise<Times> => ({
      first: Number.NaN,
      last: await bareTransfer(seeder.page, leecher.page, FILE.bytes),
    });
    const ways = {
      bare: () => costed(browsers, bare),
      alone: () => costed(browsers, () => fetchFromPeersAlone(leecher, stand, FILE)),
    };
    return inTurn(round, ways);
  });
}

function helped(scene: Scene, round: number): Promise<Round> {
  return withLeecher(scene, (leecher) =>
    inTurn(round, { helped: () => costed([scene.seeder, leecher], () => fetchFromPeers(leecher, FILE)) }),
  );
}

function without({ context, stand, torrent }: Scene, round: number): Promise<Round> {
  return withVisitors(context, async (arrive) => {
    const plain = await arrive();
    await plain.open(stand.plain + STAGE);
    const http = (): Promise<Cost> => costed([plain], () => fetchFile(plain, FILE));
    if (!torrent) return inTurn(round, { http });
    const { rival, visitor, file } = torrent;
    await rival.start(plain.page);
    return inTurn(round, {
      torrent: () => costed([visitor, plain], () => rival.cold(plain.page, file)),
      http,
    });
  });
}

async function inTurn(round: number, ways: Partial<Record<Kind, () => Promise<Cost>>>): Promise<Round> {
  const costs: Round = {};
  for (const [kind, way] of alternating(round, Object.entries(ways))) costs[kind as Kind] = await way();
  return costs;
}

async function oneRound(scene: Scene, round: number): Promise<Round> {
  const costs: Round = {};
  for (const part of alternating(round, [bareAndAlone, helped, without]))
    Object.assign(costs, await part(scene, round));
  return costs;
}

async function seedTorrent(rival: TorrentRival, visitor: Visitor, stand: Stand): Promise<TorrentSeeder> {
  await visitor.open(stand.plain + STAGE);
  await rival.start(visitor.page);
  return { rival, visitor, file: await rival.seed(visitor.page, [FILE.path]) };
}

async function measure(context: BenchContext, stand: Stand): Promise<Round[]> {
  const rival = await TorrentRival.open(context.root, stand);
  try {
    return await withVisitors(context, async (arrive) => {
      const seeder = await arrive();
      await seedLure(seeder, stand);
      await seedFile(seeder, FILE);
      await stand.announced(2);
      const torrent = rival && (await seedTorrent(rival, await arrive(), stand));
      const rounds: Round[] = [];
      for (let i = 0; i < context.repeats(ROUNDS); i++)
        rounds.push(await oneRound({ context, stand, seeder, torrent }, i));
      return rounds;
    });
  } finally {
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
