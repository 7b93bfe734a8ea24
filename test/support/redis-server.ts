import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { onTestFinished } from 'vitest';

/** `npm test` names the server it found or installed. */
const PROGRAM = process.env['PEERFOLD_REDIS'] ?? 'redis-server';
/** Another program may take a port between our finding it free and Redis using it. */
const ATTEMPTS = 5;

/** Further settings, as in its configuration file. */
export type RedisSettings = Readonly<Record<string, string | number>>;

/** A Redis of one test, on a port and in a directory of its own, which keeps nothing on disk. */
export class RedisServer {
  #child: ChildProcess | undefined;
  #teller: ReturnType<typeof newClient> | undefined;

  private constructor(
    private readonly directory: string,
    readonly port: number,
    private readonly further: RedisSettings,
  ) {}

  /** One that ends with the test. */
  static async start(): Promise<RedisServer> {
    const server = await RedisServer.launch();
    onTestFinished(() => server.remove());
    return server;
  }

  /**
   * One that lives until `remove`. Fails when there is no Redis to be had: a test of several instances is
   * nothing without.
   */
  static async launch(further: RedisSettings = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-'));
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(directory, await freePort(), further);
      try {
        await server.begin();
        return server;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get urls(): string[] {
    return [this.url];
  }

  /** Starts the program, after `end` with nothing in it. */
  async begin(): Promise<void> {
    const settings = { port: this.port, bind: '127.0.0.1', dir: this.directory, save: '', appendonly: 'no' };
    const args = Object.entries({ ...settings, ...this.further }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]);
    const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('error', () => {
        reject(new Error(`${PROGRAM} is needed: install redis-server, or name one with PEERFOLD_REDIS`));
      });
      child.once('exit', (code) => {
        reject(new Error(`${PROGRAM} ended with ${code}`));
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends the program at once, as a power cut would. */
  async end(): Promise<void> {
    if (this.#teller?.isOpen) this.#teller.destroy();
    this.#teller = undefined;
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** From now on it takes what it is sent and answers nothing, until `thaw`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** One command over a connection of its own, which is kept until the program ends. */
  async tell(...command: string[]): Promise<unknown> {
    this.#teller ??= await newClient(this.url).connect();
    return this.#teller.sendCommand(command);
  }

  /** A connection for looking at, and tampering with, what is kept; closed with the test. */
  async client() {
    const client = newClient(this.url);
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client.connect();
  }
}

function newClient(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  return client.on('error', () => undefined);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
