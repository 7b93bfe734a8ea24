import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BenchContext, BenchReport, BenchRow, Benchmark } from './report.js';
import { HasherProcess, NO_BUDGETS } from './support/hasher-process.js';
import { memoryOf, type Memory } from './support/memory.js';
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

/**
 * Reads answers and drops them, with the same client as the hash service; for each URL that it is sent it
 * sends back the milliseconds. It stays, as the service does: code that was just loaded is slow.
 */
const DRAIN = `
import { request } from 'undici';
process.on('message', async (url) => {
  const started = performance.now();
  const { body } = await request(url, { headers: { 'accept-encoding': 'identity' } });
  for await (const chunk of body) void chunk;
  process.send(performance.now() - started);
});
`;

type Kind = 'openssl' | 'disk' | 'drain' | 'http';
const KINDS: readonly Kind[] = ['openssl', 'disk', 'drain', 'http'];

interface Scene {
  readonly context: BenchContext;
  readonly files: string;
  readonly origin: string;
  readonly onDisk: HasherProcess;
  readonly overHttp: HasherProcess;
  readonly drain: ChildProcess;
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

async function drained(drain: ChildProcess, url: string): Promise<number> {
  const answer = once(drain, 'message') as Promise<[number]>;
  drain.send(url);
  return (await answer)[0];
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
    case 'drain':
      return drained(scene.drain, `${scene.origin}/${name}`);
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

function growthRow(name: string, [before, after]: readonly [Memory, Memory], note: string): BenchRow {
  return { name, value: (after.peak - before.now) / 2 ** 20, unit: 'MiB', note };
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

const NONE: Memory = { now: NaN, peak: NaN };
/** In the order in which the processes stand in `rowsOf`. */
const GROWTHS = [
  ['memory grown by: hash service, file on disk', 'target 64'],
  ['memory grown by: hash service, over HTTP', 'target 64'],
  ['memory grown by: draining the response', ''],
] as const;

async function rowsOf(scene: Scene, server: StaticOrigin): Promise<BenchRow[]> {
  const processes = [scene.onDisk.pid, scene.overHttp.pid, scene.drain.pid ?? 0];
  const before = await Promise.all(processes.map(memoryOf));
  const { openssl, disk, drain, http } = await speeds(scene);
  const after = await Promise.all(processes.map(memoryOf));
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
    ...GROWTHS.map(([name, note], i) => growthRow(name, [before[i] ?? NONE, after[i] ?? NONE], note)),
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
    HasherProcess.start(context.root, {
      site: origin,
      data: path.join(home, data),
      flags: [...NO_BUDGETS, ...flags],
    });
  const started: HasherProcess[] = [];
  const args = ['--input-type=module', '-e', DRAIN];
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const drain = spawn(process.execPath, args, { cwd: context.root, stdio: [...stdio] });
  try {
    const onDisk = await start('a', ['--root', files]);
    started.push(onDisk);
    const overHttp = await start('b', []);
    started.push(overHttp);
    const rows = await rowsOf({ context, files, origin, onDisk, overHttp, drain }, server);
    return { title: 'Hash service: a file seen for the first time', about: ABOUT, rows };
  } finally {
    drain.kill();
    await Promise.all(started.map((service) => service.stop()));
    await server.close();
    await rm(home, { recursive: true, force: true });
  }
};

const ABOUT =
  'One file of 1 GB, each time under a name that was never asked for, from the first question until the token is there, eligibility and samples included. The file is in the page cache; origin, hash service and client share the machine. Ratios are of throughput, in alternating rounds.';

export default benchmark;
