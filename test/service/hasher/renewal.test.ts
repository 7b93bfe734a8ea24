import { describe, expect, it, vi } from 'vitest';
import type { Handler } from '../../support/test-origin.js';
import { Bench } from './harness.js';

const HOUR = 3600_000;

/** Answers 304 to the right condition, and 200 otherwise. */
function conditional(tag: string, body: string, extra: Record<string, string> = {}): Handler {
  return (request, response) => {
    const headers = { etag: tag, 'cache-control': 'max-age=3600', ...extra };
    if (request.headers['if-none-match'] === tag) response.writeHead(304, headers).end();
    else response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
  };
}

async function signedAndExpired(bench: Bench, path = '/a.bin') {
  const { digest } = await bench.ask(path);
  if (!digest) throw new Error('not signed');
  await bench.clock.advance(HOUR + 1000);
  return digest;
}

describe('after its end a token', () => {
  it('is renewed without a new download when the file is unchanged', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    const before = await signedAndExpired(bench);
    const { digest } = await bench.ask('/a.bin');
    expect(digest).toMatchObject({ root: before.root, len: before.len, iat: before.iat + 3601 });
    expect(digest?.ver).toBeGreaterThan(before.ver);
    expect(digest?.exp).toBe(before.exp + 3601);
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
  });

  it('names the new bytes when the file has changed', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    const before = await signedAndExpired(bench);
    bench.origin.on('/a.bin', conditional('"2"', 'abcd'));
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.root).not.toBe(before.root);
    expect(digest?.len).toBe(4);
  });

  it('is refused when the file became private, even if unchanged', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    await signedAndExpired(bench);
    bench.origin.on('/a.bin', conditional('"1"', 'abc', { 'cache-control': 'private' }));
    expect(await bench.codeOf('/a.bin')).toBe('private');
  });

  it('is refused when "not modified" comes with a cookie', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    await signedAndExpired(bench);
    bench.origin.on('/a.bin', conditional('"1"', 'abc', { 'set-cookie': 'id=1' }));
    expect(await bench.codeOf('/a.bin')).toBe('set-cookie');
  });

  it('is not renewed on a weak tag, which promises no bytes', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('W/"1"', 'abc'));
    await signedAndExpired(bench);
    bench.origin.on('/a.bin', conditional('W/"1"', 'abd'));
    await bench.ask('/a.bin');
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is renewed by date when the file had settled', async () => {
    const bench = await Bench.start();
    const settled = new Date(bench.clock.now() - HOUR).toUTCString();
    bench.origin.serve('/a.bin', 'abc', { 'last-modified': settled });
    bench.origin.serve('/b.bin', 'abc', {
      'last-modified': new Date(bench.clock.now() - 10_000).toUTCString(),
    });
    await bench.ask('/b.bin');
    await signedAndExpired(bench);
    await bench.ask('/a.bin');
    await bench.ask('/b.bin');
    const conditions = (path: string) =>
      bench.origin.seen(path).map(({ headers }) => headers['if-modified-since']);
    expect(conditions('/a.bin')).toEqual([undefined, settled]);
    expect(conditions('/b.bin')).toEqual([undefined, undefined]);
  });

  it('is not renewed by a 304 that speaks of another tag, or that nobody asked for', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    await signedAndExpired(bench);
    bench.origin.on('/a.bin', (request, response) => {
      if (request.headers['if-none-match']) response.writeHead(304, { etag: '"2"' }).end();
      else response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 3 }).end('xyz');
    });
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.len).toBe(3);
    expect(bench.origin.requests).toHaveLength(3);
    bench.origin.on('/b.bin', (_request, response) => response.writeHead(304).end());
    expect(await bench.codeOf('/b.bin')).toBe('redirect');
  });
});

describe('before its end a token', () => {
  it('is renewed in the background while the old one is given out', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    const { jws } = await bench.ask('/a.bin');
    await bench.clock.advance(HOUR - 20_000);
    expect((await bench.ask('/a.bin')).jws).toBe(jws);
    await vi.waitFor(async () => {
      expect((await bench.ask('/a.bin')).jws).not.toBe(jws);
    });
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('outlives an origin that stumbles, which is not asked again at once', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    const { jws } = await bench.ask('/a.bin');
    bench.origin.on('/a.bin', (_request, response) => response.writeHead(503).end());
    await bench.clock.advance(HOUR - 20_000);
    await bench.ask('/a.bin');
    await vi.waitFor(async () => {
      expect(await (await bench.get('/metrics')).text()).toContain('finding="origin-error"} 1');
    });
    expect((await bench.ask('/a.bin')).jws).toBe(jws);
    expect((await bench.ask('/a.bin')).jws).toBe(jws);
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('gives way to a refusal that is the owner’s will', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', conditional('"1"', 'abc'));
    const { digest } = await bench.ask('/a.bin');
    bench.origin.serve('/a.bin', 'abc', { 'cache-control': 'no-store' });
    await bench.clock.advance(HOUR - 20_000);
    await bench.ask('/a.bin');
    await vi.waitFor(async () => {
      expect((await bench.ask('/a.bin')).refusal?.code).toBe('private');
    });
    expect((await bench.ask('/a.bin')).refusal?.ver).toBeGreaterThan(digest?.ver ?? Infinity);
    if (digest) expect((await bench.live(digest)).size).toBe(0);
  });
});

it('an origin that fails is tried again after half a minute', async () => {
  const bench = await Bench.start();
  bench.origin.on('/a.bin', (_request, response) => response.writeHead(500).end());
  expect(await bench.codeOf('/a.bin')).toBe('origin-error');
  bench.origin.serve('/a.bin', 'abc');
  expect(await bench.codeOf('/a.bin')).toBe('origin-error');
  await bench.clock.advance(31_000);
  expect(await bench.codeOf('/a.bin')).toBe('signed');
});

it('versions rise although the clock is set back', async () => {
  const bench = await Bench.start();
  bench.origin.serve('/a.bin', 'abc', { 'cache-control': 'private' });
  const before = await bench.ask('/a.bin');
  await bench.clock.advance(301_000);
  bench.clock.jump(-300_500);
  await bench.clock.advance(300_000);
  bench.origin.serve('/a.bin', 'abc');
  await bench.clock.advance(1000);
  const after = await bench.ask('/a.bin');
  expect(after.digest?.ver).toBeGreaterThan(before.refusal?.ver ?? Infinity);
});
