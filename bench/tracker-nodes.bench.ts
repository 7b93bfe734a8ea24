import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { CpuShare } from './support/cpu-share.js';
import { RedisProgram } from './support/redis-program.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating } from './support/statistics.js';
import { TrackerHasher } from './support/tracker-hasher.js';
import { Load } from './support/tracker-load.js';
import { NO_PACE, ServerProcess } from './support/tracker-servers.js';

const ROUNDS = 3;
/** Rounds before the first that counts: code is compiled. */
const WARM_UP = 1;
const VISITORS = 2_000;
const SWARM_SIZE = 50;
/** Processes that play visitors; with two nodes, each at one of them. */
const LOADS = 2;
const SHARE = 0.25;
/** Wants per second, from what one node held so does easily to what two cannot. */
const PACES = [160, 200, 250, 310, 380, 470, 580, 720];
const SECONDS = 2;
const UNIT = 'introductions/s';

interface Contestant {
  readonly name: string;
  readonly nodes: readonly ServerProcess[];
  readonly loads: readonly Load[];
  /** The most at any pace, of each round. */
  readonly most: number[];
}

interface Scene {
  readonly context: BenchContext;
  readonly hasher: TrackerHasher;
}

/** Everybody joins while the nodes have all the processor they want. */
async function arrive({ context, hasher }: Scene, name: string, count: number, redis?: RedisProgram) {
  const { root } = context;
  const flags = [...NO_PACE, ...(redis ? ['--redis', redis.url] : [])];
  const nodes: ServerProcess[] = [];
  for (let i = 0; i < count; i++) {
    const node = await ServerProcess.start('peerfold', { root, hasher, flags });
    if (node) nodes.push(node);
  }
  const size = VISITORS / LOADS;
  const crowd = { kind: 'peerfold', signer: hasher.signer, size, swarms: VISITORS / SWARM_SIZE } as const;
  const loads = Array.from({ length: LOADS }, (_, i) => {
    return new Load(root, { ...crowd, url: nodes[i % nodes.length]?.url ?? '', first: i * size });
  });
  for (const load of loads) await load.arrive();
  return { name, nodes, loads, most: [] } satisfies Contestant;
}

/** Introductions per second at the pace that lets through most: above it the tracker sheds load. */
async function round({ nodes, loads, most }: Contestant, counts: boolean): Promise<void> {
  const shares = nodes.map(({ pid }) => new CpuShare(pid, SHARE));
  try {
    const reached: number[] = [];
    for (const perSecond of PACES) {
      const pace = { perSecond: perSecond / LOADS, seconds: SECONDS };
      const conversations = await Promise.all(loads.map((load) => load.converse(pace)));
      reached.push(conversations.reduce((sum, { introduced }) => sum + introduced, 0) / SECONDS);
    }
    if (counts) most.push(Math.max(...reached));
  } finally {
    for (const share of shares) share.lift();
  }
}

async function measure(scene: Scene, redis: RedisProgram): Promise<BenchRow[]> {
  const contestants: Contestant[] = [];
  try {
    contestants.push(await arrive(scene, 'one node', 1));
    contestants.push(await arrive(scene, 'one node, with Redis', 1, redis));
    contestants.push(await arrive(scene, 'two nodes over Redis', 2, redis));
    const rounds = scene.context.repeats(ROUNDS);
    for (let i = -WARM_UP; i < rounds; i++)
      for (const one of alternating(i + WARM_UP, contestants)) await round(one, i >= 0);
    return rowsOf(contestants);
  } finally {
    for (const { loads, nodes } of contestants) {
      for (const load of loads) load.close();
      for (const node of nodes) await node.stop('SIGKILL');
    }
  }
}

function rowsOf([alone, single, pair]: readonly Contestant[]): BenchRow[] {
  if (!alone || !single || !pair) throw new Error('not everybody took part');
  return [
    baselineRow(alone.name, alone.most, UNIT),
    comparedRow(single.name, single.most, alone.most, { unit: UNIT }),
    comparedRow(pair.name, pair.most, alone.most, { unit: UNIT, note: 'target 1.60' }),
  ];
}

const benchmark: Benchmark = async (context) => {
  const hasher = await TrackerHasher.open();
  const redis = await RedisProgram.start();
  try {
    const rows = await measure({ context, hasher }, redis);
    return { title: 'Tracker: two nodes', about: ABOUT, rows };
  } finally {
    await redis.stop();
    await hasher.close();
  }
};

const ABOUT =
  `Each node is held to a quarter of a core (stopped when it has had more); Redis and the visitors are not held. ${VISITORS} visitors in ` +
  `swarms of ${SWARM_SIZE} are spread over the nodes, so that half of those whom a visitor could meet are on the other one. They ask for six ` +
  `peers at ${PACES.length} paces from ${PACES[0]} to ${PACES.at(-1)} wants a second, ${SECONDS} s each, whether answers come or not; an offer and an ` +
  'answer of 1 KB follow with each peer. Counted are the introductions per second at the pace that let through most. Ratios are to one node without Redis.';

export default benchmark;
