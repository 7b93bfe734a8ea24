import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BenchContext, BenchReport, BenchRow, Benchmark } from './report.js';
import { HasherProcess } from './support/hasher-process.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { StaticOrigin } from './support/static-origin.js';
import { alternating } from './support/statistics.js';

const run = promisify(execFile);

const LENGTH = 10 ** 9;
const BLOCK = 10 ** 6;
const SMALL = 50_000;
const ROUNDS = 9;
const CROWD = 1000;
const MEGABYTE = 10 ** 6;

/** Reads an answer and drops it, with the same client as the hash service; prints the milliseconds. */
const DRAIN = `
import { request } from 'undici';
const started = performance.now();
const { body } = await request(process.argv[1], { headers: { 'accept-encoding': 'identity' } });
for await (const chunk of body) void chunk;
console.log(performance.now() - started);
`;

type Kind = 'openssl' | 'disk' | 'drain' | 'http';
const KINDS: readonly Kind[] = ['openssl', 'disk', 'drain', 'http'];

interface Scene {
  readonly context: BenchContext;
  readonly files: string;
  readonly origin: string;
  readonly onDisk: HasherProcess;
  readonly overHttp: HasherProcess;
}

async function writeRandom(file: string, length: number): Promise<void> {
  const handle = await open(file, 'w');
  for (let at = 0; at < length; at += BLOCK) await handle.write(randomBytes(Math.min(BLOCK, length - at)));
  await handle.close();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Milliseconds for the whole file. Each name is asked for once, so that nothing is known of it. */
async function measure(scene: Scene, kind: Kind, round: number): Promise<number> {
  const name = `${kind}-${round}.bin`;
  const file = path.join(scene.files, name);
  await link(path.join(scene.files, 'big.bin'), file);
  switch (kind) {
    case 'openssl':
      return timed(() => run('openssl', ['dgst', '-sha256', file]));
    case 'disk':
      return timed(() => scene.onDisk.token(name));
    case 'http':
      return timed(() => scene.overHttp.token(name));
    case 'drain': {
      const args = ['--input-type=module', '-e', DRAIN, `${scene.origin}/${name}`];
      return Number((await run(process.execPath, args, { cwd: scene.context.root })).stdout);
    }
  }
}

async function speeds(scene: Scene): Promise<Record<Kind, number[]>> {
  const found: Record<Kind, number[]> = { openssl: [], disk: [], drain: [], http: [] };
  for (let round = 0; round < scene.context.repeats(ROUNDS); round++) {
    for (const kind of alternating(round, KINDS))
      found[kind].push(LENGTH / MEGABYTE / ((await measure(scene, kind, round)) / 1000));
  }
  return found;
}

async function growthRow(name: string, service: HasherProcess, before: number): Promise<BenchRow> {
  const { peak } = await service.memory();
  return { name, value: (peak - before) / 2 ** 20, unit: 'MiB' };
}

async function crowdRow({ files, overHttp }: Scene, server: StaticOrigin): Promise<BenchRow> {
  await link(path.join(files, 'small.bin'), path.join(files, 'crowd.bin'));
  const before = server.requests;
  await Promise.all(Array.from({ length: CROWD }, () => overHttp.token('crowd.bin')));
  return {
    name: `${CROWD} first questions at once`,
    value: server.requests - before,
    unit: 'origin fetches',
  };
}

async function rowsOf(scene: Scene, server: StaticOrigin): Promise<BenchRow[]> {
  const before = { disk: await scene.onDisk.memory(), http: await scene.overHttp.memory() };
  const { openssl, disk, drain, http } = await speeds(scene);
  const slower = openssl.map((speed, round) => Math.min(speed, drain[round] ?? speed));
  return [
    baselineRow('`openssl dgst -sha256`, same file', openssl, 'MB/s'),
    comparedRow('hash service, file on disk (`--root`)', disk, openssl, {
      unit: 'MB/s',
      note: 'target 0.80',
    }),
    baselineRow('draining the response', drain, 'MB/s'),
    comparedRow('hash service, over HTTP', http, slower, {
      unit: 'MB/s',
      note: 'to the slower of openssl and draining; target 0.80',
    }),
    await growthRow('memory grown by: file on disk', scene.onDisk, before.disk.now),
    await growthRow('memory grown by: over HTTP', scene.overHttp, before.http.now),
    await crowdRow(scene, server),
  ];
}

const benchmark: Benchmark = async (context): Promise<BenchReport> => {
  const home = await mkdtemp(path.join(tmpdir(), 'peerfold-cold-'));
  const files = path.join(home, 'files');
  await mkdir(files);
  await writeRandom(path.join(files, 'big.bin'), LENGTH);
  await writeRandom(path.join(files, 'small.bin'), SMALL);
  const server = new StaticOrigin(files, false);
  const origin = await server.listen();
  const start = (data: string, flags: readonly string[]): Promise<HasherProcess> =>
    HasherProcess.start(context.root, { site: origin, data: path.join(home, data), flags });
  const [onDisk, overHttp] = [await start('a', ['--root', files]), await start('b', [])];
  try {
    const rows = await rowsOf({ context, files, origin, onDisk, overHttp }, server);
    return { title: 'Hash service: a file seen for the first time', about: ABOUT, rows };
  } finally {
    await Promise.all([onDisk.stop(), overHttp.stop()]);
    await server.close();
    await rm(home, { recursive: true, force: true });
  }
};

const ABOUT =
  'One file of 1 GB, each time under a name that was never asked for, from the first question until the token is there, eligibility and samples included. The file is in the page cache; origin, hash service and client share the machine. Ratios are of throughput, in alternating rounds.';

export default benchmark;
