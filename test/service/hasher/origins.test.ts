import type { LookupAddress } from 'node:dns';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Bench, startOrigin } from './harness.js';

const KIB = 1024;

/** An origin that answers every request with these raw bytes and then does as `after` says. */
async function rawOrigin(bytes: string, after: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => {
      socket.write(bytes, 'latin1');
      after(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('not listening');
  return `http://127.0.0.1:${address.port}`;
}

const end = (socket: Socket): void => {
  socket.end();
};

function benchAt(behind: string, options = {}): Promise<Bench> {
  return Bench.start({ behind, options });
}

describe('an origin that lies or breaks', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n';

  it.each([
    ['sends less than it promised', 'truncated', `${HEAD}content-length: 10\r\n\r\nabc`],
    ['breaks off its chunks', 'truncated', `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`],
    ['marks no end', 'undelimited', `${HEAD}connection: close\r\n\r\nabc`],
    ['says nothing', 'unreachable', ''],
    ['speaks no HTTP', 'unreachable', 'SSH-2.0-OpenSSH_9.2\r\n'],
    [
      'contradicts itself about the length',
      'unreachable',
      `${HEAD}content-length: 3\r\ncontent-length: 4\r\n\r\nabc`,
    ],
    ['promises a negative length', 'unreachable', `${HEAD}content-length: -1\r\n\r\nabc`],
    ['has a head without end', 'unreachable', `${HEAD}x: ${'y'.repeat(20 * KIB)}\r\n\r\n`],
    ['breaks its chunk sizes', 'truncated', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n`],
  ])('%s → %s', async (_name, code, bytes) => {
    const bench = await benchAt(await rawOrigin(bytes, end));
    expect(await bench.codeOf('/a.bin')).toBe(code);
  });

  it('sends more than it promised: only the promised bytes count', async () => {
    const bench = await benchAt(await rawOrigin(`${HEAD}content-length: 3\r\n\r\nabcdef`, end));
    const answer = await bench.ask('/a.bin');
    expect(answer.digest?.len ?? answer.refusal?.code).toBe(3);
  });

  it('is not there', async () => {
    const origin = await startOrigin();
    const { url } = origin;
    await origin.close();
    const bench = await benchAt(url);
    expect(await bench.codeOf('/a.bin')).toBe('unreachable');
  });
});

describe('an origin that takes its time', () => {
  it('is given up when no head comes', async () => {
    const bench = await Bench.start({ options: { originTimeout: 5000 } });
    bench.origin.on('/a.bin', () => undefined);
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(() => {
      expect(bench.origin.requests).toHaveLength(1);
    });
    await bench.clock.advance(5000);
    expect(await asked).toEqual({ pending: 250 });
    expect(await bench.codeOf('/a.bin')).toBe('origin-slow');
    await vi.waitFor(() => {
      expect(bench.origin.connections).toBe(0);
    });
  });

  it('is given up when its body drips', async () => {
    const bench = await Bench.start({ options: { originTimeout: 5000, originMinRate: 1000 } });
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 1_000_000 });
      response.write('x'.repeat(4999));
    });
    await expectGivenUp(bench, 'origin-slow');
  });

  it('is waited for while it keeps the rate', async () => {
    const bench = await Bench.start({ options: { originTimeout: 5000, originMinRate: 1000 } });
    let more: (() => void) | undefined;
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 64 * KIB });
      response.write('x'.repeat(32 * KIB));
      more = () => response.end('x'.repeat(32 * KIB));
    });
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(() => {
      expect(more).toBeDefined();
    });
    await bench.clock.advance(100);
    expect(await asked).toEqual({ pending: 250 });
    await bench.clock.advance(4000);
    more?.();
    expect((await bench.ask('/a.bin')).digest?.len).toBe(64 * KIB);
  });

  async function expectGivenUp(bench: Bench, code: string): Promise<void> {
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(async () => {
      expect(bench.origin.requests).toHaveLength(1);
      await bench.clock.advance(5000);
      expect(await (await bench.get('/metrics')).text()).toContain(`finding="${code}"} 1`);
    });
    await asked;
    expect(await bench.codeOf('/a.bin')).toBe(code);
  }
});

describe('an origin that sends too much', () => {
  it('is refused by what it promises', async () => {
    const bench = await Bench.start({ options: { maxBytes: 1000 } });
    bench.origin.serve('/a.bin', 'x'.repeat(1001));
    bench.origin.serve('/b.bin', 'x'.repeat(1000));
    expect([await bench.codeOf('/a.bin'), await bench.codeOf('/b.bin')]).toEqual(['too-large', 'signed']);
  });

  it('is cut off when it never ends', async () => {
    const bench = await Bench.start({ options: { maxBytes: 500_000 } });
    let sent = 0;
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      const block = Buffer.alloc(16 * KIB);
      const pour = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.byteLength;
      };
      response.on('drain', pour).on('error', () => undefined);
      pour();
    });
    expect(await bench.codeOf('/a.bin')).toBe('too-large');
    expect(sent).toBeLessThan(50_000_000);
    await vi.waitFor(() => {
      expect(bench.origin.connections).toBe(0);
    });
  });
});

describe('private addresses', () => {
  const PRIVATE: LookupAddress = { address: '127.0.0.1', family: 4 };
  const PUBLIC: LookupAddress = { address: '8.8.8.8', family: 4 };

  it.each([
    ['an address literal', (port: number) => `http://127.0.0.1:${port}`],
    ['a decimal literal', (port: number) => `http://2130706433:${port}`],
    ['an octal literal', (port: number) => `http://0177.0.0.1:${port}`],
    ['a mapped literal', (port: number) => `http://[::ffff:127.0.0.1]:${port}`],
    ['localhost', (port: number) => `http://localhost:${port}`],
  ])('are not connected to: %s', async (_name, origin) => {
    const inner = await startOrigin();
    inner.serve('/a.bin', 'secret', { 'access-control-allow-origin': '*' });
    const publicOrigin = new URL(origin(inner.port)).origin;
    const bench = await Bench.start({
      origin: inner,
      options: { origins: [publicOrigin], allowPrivate: false },
    });
    expect(await bench.codeOf(`${publicOrigin}/a.bin`)).toBe('private-address');
    expect(inner.requests).toEqual([]);
  });

  it('are not connected to when a name leads there, alone or among others', async () => {
    const inner = await startOrigin();
    inner.serve('/a.bin', 'secret', { 'access-control-allow-origin': '*' });
    const names = new Map([
      ['inner.example', [PRIVATE]],
      ['mixed.example', [PUBLIC, PRIVATE]],
    ]);
    const origins = Array.from(names.keys(), (name) => `http://${name}:${inner.port}`);
    const bench = await Bench.start({
      origin: inner,
      options: { origins, allowPrivate: false },
      environment: { resolve: (name) => Promise.resolve(names.get(name) ?? []) },
    });
    for (const origin of origins) expect(await bench.codeOf(`${origin}/a.bin`)).toBe('private-address');
    expect(inner.requests).toEqual([]);
  });

  it('are connected to where the operator allows it', async () => {
    const inner = await startOrigin();
    inner.serve('/a.bin', 'open', { 'access-control-allow-origin': '*' });
    const origin = `http://dev.example:${inner.port}`;
    const bench = await Bench.start({
      origin: inner,
      options: { origins: [origin], allowPrivate: true },
      environment: { resolve: () => Promise.resolve([PRIVATE]) },
    });
    expect(await bench.codeOf(`${origin}/a.bin`)).toBe('signed');
    expect(inner.requests[0]?.headers.host).toBe(`dev.example:${inner.port}`);
  });

  it('serve the sites themselves when no origin is named', async () => {
    const inner = await startOrigin();
    inner.serve('/a.bin', 'open');
    const site = inner.url;
    const bench = await Bench.start({
      origin: inner,
      options: { sites: [site], origins: [], allowPrivate: true },
    });
    const response = await bench.post('/v1/digests', { site, urls: [`${site}/a.bin`] }, { origin: site });
    expect(await response.json()).toEqual({ answers: [expect.any(String)] });
    expect(inner.requests).toHaveLength(1);
  });
});
