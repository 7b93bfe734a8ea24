import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { Bench, SITE } from './harness.js';

/** What a closing service has done so far. */
function closing(bench: Bench): { readonly done: Promise<void>; isDone: () => boolean } {
  let isDone = false;
  const done = bench.hasher.close().then(() => {
    isDone = true;
  });
  return { done, isDone: () => isDone };
}

/** Moves the clock on in steps, as time passes, until `done`. */
async function pass(bench: Bench, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 50) {
    await bench.clock.advance(50);
    await settle();
  }
}

describe('a service that is stopped', () => {
  it('says so first, and serves until balancers have noticed', async () => {
    const bench = await Bench.start({ options: { drainMs: 5000 } });
    bench.origin.serve('/a.bin', 'abc');
    const { done, isDone } = closing(bench);
    await bench.clock.advance(4999);
    const ready = await bench.get('/readyz');
    expect([ready.status, await ready.json()]).toMatchObject([503, { error: { code: 'stopping' } }]);
    expect((await bench.ask('/a.bin')).digest).toBeDefined();
    expect(isDone()).toBe(false);
    await bench.clock.advance(1);
    await pass(bench, 100);
    await done;
    await expect(bench.get('/healthz')).rejects.toThrow('fetch failed');
    expect(bench.clock.pending).toBe(0);
  });

  it('finishes what is under way, takes no more, and drops what it fetches', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' }).write('it goes on');
    });
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(() => {
      expect(bench.origin.seen('/a.bin')).toHaveLength(1);
    });
    const { done, isDone } = closing(bench);
    await settle();
    await expect(bench.get('/healthz')).rejects.toThrow('fetch failed');
    expect(isDone()).toBe(false);
    await pass(bench, 200);
    expect(await asked).toEqual({ pending: 250 });
    await done;
    await vi.waitFor(() => {
      expect(bench.origin.connections).toBe(0);
    });
    expect(bench.clock.pending).toBe(0);
  });

  it('does not wait for connections that nobody has used', async () => {
    const bench = await Bench.start();
    const accepted = once(bench.hasher.app.server, 'connection');
    await bench.connect();
    await accepted;
    await bench.hasher.close();
  });

  it('cuts off in the end who does not finish', async () => {
    const bench = await Bench.start({ options: { shutdownMs: 3000, requestTimeoutMs: 600_000 } });
    const socket = await bench.connect();
    const begun = once(bench.hasher.app.server, 'request');
    socket.write(
      'POST /v1/digests HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n{',
    );
    const closed = once(socket, 'close');
    await begun;
    const { done, isDone } = closing(bench);
    await pass(bench, 2900);
    expect(isDone()).toBe(false);
    await pass(bench, 200);
    await done;
    await closed;
  });

  it('answers 503 on a connection where a request comes too late', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', () => undefined);
    const body = JSON.stringify({ site: SITE, urls: [`${SITE}/a.bin`] });
    const socket = await bench.connect();
    const text: string[] = [];
    socket.on('data', (chunk: Buffer) => text.push(chunk.toString()));
    const ended = once(socket, 'close');
    socket.write(
      `POST /v1/digests HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await vi.waitFor(() => {
      expect(bench.origin.seen('/a.bin')).toHaveLength(1);
    });
    const { done } = closing(bench);
    await settle();
    socket.write('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n');
    await settle();
    await pass(bench, 300);
    await ended;
    await done;
    expect(text.join('')).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 503 [^]*"stopping"/);
  });
});
