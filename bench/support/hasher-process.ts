import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { freePorts } from './ports.js';

/** Between two questions about a URL that is still being hashed (ms): below what is to be told apart. */
const POLL = 2;
/** URLs in one question. */
const AT_ONCE = 100;

/** One client asks here for all visitors: limits that are above what any machine does. */
export const NO_BUDGETS: readonly string[] = [
  ...['--requests-per-second', '100000', '--cold-fetches-per-minute', '1000000'],
  ...['--origin-fetches-per-second', '100000', '--origin-bytes-per-second', '100000000000'],
];

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

  /** Asks about URLs until there is a statement about each. */
  async learn(urls: readonly string[]): Promise<void> {
    for (let at = 0; at < urls.length; at += AT_ONCE)
      await this.ask(JSON.stringify({ site: this.site, urls: urls.slice(at, at + AT_ONCE) }));
  }

  /** Asks one question until nothing in the answer is pending. */
  async ask(question: string): Promise<string> {
    for (;;) {
      const response = await fetch(`${this.url}/v1/digests`, { method: 'POST', body: question });
      const answer = await response.text();
      if (response.status !== 200) throw new Error(`status ${response.status}: ${answer}`);
      if (!answer.includes('pending')) return answer;
    }
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
