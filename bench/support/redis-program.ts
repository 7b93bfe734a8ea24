import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from './ports.js';

const PROGRAM = process.env['PEERFOLD_REDIS'] ?? 'redis-server';
/** Between two looks whether it answers (ms). */
const POLL = 20;

/** A Redis in a process of its own that keeps nothing on disk. */
export class RedisProgram {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<RedisProgram> {
    const [port = 0] = await freePorts(1);
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn(PROGRAM, settings, { stdio: 'ignore' });
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new Error(`${PROGRAM} is needed: install it, or name one with PEERFOLD_REDIS`, { cause });
    });
    const redis = new RedisProgram(child, port);
    while (!(await redis.#answers())) await pause(POLL);
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  async #answers(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${this.child.exitCode}`);
    const socket = connect(this.port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isThere;
  }
}
