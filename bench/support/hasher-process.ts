import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts } from './ports.js';

/** Between two questions about a URL that is still being hashed (ms): below what is to be told apart. */
const POLL = 2;

/** The built command `peerfold hasher` in a process of its own, so that its memory is its own. */
export class HasherProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly site: string,
    /** Milliseconds from its start until it said that it is ready. */
    readonly startedIn: number,
  ) {}

  static async start(
    root: string,
    { site, data, flags = [] }: { site: string; data: string; flags?: readonly string[] },
  ): Promise<HasherProcess> {
    const [port = 0] = await freePorts(1);
    const cli = path.join(root, 'dist', 'cli.js');
    const common = ['--site', site, '--data', data, '--port', String(port), '--allow-private'];
    const started = performance.now();
    const child = spawn(process.execPath, [cli, 'hasher', ...common, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = `http://127.0.0.1:${port}`;
    await isReady(child, url);
    return new HasherProcess(child, url, site, performance.now() - started);
  }

  /** Asks about one path until there is a token; resolves to it. */
  async token(file: string): Promise<string> {
    const body = JSON.stringify({ site: this.site, urls: [`${this.site}/${file}`] });
    for (;;) {
      const response = await fetch(`${this.url}/v1/digests`, { method: 'POST', body });
      const { answers } = (await response.json()) as { answers: [unknown] };
      if (typeof answers[0] === 'string') return digestOnly(answers[0]);
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Bytes of memory now, and at most so far. */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${this.child.pid ?? 0}/status`, 'utf8');
    const kib = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { now: kib('VmRSS'), peak: kib('VmHWM') };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** Ready means: all that it stored is known. */
async function isReady(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the hash service ended with ${child.exitCode}`);
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

function digestOnly(jws: string): string {
  const header = Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString();
  if (header.includes('digest')) return jws;
  throw new Error(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
}
