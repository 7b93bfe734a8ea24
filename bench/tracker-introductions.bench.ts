import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating, median, pairedRatios, quantile } from './support/statistics.js';
import { TrackerHasher } from './support/tracker-hasher.js';
import { Load } from './support/tracker-load.js';
import { PEERS_WANTED } from './support/tracker-member.js';
import { NO_PACE, ServerProcess, type ServerKind } from './support/tracker-servers.js';

const ROUNDS = 7;
/** Rounds before the first that counts: code is compiled. */
const WARM_UP = 2;
const VISITORS = 2_000;
/** Visitors of one swarm: a page's few, and the most that the rival remembers. */
const SWARM_SIZES = [50, 1000];
const PACE = { perSecond: 300, seconds: 3 };
/** Share of introductions that may be missing: on a machine that is busy with other things, ours sheds load. */
const MISSING = 0.02;
/** How often a slice with more missing is repeated. */
const ATTEMPTS = 5;
const UNIT = 'per CPU-second';

const NAMES: Record<ServerKind, string> = {
  bare: 'bare `ws` relay of the same messages',
  bittorrent: 'bittorrent-tracker 11',
  peerfold: 'Peerfold',
};

interface Contestant {
  readonly kind: ServerKind;
  readonly server: ServerProcess;
  readonly load: Load;
  readonly perCpuSecond: number[];
  readonly delays: number[][];
}

interface Scene {
  readonly context: BenchContext;
  readonly hasher: TrackerHasher;
  readonly swarmSize: number;
}

async function arrive(kind: ServerKind, { context, hasher, swarmSize }: Scene): Promise<Contestant[]> {
  const { root } = context;
  const server = await ServerProcess.start(kind, { root, hasher, flags: NO_PACE });
  if (!server) return [];
  const crowd = { url: server.url, signer: hasher.signer, first: 0, size: VISITORS };
  const load = new Load(root, { ...crowd, kind, swarms: VISITORS / swarmSize });
  await load.arrive();
  return [{ kind, server, load, perCpuSecond: [], delays: [] }];
}

/** One slice, repeated when it did not measure what it should. */
async function round({ kind, server, load, perCpuSecond, delays }: Contestant, counts: boolean) {
  for (let attempt = 1; ; attempt++) {
    const before = await server.cpuTime();
    const { asked, introduced, delays: found } = await load.converse(PACE);
    const spent = (await server.cpuTime()) - before;
    if (introduced >= asked * PEERS_WANTED * (1 - MISSING)) {
      if (!counts) return;
      perCpuSecond.push(introduced / spent);
      delays.push([...found]);
      return;
    }
    if (attempt === ATTEMPTS) throw new Error(`${kind}: ${introduced} introductions for ${asked} questions`);
  }
}

function rowsOf(contestants: readonly Contestant[], swarmSize: number): BenchRow[] {
  const name = (kind: ServerKind) => `${NAMES[kind]}, swarms of ${swarmSize}`;
  const of = (kind: ServerKind) => contestants.find((one) => one.kind === kind);
  const [bare, rival, own] = [of('bare'), of('bittorrent'), of('peerfold')];
  if (!bare || !own) throw new Error('not everybody took part');
  const delay = ({ delays }: Contestant): string =>
    `p50 and p99 of want to answer ${[0.5, 0.99].map((share) => quantile(delays.flat(), share).toFixed(1)).join(' and ')} ms`;
  const ceiling = median(pairedRatios(own.perCpuSecond, bare.perCpuSecond)).toFixed(2);
  const note = `${delay(own)}; ${ceiling} of the bare relay's`;
  const ceilingRow = { ...baselineRow(name('bare'), bare.perCpuSecond, UNIT), note: delay(bare) };
  const ownName = name('peerfold');
  if (!rival) {
    const alone = `bittorrent-tracker could not be fetched; ${note}`;
    return [ceilingRow, { ...baselineRow(ownName, own.perCpuSecond, UNIT), note: alone }];
  }
  return [
    ceilingRow,
    { ...baselineRow(name('bittorrent'), rival.perCpuSecond, UNIT), note: delay(rival) },
    comparedRow(ownName, own.perCpuSecond, rival.perCpuSecond, { unit: UNIT, note: `target 1.50; ${note}` }),
  ];
}

async function measure(scene: Scene): Promise<BenchRow[]> {
  const contestants: Contestant[] = [];
  try {
    for (const kind of ['bare', 'bittorrent', 'peerfold'] as const)
      contestants.push(...(await arrive(kind, scene)));
    const rounds = scene.context.repeats(ROUNDS);
    for (let i = -WARM_UP; i < rounds; i++)
      for (const one of alternating(i + WARM_UP, contestants)) await round(one, i >= 0);
    return rowsOf(contestants, scene.swarmSize);
  } finally {
    for (const { load, server } of contestants) {
      load.close();
      await server.stop('SIGKILL');
    }
  }
}

const benchmark: Benchmark = async (context) => {
  const hasher = await TrackerHasher.open();
  try {
    const rows: BenchRow[] = [];
    for (const swarmSize of SWARM_SIZES) rows.push(...(await measure({ context, hasher, swarmSize })));
    return { title: 'Tracker: introductions', about: ABOUT, rows };
  } finally {
    await hasher.close();
  }
};

const ABOUT =
  'One question answered with six peers, then an offer and an answer of 1 KB relayed with each of them: six introductions. ' +
  `${VISITORS} visitors of each server ask ${PACE.perSecond} times a second, whether answers come or not, in slices of ${PACE.seconds} s in turn. ` +
  'Counted is the processor time of the server process. The bare relay finds the target in the first bytes of a message and looks at nothing else. ' +
  'bittorrent-tracker gets offers with the question and hands them to peers of its choice; it knows no admissions, no passes and no limits.';

export default benchmark;
