import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bench, SITE } from './harness.js';

/** Short, so that the test is; what is tested is that they end at all. */
const TIMES = { requestTimeoutMs: 200, idleTimeoutMs: 300 };

const HEAD = 'POST /v1/digests HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n';

describe('a client that is slow', () => {
  it.each([
    ['with its headers', HEAD],
    ['with its body', `${HEAD}Content-Length: 1000\r\n\r\n{"site":`],
    ['with everything', ''],
  ])('%s is cut off', async (_with, begun) => {
    const bench = await Bench.start({ options: TIMES });
    const socket = await bench.connect();
    socket.write(begun);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it.each([
    ['headers', 'POST /v1/digests HTTP/1.1\r\nHost: h\r\nX-Slow: '],
    ['body', `${HEAD}Content-Length: 100000\r\n\r\n`],
  ])('with its %s, byte by byte, is cut off too', async (_slow, begun) => {
    const bench = await Bench.start({ options: { ...TIMES, idleTimeoutMs: 60_000 } });
    const socket = await bench.connect();
    socket.resume().write(begun);
    const drip = setInterval(() => socket.write('x'), 20);
    onTestFinished(() => {
      clearInterval(drip);
    });
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('to read is cut off, and nobody else waits for it', async () => {
    // Longer, so that the connection of the first question is still there for the second one.
    const bench = await Bench.start({ options: { idleTimeoutMs: 3000 } });
    bench.origin.serve('/a.bin', 'abc');
    await bench.ask('/a.bin');
    const body = JSON.stringify({ site: SITE, urls: Array(100).fill(`${SITE}/a.bin`) });
    const accepted = once(bench.hasher.app.server, 'connection');
    const socket = await bench.connect();
    const [served] = (await accepted) as [Socket];
    socket.pause();
    // Some 30 MB of answers, far beyond what the system takes off our hands.
    socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(400));
    expect((await bench.ask('/a.bin')).digest).toBeDefined();
    if (!served.destroyed) await new Promise((resolve) => served.once('close', resolve));
    expect(served.bytesWritten).toBeLessThan(20 * 2 ** 20);
  });
});
