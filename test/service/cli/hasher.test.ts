import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BuiltCommand, type Run } from '../../support/built-command.js';
import { TestOrigin } from '../../support/test-origin.js';

const ADDRESS = /^peerfold hasher ready at (http:\/\/127\.0\.0\.1:\d+)$/;

let command: BuiltCommand;

beforeAll(async () => {
  command = await BuiltCommand.build();
});
afterEach(() => command.stop());
afterAll(() => command.remove());

interface Started {
  readonly run: Run;
  readonly url: string;
  readonly origin: TestOrigin;
  readonly ask: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

async function start(...flags: string[]): Promise<Started> {
  const origin = await TestOrigin.start();
  onTestFinished(() => origin.close());
  const data = `data-${origin.port}`;
  const run = command.start([
    'hasher',
    ...['--site', origin.url, '--allow-private', '--port', '0', '--data', data, ...flags],
  ]);
  const url = ADDRESS.exec(await run.ready)?.[1] ?? '';
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/digests`, {
      method: 'POST',
      body: JSON.stringify({ site: origin.url, urls: [origin.url + path] }),
      headers,
    });
  return { run, url, origin, ask };
}

/** Asks for what takes the origin for ever. */
async function askInVain({ origin, ask }: Started): Promise<{ readonly answer: Promise<Response> }> {
  origin.on('/endless.bin', (_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60' }).write('it goes on');
  });
  const answer = ask('/endless.bin');
  await vi.waitFor(() => {
    expect(origin.seen('/endless.bin')).not.toHaveLength(0);
  });
  return { answer };
}

describe('the hash service as a process', () => {
  it('ends with 0 when asked to, whatever the origin does, and answers who still waits', async () => {
    // Two seconds are waited for it.
    const started = await start('--live', '/endless.bin');
    const { answer } = await askInVain(started);
    started.run.child.kill('SIGTERM');
    expect(await (await answer).json()).toEqual({ answers: [{ pending: 250 }] });
    expect(await started.run.exit).toBe(0);
    expect(started.run.errors).toEqual([]);
  });

  it('says that it is not ready before it stops to serve', async () => {
    const { run, url } = await start('--drain-ms', '600000');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    run.child.kill('SIGTERM');
    await vi.waitFor(async () => {
      expect((await fetch(`${url}/readyz`)).status).toBe(503);
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    // Who asks twice means it.
    run.child.kill('SIGTERM');
    expect(await run.exit).toBeNull();
  });

  it('cuts off who does not finish', async () => {
    const { run, url } = await start('--shutdown-ms', '100');
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    await once(socket, 'connect');
    socket
      .resume()
      .write(
        'POST /v1/digests HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nContent-Type: text/plain\r\n\r\n{',
      );
    // What was sent before this question is there when it is answered.
    await fetch(`${url}/healthz`);
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    await closed;
  });

  it('logs to standard error, without addresses and query strings', async () => {
    const { run, origin, ask } = await start(
      '--log-level',
      'debug',
      '--keep-query',
      '/a.bin?name',
      '--trusted-proxy',
      '127.0.0.1',
    );
    origin.serve('/a.bin?name=secret-1', 'abc');
    for (const path of ['/a.bin?name=secret-1', '/b.bin?X-Amz-Signature=secret-2', '/c.bin?name=secret-3']) {
      await ask(path, { 'x-forwarded-for': '192.0.2.77' });
    }
    await vi.waitFor(() => {
      expect(run.errors.join('\n')).toContain('/a.bin?…');
    });
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(run.lines).toHaveLength(1);
    for (const line of run.errors) expect(JSON.parse(line)).toMatchObject({ name: 'peerfold-hasher' });
    expect(run.errors.join('\n')).not.toMatch(/secret|192\.0\.2\.77/);
  });

  it('says which option is wrong, and where it was given', async () => {
    const run = command.start(
      [
        'hasher',
        '--site',
        'https://www.example.com',
        '--live',
        'live',
        '--drain-ms',
        'soon',
        '--cold-fetches-per-minute',
        '0',
      ],
      { PEERFOLD_HASHER_ORIGIN_BYTES_PER_SECOND: '1' },
    );
    expect(await run.exit).toBe(2);
    const said = run.errors.join('\n');
    expect(said).toContain('--live: "live" is not a pattern of URLs such as /live/*');
    expect(said).toMatch(/--drain-ms: .*expected number/);
    expect(said).toMatch(/--cold-fetches-per-minute: Too small: expected number to be >=1/);
    expect(said).toMatch(/PEERFOLD_HASHER_ORIGIN_BYTES_PER_SECOND: Too small/);
  });
});
