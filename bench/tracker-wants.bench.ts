import { readFile } from 'node:fs/promises';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { median, middleHalf, quantile } from './support/statistics.js';
import { TrackerHasher } from './support/tracker-hasher.js';
import { Load } from './support/tracker-load.js';
import { ServerProcess } from './support/tracker-servers.js';

const SLICES = 10;
const SLICE_SECONDS = 5;
const WANTS_PER_SECOND = 500;
const VISITORS = 20_000;
/** In a quick run. */
const FEW_VISITORS = 2_000;
/** Processes that play visitors. */
const LOADS = 3;
/** Files that a process has open besides its sockets, generously. */
const OTHER_FILES = 100;
const HELD = { roots: 100, holders: 16 };

interface Scene {
  readonly server: ServerProcess;
  readonly loads: readonly Load[];
  readonly visitors: number;
}

interface Slice {
  readonly delays: readonly number[];
  /** Share of one processor that the server used. */
  readonly busy: number;
}

/** Sockets that the server's process can have: a machine may allow fewer files than the figure asks for. */
async function affordable(visitors: number): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const files = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(visitors, files - OTHER_FILES);
}

async function open({ root }: BenchContext, hasher: TrackerHasher, visitors: number): Promise<Scene> {
  const flags = ['--max-sockets', String(visitors)];
  const server = await ServerProcess.start('peerfold', { root, hasher, flags });
  if (!server) throw new Error('our own server is always there');
  const size = Math.ceil(visitors / LOADS);
  const crowd = { kind: 'peerfold', url: server.url, signer: hasher.signer, swarms: 1 } as const;
  const loads = Array.from({ length: LOADS }, (_, i) => {
    const first = i * size;
    return new Load(root, { ...crowd, first, size: Math.min(size, visitors - first) });
  });
  return { server, loads, visitors };
}

async function settle({ loads, visitors }: Scene): Promise<void> {
  for (const load of loads) await load.arrive();
  await Promise.all(loads.map((load) => load.hold({ ...HELD, visitors })));
}

async function slice({ server, loads, visitors }: Scene): Promise<Slice> {
  const pace = { perSecond: WANTS_PER_SECOND / LOADS, seconds: SLICE_SECONDS };
  const before = await server.cpuTime();
  const conversations = await Promise.all(loads.map((load) => load.want(pace, { ...HELD, visitors })));
  const busy = ((await server.cpuTime()) - before) / SLICE_SECONDS;
  for (const { asked, introduced } of conversations)
    if (introduced < asked) throw new Error(`${introduced} answers to ${asked} wants`);
  return { delays: conversations.flatMap(({ delays }) => delays), busy };
}

function rowsOf(slices: readonly Slice[], visitors: number): BenchRow[] {
  const busy = median(slices.map((one) => one.busy));
  const notes = new Map([
    [0.5, `the server took ${Math.round(busy * 100)} % of one processor`],
    [0.99, `target: below 50 ms with ${VISITORS} sockets`],
  ]);
  return [...notes].map(([share, note]) => {
    const values = slices.map(({ delays }) => quantile(delays, share));
    const name = `p${share * 100} of a want, ${visitors} sockets`;
    return { name, value: median(values), spread: middleHalf(values), unit: 'ms', note };
  });
}

async function measure(context: BenchContext, hasher: TrackerHasher): Promise<BenchRow[]> {
  const count = context.repeats(SLICES);
  const visitors = await affordable(count < SLICES ? FEW_VISITORS : VISITORS);
  const scene = await open(context, hasher, visitors);
  try {
    await settle(scene);
    // The first slice compiles the code.
    await slice(scene);
    const slices: Slice[] = [];
    for (let i = 0; i < count; i++) slices.push(await slice(scene));
    for (const load of scene.loads) if ((await load.lost()) > 0) throw new Error('visitors were lost');
    return rowsOf(slices, visitors);
  } finally {
    for (const load of scene.loads) load.close();
    await scene.server.stop('SIGKILL');
  }
}

const benchmark: Benchmark = async (context) => {
  const hasher = await TrackerHasher.open();
  try {
    return { title: 'Tracker: many sockets', about: ABOUT, rows: await measure(context, hasher) };
  } finally {
    await hasher.close();
  }
};

const ABOUT =
  `Every visitor holds ${HELD.roots} roots, every root has ${HELD.holders} holders. Some visitor asks for ${HELD.roots} of them ${WANTS_PER_SECOND} times a second, whether ` +
  `answers come or not, with the limits that the tracker has by default. Half of the wants are for roots that the same visitors hold, half for roots whose holders differ. Milliseconds from when a want was ` +
  `due until its answer was read, in slices of ${SLICE_SECONDS} s; tracker and visitors share the machine. The system's limit of files may hold the number of sockets below the target's.`;

export default benchmark;
