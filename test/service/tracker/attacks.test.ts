import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { createTracker, type Tracker, type TrackerOptions } from '../../../tracker-service/index.js';
import { SITE, SocketVisitor } from './socket-visitor.js';

const root = 'cd'.repeat(16) as RootPrefix;
/** The longest that silence is borne, handshakes and looks included. */
const PATIENCE = 15_000;

let tracker: Tracker;
let url: string;
let operations: string;
const sockets: (WebSocket | Socket)[] = [];

async function start(options: TrackerOptions = {}): Promise<void> {
  tracker = await createTracker({ openSites: [SITE], operationsPort: 0, logLevel: 'silent', ...options });
  const where = await tracker.listen({ port: 0 });
  [url, operations] = [where.url, where.operations ?? ''];
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.on('error', () => undefined).removeAllListeners('close');
  await tracker.close();
});

/** A metric with its labels, as `/metrics` writes it. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${operations}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`peerfold_tracker_${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Opens a socket; resolves with the HTTP status of the answer. */
async function knock(localAddress: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url, 'peerfold.v1', { localAddress, headers });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.once('error', reject);
  });
}

function counted(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('one address with 1,000 sockets', () => {
  it('gets what one address may have, while others come in', async () => {
    await start();
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => knock('127.0.0.2')));
    const { 101: inside = 0, 429: away = 0 } = counted(statuses);
    expect(inside).toBeGreaterThanOrEqual(30);
    expect(inside).toBeLessThanOrEqual(64);
    expect(inside + away).toBe(1_000);
    expect(await knock('127.0.0.3')).toBe(101);
    expect(await metric('addresses')).toBe(2);
    expect(await metric('sockets')).toBe(inside + 1);
    expect(await metric('turned_away_total{limit="address-rate"}')).toBeGreaterThan(0);
  });

  it('gets no more by making up X-Forwarded-For', async () => {
    await start();
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => knock('127.0.0.2', { 'x-forwarded-for': `8.8.${i}.1` })),
    );
    expect(counted(statuses)[101]).toBeLessThanOrEqual(64);
  });

  it('gets no more behind a proxy by what it writes left of itself', async () => {
    await start({ trustedProxies: ['127.0.0.0/8'], socketsPerAddress: 5 });
    const lies = (i: number) =>
      [`1.1.${i}.1, 9.9.9.9`, `127.0.0.1,1.1.1.${i},9.9.9.9`, ', ,9.9.9.9'][i % 3] ?? '';
    const forwarded = Array.from({ length: 60 }, (_, i) =>
      knock('127.0.0.2', { 'x-forwarded-for': lies(i) }),
    );
    expect(counted(await Promise.all(forwarded))).toEqual({ 101: 5, 429: 55 });
    expect(await knock('127.0.0.2', { 'x-forwarded-for': '9.9.9.8' })).toBe(101);
    expect(await metric('addresses')).toBe(2);
  });
});

describe('sockets that never say', () => {
  it(
    'hello, a header, or anything at all are closed',
    async () => {
      await start();
      const visitor = await SocketVisitor.connect(url);
      const port = Number(new URL(url).port);
      const opening = ['', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: x\r\nX-Long: '];
      const silent = opening.map((text) => {
        const socket = connect(port, '127.0.0.1').on('error', () => undefined);
        socket.write(text);
        return once(socket.resume(), 'close');
      });
      expect(await visitor.closed).toBe(4408);
      await Promise.all(silent);
      expect(await metric('sockets')).toBe(0);
      expect(await metric('ends_total{reason="no-hello"}')).toBe(1);
    },
    PATIENCE,
  );
});

describe('sockets that are turned away', () => {
  it('cannot stay by keeping their half open', async () => {
    await start();
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket.resume(), 'end');
    await tracker.close();
    socket.destroy();
  });
});

describe('a reader that never reads', () => {
  const SLOW = 'ends_total{reason="slow-reader"}';

  it(
    'is cut off before its answers fill the memory, and nobody else is',
    async () => {
      await start({ messagesPerSecond: 1_000_000 });
      const [holder, reader] = [await SocketVisitor.join(url), await SocketVisitor.join(url)];
      holder.say({ t: 'have', seq: 1, add: [root], del: [] });
      await holder.next('ok');
      await found(reader);
      reader.socket.pause();
      while ((await metric(SLOW)) === 0) {
        for (let i = 0; i < 1_000; i++) reader.say({ t: 'want', q: 1, roots: [root], k: 1, live: 0 });
        await vi.waitFor(() => {
          expect(reader.socket.bufferedAmount).toBeLessThan(100_000);
        }, PATIENCE);
      }
      expect(await metric(SLOW)).toBe(1);
      await vi.waitFor(async () => {
        expect(await metric('sockets')).toBe(1);
      }, PATIENCE);
      holder.say({ t: 'have', seq: 7, add: [], del: [] });
      expect(await holder.next('ok')).toEqual({ t: 'ok', seq: 7 });
    },
    4 * PATIENCE,
  );

  /** Resolves when the tracker has shown somebody for the root. */
  async function found(asker: SocketVisitor): Promise<void> {
    asker.say({ t: 'want', q: 1, roots: [root], k: 1, live: 60 });
    while ((await asker.next('peers')).peers.length === 0);
  }
});
