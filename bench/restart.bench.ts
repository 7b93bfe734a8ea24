import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { HasherProcess, NO_BUDGETS } from './support/hasher-process.js';
import { InventedOrigin } from './support/invented-origin.js';
import { memoryOf } from './support/memory.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating } from './support/statistics.js';

const TOKENS = 100_000;
const ROUNDS = 9;

interface Scene {
  readonly context: BenchContext;
  readonly site: string;
  /** Directories of a service that knows nothing, and of one that knows `TOKENS`. */
  readonly empty: string;
  readonly full: string;
}

function start({ context, site }: Scene, data: string): Promise<HasherProcess> {
  return HasherProcess.start(context.root, { site, data, flags: NO_BUDGETS });
}

/** Seconds until `/readyz` said so, for both, and the memory (bytes) of the one that knows. */
async function restarts(scene: Scene): Promise<{ empty: number[]; full: number[]; memory: number }> {
  const seconds = new Map<string, number[]>([
    [scene.empty, []],
    [scene.full, []],
  ]);
  let memory = 0;
  for (let round = 0; round < scene.context.repeats(ROUNDS); round++)
    for (const data of alternating(round, [scene.empty, scene.full])) {
      const service = await start(scene, data);
      seconds.get(data)?.push(service.startedIn / 1000);
      if (data === scene.full) memory = (await memoryOf(service.pid)).now;
      await service.stop();
    }
  return { empty: seconds.get(scene.empty) ?? [], full: seconds.get(scene.full) ?? [], memory };
}

async function rowsOf(scene: Scene): Promise<BenchRow[]> {
  const { empty, full, memory } = await restarts(scene);
  return [
    baselineRow('from process start until ready, nothing stored', empty, 's'),
    comparedRow(`from process start until ready, ${TOKENS} tokens stored`, full, empty, {
      unit: 's',
      note: 'target: below 2 s',
    }),
    { name: 'memory after it', value: memory / 2 ** 20, unit: 'MiB' },
  ];
}

const benchmark: Benchmark = async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), 'peerfold-restart-'));
  const origin = new InventedOrigin();
  const site = await origin.listen();
  const scene = { context, site, empty: path.join(home, 'empty'), full: path.join(home, 'full') };
  try {
    const service = await start(scene, scene.full);
    await service.learn(Array.from({ length: TOKENS }, (_, i) => `${site}/media/picture-${i}.jpg`));
    await service.stop();
    return { title: 'Hash service: restart', about: ABOUT, rows: await rowsOf(scene) };
  } finally {
    await origin.close();
    await rm(home, { recursive: true, force: true });
  }
};

const ABOUT = `A service is asked about ${TOKENS} URLs and stopped; then services are started on its directory, and on an empty one, in turn. Ready means that \`/readyz\` says so, asked every 2 ms. The directory is in the page cache.`;

export default benchmark;
