import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'undici';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { HasherProcess, NO_BUDGETS } from './support/hasher-process.js';
import { InventedOrigin } from './support/invented-origin.js';
import { freePorts } from './support/ports.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { alternating, median, pairedRatios } from './support/statistics.js';

const ROUNDS = 30;
/** Rounds before the first that counts: code is compiled, connections are made. */
const WARM_UP = 5;
const SLICE = 500;
const CONNECTIONS = 16;
const KNOWN_URLS = 1000;
/** Different questions of the kind that is never the same. */
const VARIETY = 400;
/** Of `/proc/<pid>/stat`: where user and system time stand behind the name, and their unit. */
const [USER_TIME, SYSTEM_TIME, TICKS_PER_SECOND] = [11, 12, 100];

/** What is compared with: parses the text of a request, and sends a constant. */
const BARE = `
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
const [port, file] = process.argv.slice(1);
const body = readFileSync(file, 'utf8');
const app = Fastify();
app.post('/v1/digests', (request, reply) => {
  reply.type('application/json; charset=utf-8').send(body);
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
`;

/** One server, and what it is asked. */
interface Contestant {
  readonly url: string;
  readonly pid: number;
}

interface Contest {
  readonly name: string;
  readonly questions: readonly string[];
  readonly bare: Contestant;
  readonly hasher: Contestant;
}

interface Slice {
  readonly perSecond: number;
  /** Microseconds of processor time for one request. */
  readonly cpu: number;
}

async function cpuTime({ pid }: Contestant): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) / TICKS_PER_SECOND;
}

/** Asks as fast as the answers come, for one slice of time. */
async function slice(contestant: Contestant, questions: readonly string[], pool: Pool): Promise<Slice> {
  const [cpuBefore, started] = [await cpuTime(contestant), performance.now()];
  let count = 0;
  const ask = async (): Promise<void> => {
    while (performance.now() - started < SLICE) {
      const question = questions[count++ % questions.length] ?? '';
      const headers = { 'content-type': 'text/plain' };
      const { statusCode, body } = await pool.request({
        path: '/v1/digests',
        method: 'POST',
        headers,
        body: question,
      });
      if (statusCode !== 200) throw new Error(`status ${statusCode}: ${await body.text()}`);
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  const seconds = (performance.now() - started) / 1000;
  return {
    perSecond: count / seconds,
    cpu: (((await cpuTime(contestant)) - cpuBefore) * 1e6) / count,
  };
}

async function compete(
  { questions, bare, hasher }: Contest,
  context: BenchContext,
): Promise<[Slice[], Slice[]]> {
  const found = new Map<Contestant, Slice[]>([
    [bare, []],
    [hasher, []],
  ]);
  const pools = new Map([bare, hasher].map((one) => [one, new Pool(one.url, { connections: CONNECTIONS })]));
  for (let round = -WARM_UP; round < context.repeats(ROUNDS); round++) {
    for (const [contestant, pool] of alternating(round + WARM_UP, [...pools])) {
      const result = await slice(contestant, questions, pool);
      if (round >= 0) found.get(contestant)?.push(result);
    }
  }
  for (const pool of pools.values()) await pool.close();
  return [found.get(bare) ?? [], found.get(hasher) ?? []];
}

async function rowsOf(contest: Contest, context: BenchContext): Promise<BenchRow[]> {
  const [bare, own] = await compete(contest, context);
  const speed = (slices: readonly Slice[]) => slices.map(({ perSecond }) => perSecond);
  const cpu = (slices: readonly Slice[]) => slices.map((one) => one.cpu);
  const cost = median(pairedRatios(cpu(own), cpu(bare))).toFixed(2);
  const unit = 'requests/s';
  return [
    baselineRow(`bare route, as many bytes as ${contest.name}`, speed(bare), unit),
    comparedRow(contest.name, speed(own), speed(bare), {
      unit,
      note: `target 0.70; processor time for a request ${cost} of the bare route's`,
    }),
  ];
}

class BareServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly contestant: Contestant,
  ) {}

  static async start(root: string, file: string): Promise<BareServer> {
    const [port = 0] = await freePorts(1);
    const args = ['--input-type=module', '-e', BARE, String(port), file];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    const url = `http://127.0.0.1:${port}`;
    while (!(await fetch(url).catch(() => undefined))) {
      if (child.exitCode !== null) throw new Error(`the bare server ended with ${child.exitCode}`);
    }
    return new BareServer(child, { url, pid: child.pid ?? 0 });
  }

  stop(): void {
    this.child.kill();
  }
}

const QUESTIONS: readonly (readonly [name: string, urls: number, variety: number])[] = [
  ['1 token', 1, 1],
  ['50 tokens, the same question again', 50, 1],
  ['50 tokens, each time others', 50, VARIETY],
];

async function measure(context: BenchContext, home: string, site: string): Promise<BenchRow[]> {
  const service = await HasherProcess.start(context.root, {
    site,
    data: path.join(home, 'data'),
    flags: NO_BUDGETS,
  });
  const urls = Array.from({ length: KNOWN_URLS }, (_, i) => `${site}/media/gallery/picture-${1000 + i}.jpg`);
  const rows: BenchRow[] = [];
  try {
    await service.learn(urls);
    for (const [name, count, variety] of QUESTIONS) {
      // Steps that have no common divisor with the number of URLs meet each of them.
      const pick = (question: number) =>
        Array.from({ length: count }, (_, i) => urls[(question * 7 + i * 13) % urls.length]);
      const questions = Array.from({ length: variety }, (_, i) => JSON.stringify({ site, urls: pick(i) }));
      const file = path.join(home, `answer-${count}.json`);
      await writeFile(file, await service.ask(questions[0] ?? ''));
      const bare = await BareServer.start(context.root, file);
      const hasher = { url: service.url, pid: service.pid };
      rows.push(...(await rowsOf({ name, questions, bare: bare.contestant, hasher }, context)));
      bare.stop();
    }
    return rows;
  } finally {
    await service.stop();
  }
}

const benchmark: Benchmark = async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), 'peerfold-warm-'));
  const origin = new InventedOrigin();
  const site = await origin.listen();
  try {
    return {
      title: 'Hash service: warm digests',
      about:
        `Questions about URLs that have tokens, over ${CONNECTIONS} connections, in slices of ${SLICE} ms in turn with a bare ` +
        'Fastify route that reads the same requests and sends a constant text as long as the answer. Each server is a ' +
        'process, the client (undici) a third. The client takes a processor of its own, so requests per second flatter ' +
        'the slower server; processor time does not.',
      rows: await measure(context, home, site),
    };
  } finally {
    await origin.close();
    await rm(home, { recursive: true, force: true });
  }
};

export default benchmark;
