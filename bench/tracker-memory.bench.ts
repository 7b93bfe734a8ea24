import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating } from './support/statistics.js';
import { TrackerHasher } from './support/tracker-hasher.js';
import { Load } from './support/tracker-load.js';
import { NO_PACE, ServerProcess, type ServerKind } from './support/tracker-servers.js';

const ROUNDS = 3;
/** Sockets there before it is looked the first time: the server's code is compiled and its heap has grown. */
const FIRST = 1_000;
/** Sockets that come after it, which are divided by. */
const MORE = 6_000;
const SWARM_SIZE = 50;
const UNIT = 'bytes';

const KINDS: readonly ServerKind[] = ['bare', 'bittorrent', 'peerfold'];
const ROOM = ['--max-sockets', String(FIRST + MORE)];

interface Scene {
  readonly context: BenchContext;
  readonly hasher: TrackerHasher;
}

/** What the process grew by for each socket; nothing when the server is not to be had. */
async function bytesEach(kind: ServerKind, { context, hasher }: Scene): Promise<number | undefined> {
  const server = await ServerProcess.start(kind, {
    root: context.root,
    hasher,
    flags: [...NO_PACE, ...ROOM],
  });
  if (!server) return undefined;
  const crowd = (first: number, size: number): Load => {
    const swarms = size / SWARM_SIZE;
    return new Load(context.root, { kind, url: server.url, signer: hasher.signer, first, size, swarms });
  };
  const loads = [crowd(0, FIRST), crowd(FIRST, MORE)];
  try {
    await loads[0]?.arrive();
    const before = await server.memory();
    await loads[1]?.arrive();
    const after = await server.memory();
    for (const load of loads) if ((await load.lost()) > 0) throw new Error(`${kind}: visitors were lost`);
    return (after - before) / MORE;
  } finally {
    for (const load of loads) load.close();
    await server.stop('SIGKILL');
  }
}

async function measure(scene: Scene): Promise<BenchRow[]> {
  const found = new Map<ServerKind, number[]>(KINDS.map((kind) => [kind, []]));
  for (let round = 0; round < scene.context.repeats(ROUNDS); round++) {
    for (const kind of alternating(round, KINDS)) {
      const bytes = await bytesEach(kind, scene);
      if (bytes !== undefined) found.get(kind)?.push(bytes);
    }
  }
  const [bare = [], rival = [], own = []] = KINDS.map((kind) => found.get(kind));
  const baseline = baselineRow('bare `ws` server', bare, UNIT);
  const target = 'target: at most 10240 bytes, and below the rival';
  if (rival.length === 0) {
    const note = `bittorrent-tracker could not be fetched; ${target}`;
    return [baseline, { ...baselineRow('Peerfold', own, UNIT), note }];
  }
  return [
    baseline,
    baselineRow('bittorrent-tracker 11', rival, UNIT),
    comparedRow('Peerfold', own, rival, { unit: UNIT, note: target }),
  ];
}

const benchmark: Benchmark = async (context) => {
  const hasher = await TrackerHasher.open();
  try {
    return {
      title: 'Tracker: memory of a connection',
      about: ABOUT,
      rows: await measure({ context, hasher }),
    };
  } finally {
    await hasher.close();
  }
};

const ABOUT =
  `What the server process grows by (RSS, after collecting garbage) when ${MORE} idle visitors join ${FIRST} that are there. ` +
  'Each is known to the server and holds one thing: with bittorrent-tracker it has announced itself, with Peerfold it has been ' +
  'welcomed by its admission and has announced a root. What the kernel keeps for a socket is not in it. The ratio is to bittorrent-tracker.';

export default benchmark;
