import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf } from './memory.js';
import { freePorts } from './ports.js';
import { processOf } from './processes.js';
import { rivalFolder, TRACKER_RIVAL } from './rivals.js';
import type { TrackerHasher } from './tracker-hasher.js';

/** Ours, the rival, and a relay that does nothing else. */
export type ServerKind = 'peerfold' | 'bittorrent' | 'bare';

/** One machine plays all visitors, each faster than any: limits on how fast one may go are out of the way. */
export const NO_PACE: readonly string[] = [
  ...['--messages-per-second', '100000', '--introductions-per-minute', '1000000'],
  ...['--offers-per-second', '100000', '--signal-targets-per-minute', '100000'],
];

/** Lets another process ask for the collection of garbage, so that memory is of what is kept. */
const COLLECTABLE = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc()})'];
/** Until garbage is collected (ms), with a heap of some hundred MB. */
const COLLECTION = 1500;
/** Between two looks whether a server answers (ms). */
const POLL = 20;

export interface ServerOptions {
  readonly root: string;
  readonly hasher: TrackerHasher;
  /** Flags of our tracker. */
  readonly flags?: readonly string[];
  /** Takes a port that is known, to start again where a server was. */
  readonly port?: number;
}

/** A server in a process of its own, so that its processor time and its memory are its own. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** Resolves to nothing when the rival is not to be had. */
  static async start(kind: ServerKind, options: ServerOptions): Promise<ServerProcess | undefined> {
    const port = options.port ?? (await freePorts(1))[0] ?? 0;
    const command = await commandOf(kind, port, options);
    if (!command) return undefined;
    const child = spawn(process.execPath, [...COLLECTABLE, ...command], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const server = new ServerProcess(child, port);
    await server.#answers();
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Seconds of processor time so far, of all its threads. */
  async cpuTime(): Promise<number> {
    return (await processOf(this.pid)).cpuTime;
  }

  /** Bytes in memory, after collecting garbage. */
  async memory(): Promise<number> {
    this.child.kill('SIGUSR2');
    await pause(COLLECTION);
    return (await memoryOf(this.pid)).now;
  }

  /** Ends it; with `SIGKILL`, as a power cut would. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }

  /** Whatever the answer to a plain request is, it is one. */
  async #answers(): Promise<void> {
    const address = `http://127.0.0.1:${this.port}/`;
    while (!(await fetch(address).catch(() => undefined))) {
      if (this.child.exitCode !== null) throw new Error(`the server ended with ${this.child.exitCode}`);
      await pause(POLL);
    }
  }
}

/** Where programs are compiled to that run in processes of their own. */
export function programPath(root: string, name: string): string {
  return path.join(root, 'dist/bench/programs', `${name}.js`);
}

async function commandOf(
  kind: ServerKind,
  port: number,
  { root, hasher, flags = [] }: ServerOptions,
): Promise<readonly string[] | undefined> {
  if (kind === 'bare') return [programPath(root, 'tracker-bare'), String(port)];
  if (kind === 'bittorrent') {
    const folder = await rivalFolder(root, TRACKER_RIVAL);
    return folder === undefined ? undefined : [programPath(root, 'tracker-rival'), String(port), folder];
  }
  const where = ['--port', String(port), '--operations-port', 'none', '--hasher', hasher.url];
  return [path.join(root, 'dist/cli.js'), 'tracker', ...where, '--hasher-token', 'bench', ...flags];
}
