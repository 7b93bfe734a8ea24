import { once } from 'node:events';
import { rename, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { BuiltCommand } from '../../support/built-command.js';

let command: BuiltCommand;

beforeAll(async () => {
  command = await BuiltCommand.build();
});
afterEach(() => command.stop());
afterAll(() => command.remove());

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
    expect(await command.start(['--version']).ready).toBe('9.9.9');
    const wrong = command.start(['tracker', '--nonsense']);
    expect(await wrong.exit).toBe(2);
    expect(wrong.errors.join('\n')).toMatch(/nonsense/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('runs a hasher and a tracker until %s', async (signal) => {
    const token = 'a token of sufficient length';
    const hasher = command.start(
      ['hasher', '--site', 'http://localhost:8080', '--port', '0', '--data', 'h'],
      {
        PEERFOLD_HASHER_ROOTS_TOKEN: token,
      },
    );
    const hasherUrl =
      /^peerfold hasher ready at (http:\/\/127\.0\.0\.1:\d+)$/.exec(await hasher.ready)?.[1] ?? '';
    const keys: unknown = await (await fetch(`${hasherUrl}/v1/jwks.json`)).json();
    expect(keys).toMatchObject({ keys: [{ kty: 'OKP' }] });
    await writeFile(join(command.folder, 'tracker.json'), JSON.stringify({ hasher: hasherUrl, port: 1 }));
    const tracker = command.start(['tracker', '--config', 'tracker.json', '--port', '0'], {
      PEERFOLD_TRACKER_HASHER_TOKEN: token,
      PEERFOLD_TRACKER_OPERATIONS_PORT: '0',
    });
    const [, address = '', operations = ''] =
      /^peerfold tracker ready at (ws:\/\/127\.0\.0\.1:\d+), operations at (http:\/\/127\.0\.0\.1:\d+)$/.exec(
        await tracker.ready,
      ) ?? [];
    expect((await fetch(`${operations}/readyz`)).status).toBe(200);
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
    const hasher = command.start(['hasher', '--site', 'http://localhost', '--port', port, '--data', 'taken']);
    const tracker = command.start(['tracker', '--hasher', 'http://localhost:1'], {
      PEERFOLD_TRACKER_PORT: port,
      PEERFOLD_TRACKER_OPERATIONS_PORT: '0',
    });
    const second = command.start(['tracker', '--hasher', 'http://localhost:1', '--port', '0'], {
      PEERFOLD_TRACKER_OPERATIONS_PORT: port,
    });
    expect(await second.exit).toBe(1);
    expect(second.errors).toEqual([
      `peerfold: port ${port} is taken: choose another with --operations-port or PEERFOLD_TRACKER_OPERATIONS_PORT`,
    ]);
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
    expect(await command.start(['keys', 'list', '--data', 'k']).ready).toMatch(/no keys in k/);
    const made = command.start(['keys', 'new', '--data', 'k', '--alg', 'ES256']);
    expect(await made.exit).toBe(0);
    const [kid = ''] = (made.lines[0] ?? '').trim().split(' ');
    expect(await command.start(['keys', 'list', '--data', 'k']).ready).toContain(`${kid}  ES256, signs`);
    expect((await stat(join(command.folder, 'k', 'keys', `${kid}.json`))).mode & 0o777).toBe(0o600);
  });

  it('runs the demo: site, hash service and tracker that know each other', async () => {
    const [site = '', hasher = '', tracker = ''] = await freePorts(3);
    const demo = command.start(['demo', '--site-port', site, '--data', 'demo'], {
      PEERFOLD_HASHER_PORT: hasher,
      PEERFOLD_TRACKER_PORT: tracker,
    });
    expect(await demo.ready).toBe(`peerfold demo ready at http://localhost:${site}`);
    const worker = await (await fetch(`http://localhost:${site}/peerfold-sw.js`)).text();
    expect(worker).toContain(`http://localhost:${hasher}`);
    expect(worker).toContain(`ws://localhost:${tracker}`);
    // The second visitor's site is the same one under another name, and the hash service speaks for both.
    const second = `http://127.0.0.1:${site}`;
    expect(worker).toContain(second);
    expect(demo.lines.join('\n')).toContain(`choose 127.0.0.1:${site} there`);
    const body = JSON.stringify({ site: second, urls: [`${second}/media/images/index.json`] });
    const asked = await fetch(`http://localhost:${hasher}/v1/digests`, { method: 'POST', body });
    expect(asked.status).toBe(200);
    const page = await (await fetch(`${second}/gallery.html`)).text();
    expect(page).toContain(`data-beacons="http://localhost:${hasher}"`);
    expect((await fetch(`http://localhost:${hasher}/readyz`)).status).toBe(200);
    expect((await fetch(`http://localhost:${tracker}/healthz`)).status).toBe(200);
    demo.child.kill('SIGINT');
    expect(await demo.exit).toBe(0);
  });

  it('ends what it started when one part of the demo cannot start', async () => {
    const taken = await occupied();
    const [hasher = '', tracker = ''] = await freePorts(2);
    const ports = ['--site-port', String(portOf(taken)), '--hasher-port', hasher, '--tracker-port', tracker];
    const demo = command.start(['demo', '--data', 'demo2', ...ports]);
    expect(await demo.exit).toBe(1);
    expect(demo.errors).toContain(
      `peerfold: port ${portOf(taken)} is taken: choose another with --site-port or PEERFOLD_SITE_PORT`,
    );
    taken.close();
  });

  it('says where the demo is when its pages are not there, as in the package', async () => {
    const pages = join(command.folder, 'demo-site');
    await rename(pages, `${pages}-elsewhere`);
    onTestFinished(() => rename(`${pages}-elsewhere`, pages));
    const demo = command.start(['demo', '--data', 'demo3']);
    expect(await demo.exit).toBe(1);
    expect(demo.errors).toEqual([
      expect.stringContaining('clone the source, and there: npm ci && npm start'),
    ]);
    await expect(stat(join(command.folder, 'demo3'))).rejects.toThrow('ENOENT');
  });
});
