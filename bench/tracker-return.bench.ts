import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow } from './support/rows.js';
import { quantile } from './support/statistics.js';
import { TrackerHasher } from './support/tracker-hasher.js';
import type { Return } from './support/tracker-holders.js';
import { Load } from './support/tracker-load.js';
import { ServerProcess } from './support/tracker-servers.js';

const ROUNDS = 3;
const VISITORS = 10_000;
/** In a quick run. */
const FEW_VISITORS = 2_000;
/** Processes that play visitors. */
const LOADS = 2;
const HELD = { roots: 10, holders: 16 };

interface Scene {
  readonly context: BenchContext;
  readonly hasher: TrackerHasher;
  readonly visitors: number;
}

interface Outcome {
  readonly after: readonly number[];
  readonly failures: number;
  readonly reasons: readonly string[];
  /** Visitors that nobody finds any more. */
  readonly missing: number;
}

function start({ context, hasher }: Scene, port?: number): Promise<ServerProcess | undefined> {
  return ServerProcess.start('peerfold', {
    root: context.root,
    hasher,
    ...(port === undefined ? {} : { port }),
  });
}

/** A server with everybody there, killed and started again. */
async function restart(scene: Scene): Promise<Outcome> {
  const { context, hasher, visitors } = scene;
  let server = await start(scene);
  if (!server) throw new Error('our own server is always there');
  const crowd = { kind: 'peerfold', url: server.url, signer: hasher.signer, swarms: 1 } as const;
  const size = visitors / LOADS;
  const loads = Array.from(
    { length: LOADS },
    (_, i) => new Load(context.root, { ...crowd, first: i * size, size }),
  );
  try {
    for (const load of loads) await load.arrive();
    await server.stop('SIGKILL');
    server = await start(scene, server.port);
    const layout = { ...HELD, visitors };
    const returns = await Promise.all(loads.map((load) => load.comeBack(layout)));
    let found = 0;
    for (const load of loads) found += await load.seek();
    return { ...together(returns), missing: visitors - found };
  } finally {
    for (const load of loads) load.close();
    await server?.stop('SIGKILL');
  }
}

function together(returns: readonly Return[]): Omit<Outcome, 'missing'> {
  return {
    after: returns.flatMap(({ after }) => after),
    failures: returns.reduce((sum, { failures }) => sum + failures, 0),
    reasons: [...new Set(returns.flatMap(({ reasons }) => reasons))],
  };
}

function rowsOf(outcomes: readonly Outcome[], visitors: number): BenchRow[] {
  const seconds = (share: number) => outcomes.map(({ after }) => quantile(after, share) / 1000);
  const most = (of: (outcome: Outcome) => number): number => Math.max(...outcomes.map(of));
  const reasons = [...new Set(outcomes.flatMap((one) => one.reasons))].join('; ');
  return [
    { ...baselineRow(`all ${visitors} are back`, seconds(1), 's'), note: `target 30 s for 10000` },
    baselineRow('half of them are back', seconds(0.5), 's'),
    {
      name: 'attempts that failed, at most',
      value: most(({ failures }) => failures),
      unit: 'attempts',
      ...(reasons === '' ? {} : { note: reasons }),
    },
    {
      name: 'visitors not back, at most',
      value: most(({ after }) => visitors - after.length),
      unit: 'visitors',
    },
    { name: 'holders lost, at most', value: most(({ missing }) => missing), unit: 'holders' },
  ];
}

const benchmark: Benchmark = async (context) => {
  const hasher = await TrackerHasher.open();
  const rounds = context.repeats(ROUNDS);
  const visitors = rounds < ROUNDS ? FEW_VISITORS : VISITORS;
  try {
    const outcomes: Outcome[] = [];
    for (let i = 0; i < rounds; i++) outcomes.push(await restart({ context, hasher, visitors }));
    return { title: 'Tracker: everybody comes back', about: ABOUT, rows: rowsOf(outcomes, visitors) };
  } finally {
    await hasher.close();
  }
};

const ABOUT =
  'The tracker is killed and started again; when it listens, everybody connects in the same moment, and tries again as ' +
  'pages do. Back means: connected, admission and key proved, and everything announced that the visitor holds. ' +
  'Afterwards each is sought by another visitor that wants a root only it holds. Limits are those that the tracker has by default; ' +
  'visitors and tracker share the machine.';

export default benchmark;
