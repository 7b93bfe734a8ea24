import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const packageFolder = resolve(import.meta.dirname, '../../..');
let folder: string;
let cli: string;
const running = new Map<ChildProcess, Promise<unknown>>();

/** The command as it is built, in a folder that finds the package's dependencies and pages. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerfold-cli-'));
  for (const name of ['node_modules', 'demo-site']) {
    await symlink(join(packageFolder, name), join(folder, name));
  }
  await writeFile(join(folder, 'package.json'), '{"version":"9.9.9","type":"module"}');
  cli = join(folder, 'dist', 'cli.js');
  await build({
    entryPoints: [join(packageFolder, 'src/cli/main.ts')],
    outfile: cli,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
});
afterEach(async () => {
  for (const [child, exit] of running) {
    child.kill('SIGKILL');
    await exit;
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  /** The first line of standard output. */
  readonly ready: Promise<string>;
  readonly exit: Promise<number | null>;
}

function start(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  const out = createInterface({ input: child.stdout });
  out.on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const exit = new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => {
      running.delete(child);
      done(code);
    });
  });
  running.set(child, exit);
  const ready = Promise.race([
    once(out, 'line').then(([line]) => String(line)),
    exit.then(() => Promise.reject(new Error(errors.join('\n')))),
  ]);
  ready.catch(() => undefined);
  return { child, lines, errors, ready, exit };
}

async function occupied(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function freePorts(count: number): Promise<string[]> {
  const servers = await Promise.all(Array.from({ length: count }, occupied));
  const ports = servers.map((server) => String(portOf(server)));
  for (const server of servers) server.close();
  return ports;
}

describe('the built command', () => {
  it('knows its version and refuses unknown flags', async () => {
    expect(await start(['--version']).ready).toBe('9.9.9');
    const wrong = start(['tracker', '--nonsense']);
    expect(await wrong.exit).toBe(2);
    expect(wrong.errors.join('\n')).toMatch(/nonsense/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('runs a hasher and a tracker until %s', async (signal) => {
    const token = 'a token of sufficient length';
    const hasher = start(['hasher', '--site', 'http://localhost:8080', '--port', '0', '--data', 'h'], {
      PEERFOLD_HASHER_ROOTS_TOKEN: token,
    });
    const hasherUrl =
      /^peerfold hasher ready at (http:\/\/127\.0\.0\.1:\d+)$/.exec(await hasher.ready)?.[1] ?? '';
    const keys: unknown = await (await fetch(`${hasherUrl}/.well-known/jwks.json`)).json();
    expect(keys).toMatchObject({ keys: [{ kty: 'OKP' }] });
    await writeFile(join(folder, 'tracker.json'), JSON.stringify({ hasher: hasherUrl, port: 1 }));
    const tracker = start(['tracker', '--config', 'tracker.json', '--port', '0'], {
      PEERFOLD_TRACKER_HASHER_TOKEN: token,
    });
    const address =
      /^peerfold tracker ready at (ws:\/\/127\.0\.0\.1:\d+)$/.exec(await tracker.ready)?.[1] ?? '';
    expect((await fetch(`${address.replace('ws', 'http')}/readyz`)).status).toBe(200);
    const socket = new WebSocket(address, 'peerfold.v1');
    await once(socket, 'open');
    tracker.child.kill(signal);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1001);
    hasher.child.kill(signal);
    expect([await tracker.exit, await hasher.exit]).toEqual([0, 0]);
    expect([tracker.lines.length, hasher.lines.length]).toEqual([1, 1]);
    expect(tracker.errors).toEqual([]);
  });

  it('names a taken port and how to choose another', async () => {
    const taken = await occupied();
    const port = String(portOf(taken));
    const hasher = start(['hasher', '--site', 'http://localhost', '--port', port, '--data', 'taken']);
    const tracker = start(['tracker', '--hasher', 'http://localhost:1'], { PEERFOLD_TRACKER_PORT: port });
    expect([await hasher.exit, await tracker.exit]).toEqual([1, 1]);
    expect(hasher.errors).toContain(
      `peerfold: port ${port} is taken: choose another with --port or PEERFOLD_HASHER_PORT`,
    );
    expect(tracker.errors).toEqual([
      `peerfold: port ${port} is taken: choose another with --port or PEERFOLD_TRACKER_PORT`,
    ]);
    taken.close();
  });

  it('makes and lists keys, readable for their owner only', async () => {
    expect(await start(['keys', 'list', '--data', 'k']).ready).toMatch(/no keys in k/);
    const made = start(['keys', 'new', '--data', 'k', '--alg', 'ES256']);
    expect(await made.exit).toBe(0);
    const [kid = ''] = (made.lines[0] ?? '').trim().split(' ');
    expect(await start(['keys', 'list', '--data', 'k']).ready).toContain(`${kid}  ES256, made `);
    expect((await stat(join(folder, 'k', 'keys', `${kid}.json`))).mode & 0o777).toBe(0o600);
  });

  it('runs the demo: site, hash service and tracker that know each other', async () => {
    const [site = '', hasher = '', tracker = ''] = await freePorts(3);
    const demo = start(['demo', '--site-port', site, '--data', 'demo'], {
      PEERFOLD_HASHER_PORT: hasher,
      PEERFOLD_TRACKER_PORT: tracker,
    });
    expect(await demo.ready).toBe(`peerfold demo ready at http://localhost:${site}`);
    const worker = await (await fetch(`http://localhost:${site}/peerfold-sw.js`)).text();
    expect(worker).toContain(`http://localhost:${hasher}`);
    expect(worker).toContain(`ws://localhost:${tracker}`);
    expect((await fetch(`http://localhost:${hasher}/readyz`)).status).toBe(200);
    expect((await fetch(`http://localhost:${tracker}/readyz`)).status).toBe(200);
    demo.child.kill('SIGINT');
    expect(await demo.exit).toBe(0);
  });

  it('ends what it started when one part of the demo cannot start', async () => {
    const taken = await occupied();
    const [hasher = '', tracker = ''] = await freePorts(2);
    const ports = ['--site-port', String(portOf(taken)), '--hasher-port', hasher, '--tracker-port', tracker];
    const demo = start(['demo', '--data', 'demo2', ...ports]);
    expect(await demo.exit).toBe(1);
    expect(demo.errors).toContain(
      `peerfold: port ${portOf(taken)} is taken: choose another with --site-port or PEERFOLD_SITE_PORT`,
    );
    taken.close();
  });
});
