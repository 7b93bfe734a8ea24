import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { bareTransfer } from './support/bare-channel.js';
import { HostBusy } from './support/host-busy.js';
import {
  fetchFromPeersAlone,
  LEECH,
  LEECH_TEXT,
  LURE,
  LURE_BYTES,
  seedFile,
  seedLure,
  shareFromPeers,
  type Fetched,
  type LargeFile,
} from './support/large-file.js';
import { MainThread, type LongFrame } from './support/main-thread.js';
import { noise, noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { withVisitors, type Visitor } from './support/visitor.js';

/** Files that make 500 MB together: the store has more than one of them to forget. */
const FILES = 10;
const FILE_BYTES = 50_000_000;
const MEBIBYTE = 2 ** 20;
/** What a page still does after the last byte (ms) belongs to the transfer. */
const SETTLE = 1000;

const fileOf = (i: number): LargeFile => ({ path: `/media/bulk-${i}.bin`, bytes: FILE_BYTES });

/** A visitor and what their page's main thread does. */
interface Watched {
  readonly visitor: Visitor;
  readonly thread: MainThread;
}

/** Milliseconds of main thread for one file on either side. */
interface Effort {
  readonly received: number;
  readonly sent: number;
}

interface Round {
  readonly bare: Effort;
  readonly peerfold: Effort;
  readonly fetched: Fetched;
}

/** Bytes of the receiver: the page's own heap, and all processes that pages and workers run in. */
interface Footprint {
  readonly heap: number;
  readonly processes: number;
}

interface Outcome {
  readonly rounds: readonly Round[];
  readonly before: Footprint;
  readonly after: Footprint;
  readonly frames: { readonly received: readonly LongFrame[]; readonly sent: readonly LongFrame[] };
}

async function watched(visitor: Visitor): Promise<Watched> {
  return { visitor, thread: await MainThread.watch(visitor.page) };
}

async function effort(leecher: Watched, seeder: Watched, transfer: () => Promise<unknown>): Promise<Effort> {
  const [received, sent] = [await leecher.thread.busy(), await seeder.thread.busy()];
  await transfer();
  await pause(SETTLE);
  return {
    received: (await leecher.thread.busy()) - received,
    sent: (await seeder.thread.busy()) - sent,
  };
}

async function oneRound(leecher: Watched, seeder: Watched, stand: Stand, i: number): Promise<Round> {
  const file = fileOf(i);
  await seedFile(seeder.visitor, file);
  // This takes seconds: when it is over, the seeder has long announced the file.
  const bare = await effort(leecher, seeder, () =>
    bareTransfer(seeder.visitor.page, leecher.visitor.page, FILE_BYTES),
  );
  const found: { fetched?: Fetched } = {};
  const peerfold = await effort(leecher, seeder, async () => {
    found.fetched = await fetchFromPeersAlone(leecher.visitor, stand, file);
  });
  if (!found.fetched) throw new Error('nothing was fetched');
  return { bare, peerfold, fetched: found.fetched };
}

async function footprint({ visitor, thread }: Watched): Promise<Footprint> {
  return { heap: await thread.heap(), processes: await visitor.memory() };
}

function measure(context: BenchContext, stand: Stand, count: number): Promise<Outcome> {
  return withVisitors(context, async (arrive) => {
    const [seeder, leecher] = [await watched(await arrive()), await watched(await arrive())];
    await seedLure(seeder.visitor, stand);
    await stand.announced(1);
    await leecher.visitor.openReady(stand.peerfold + LEECH);
    await leecher.visitor.linked();
    const before = await footprint(leecher);
    const rounds: Round[] = [];
    for (let i = 0; i < count; i++) rounds.push(await oneRound(leecher, seeder, stand, i));
    const after = await footprint(leecher);
    const frames = { received: await leecher.thread.longFrames(), sent: await seeder.thread.longFrames() };
    return { rounds, before, after, frames };
  });
}

function effortRows(rounds: readonly Round[], side: keyof Effort): BenchRow[] {
  const perMegabyte = (way: 'bare' | 'peerfold'): number[] =>
    rounds.map((round) => (1e6 * round[way][side]) / FILE_BYTES);
  const unit = 'ms/MB';
  const note =
    side === 'received'
      ? shareFromPeers(
          rounds.map(({ fetched }) => fetched),
          fileOf(0),
        )
      : undefined;
  return [
    baselineRow(`main thread, ${side}: bare RTCDataChannel`, perMegabyte('bare'), unit),
    comparedRow(`main thread, ${side}: Peerfold`, perMegabyte('peerfold'), perMegabyte('bare'), {
      unit,
      ...(note === undefined ? {} : { note }),
    }),
  ];
}

function memoryRow(what: keyof Footprint, name: string, { before, after, rounds }: Outcome): BenchRow {
  const [then, now] = [before[what] / MEBIBYTE, after[what] / MEBIBYTE];
  return {
    name: `memory after ${(rounds.length * FILE_BYTES) / 1e6} MB received: ${name}`,
    value: now,
    unit: 'MiB',
    note: `${then.toFixed(1)} before`,
  };
}

function framesRow(side: string, frames: readonly LongFrame[]): BenchRow {
  const longest = Math.max(0, ...frames.map(({ ours }) => ours));
  return {
    name: `long animation frames with our scripts: page that ${side}`,
    value: frames.length,
    unit: 'frames',
    note: frames.length > 0 ? `target 0; longest ${longest.toFixed(0)} ms of ours` : 'target 0',
  };
}

function rowsOf(outcome: Outcome): BenchRow[] {
  return [
    ...effortRows(outcome.rounds, 'received'),
    ...effortRows(outcome.rounds, 'sent'),
    memoryRow('heap', 'heap of the page', outcome),
    memoryRow('processes', 'processes of page and worker', outcome),
    framesRow('receives', outcome.frames.received),
    framesRow('sends', outcome.frames.sent),
  ];
}

const mainThread: Benchmark = async (context) => {
  const count = context.repeats(FILES);
  const files = Array.from({ length: count }, (_, i) => [fileOf(i).path, noise(FILE_BYTES, i)] as const);
  const stand = await Stand.open({
    pages: { [LEECH]: LEECH_TEXT },
    files: { ...Object.fromEntries(files), [LURE]: noisePicture(LURE_BYTES, FILES) },
    literal: { include: ['/media/*'] },
    rules: [{ path: '/media/*', headers: { 'cache-control': 'public, max-age=3600' } }],
  });
  const busy = new HostBusy();
  try {
    const rows = [...rowsOf(await measure(context, stand, count)), busy.row()];
    return { title: 'What a page pays for what it receives and sends', about: ABOUT, rows };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'One visitor gets ten files of 50 MB from another by `fetch`, one after the other, in one life of the page, while the ' +
  'origin gives nothing after the first byte. Before each, as many bytes go over a bare data channel between the same two pages. Main thread: what the ' +
  'browser says of the processor time of all tasks of the page’s main thread until a second after the last byte; the script that reads the ' +
  'answer is part of it. The heap is that of the page after collecting garbage; the processes are all renderers ' +
  'of the visitor’s browser. Long animation frames are those of 50 ms and more in which a script of ours ran, ' +
  'while the page also read what it seeds. Ratios are to the bare channel.';

export default mainThread;
