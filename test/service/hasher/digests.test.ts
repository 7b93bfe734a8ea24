import { describe, expect, it, vi } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.js';
import { VerifiedLayer, hashWhole } from '../../../src/core/merkle.js';
import { pieceLengthFor } from '../../../src/core/pieces.js';
import type { ByteLength, PieceIndex } from '../../../src/core/brands.js';
import type { TestOrigin } from '../../support/test-origin.js';
import { seededBytes } from '../../support/random.js';
import { sha256 } from '../../support/sha256.js';
import { Bench, SITE, asSite } from './harness.js';

const KIB = 1024;
const PICTURE = seededBytes(1)(200 * KIB);

async function rootOf(bytes: Bytes): Promise<string> {
  const length = bytes.byteLength as ByteLength;
  return (await hashWhole(sha256, { length, piece: pieceLengthFor(length) }, bytes)).root;
}

/** A path that answers only when told to. */
function serveLate(origin: TestOrigin, path: string): () => void {
  const waiting: (() => void)[] = [];
  origin.on(path, (_request, response) => {
    waiting.push(() => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '3' }).end('abc');
    });
  });
  return () => {
    for (const answer of waiting.splice(0)) answer();
  };
}

describe('a file that anybody may have', () => {
  it('gets a token for its exact bytes, and a layer that its pieces verify against', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.jpg', PICTURE, {
      'content-type': 'image/jpeg',
      etag: '"1"',
      'x-internal': 'no',
    });
    const { digest } = await bench.ask('/a.jpg');
    expect(digest).toMatchObject({
      aud: SITE,
      sub: `${SITE}/a.jpg`,
      root: await rootOf(PICTURE),
      len: PICTURE.byteLength,
      piece: 64 * KIB,
      hdr: { 'content-type': 'image/jpeg', etag: '"1"', 'cache-control': 'max-age=3600' },
      iat: bench.clock.now() / 1000,
      exp: bench.clock.now() / 1000 + 3600,
      epoch: 0,
    });
    expect(Object.keys(digest?.hdr ?? {})).toHaveLength(3);
    if (!digest) return;
    const response = await bench.get(`/v1/layers/${digest.root}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const cut = { length: digest.len, piece: digest.piece };
    const layer = await VerifiedLayer.check(
      sha256,
      digest.root,
      cut,
      new Uint8Array(await response.arrayBuffer()),
    );
    const third = PICTURE.slice(128 * KIB, 192 * KIB);
    expect(await layer?.matches(sha256, 2 as PieceIndex, third)).toBe(true);
  });

  it('is fetched as an anonymous visitor of the site would', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', PICTURE);
    await bench.ask('/a.bin');
    expect(bench.origin.requests).toHaveLength(1);
    const { method, headers } = bench.origin.requests[0] ?? { method: '', headers: {} };
    expect(method).toBe('GET');
    expect(headers).toEqual({
      host: new URL(SITE).host,
      connection: 'keep-alive',
      accept: '*/*',
      'accept-encoding': 'identity',
      origin: SITE,
      'user-agent': 'peerfold-hasher',
    });
  });

  it.each([1, 16 * KIB, 64 * KIB, 64 * KIB + 1])('may be %i bytes long', async (length) => {
    const bench = await Bench.start();
    const bytes = PICTURE.slice(0, length);
    bench.origin.serve('/a.bin', bytes);
    const { digest } = await bench.ask('/a.bin');
    expect([digest?.len, digest?.root]).toEqual([length, await rootOf(bytes)]);
  });

  it('may come in chunks without a length', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      for (let at = 0; at < PICTURE.byteLength; at += 7000) response.write(PICTURE.subarray(at, at + 7000));
      response.end();
    });
    expect((await bench.ask('/a.bin')).digest?.root).toBe(await rootOf(PICTURE));
  });

  it('lives no longer than a day', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', PICTURE, { 'cache-control': 'max-age=31536000, immutable' });
    const { digest } = await bench.ask('/a.bin');
    expect((digest?.exp ?? 0) - (digest?.iat ?? 0)).toBe(24 * 3600);
  });

  it('is fetched once for 200 visitors who ask at once', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', PICTURE);
    const answers = await Promise.all(Array.from({ length: 200 }, () => bench.ask('/a.bin')));
    expect(new Set(answers.map(({ jws }) => jws)).size).toBe(1);
    expect(bench.origin.requests).toHaveLength(1);
  });

  it('is looked at for each site by itself', async () => {
    const other = asSite('https://other.example');
    const bench = await Bench.start({ options: { sites: [SITE, other] } });
    bench.origin.serve('/a.bin', PICTURE, { 'access-control-allow-origin': SITE });
    expect((await bench.ask('/a.bin')).digest).toBeDefined();
    expect((await bench.ask('/a.bin', other)).refusal?.code).toBe('cors');
    expect(bench.origin.requests.map(({ headers }) => headers.origin)).toEqual([SITE, other]);
    bench.origin.serve('/b.bin', PICTURE, { 'access-control-allow-origin': '*' });
    expect((await bench.ask('/b.bin')).digest?.aud).toBe(SITE);
    expect((await bench.ask('/b.bin', other)).digest?.aud).toBe(other);
  });
});

describe('a look-up that takes long', () => {
  it('answers "pending" after 100 ms and with the token later', async () => {
    const bench = await Bench.start();
    const release = serveLate(bench.origin, '/slow.bin');
    bench.origin.serve('/fast.bin', 'x');
    await bench.ask('/fast.bin');
    const asked = bench.askAll([`${SITE}/slow.bin`, `${SITE}/fast.bin`]);
    await vi.waitFor(() => {
      expect(bench.origin.seen('/slow.bin')).toHaveLength(1);
    });
    await bench.clock.advance(100);
    const [slow, fast] = await asked;
    expect(slow).toEqual({ pending: 250 });
    expect(fast).toEqual(expect.any(String));
    release();
    expect((await bench.ask('/slow.bin')).digest?.len).toBe(3);
    expect(bench.origin.seen('/slow.bin')).toHaveLength(1);
  });

  it('asks to come back later when too many wait', async () => {
    const bench = await Bench.start({
      options: { originConcurrency: 1, coldFetchesPerMinute: 2000, originFetchesPerSecond: 1000 },
    });
    const batches = Array.from({ length: 11 }, (_, batch) =>
      Array.from({ length: 100 }, (_, i) => `${SITE}/${batch}/${i}`),
    );
    for (const url of batches.flat()) serveLate(bench.origin, new URL(url).pathname);
    const asked = batches.map((urls) => bench.askAll(urls));
    await vi.waitFor(async () => {
      expect(await (await bench.get('/metrics')).text()).toContain('fetches_waiting 1000');
    });
    await bench.clock.advance(100);
    const answers = (await Promise.all(asked)).flat();
    expect(answers).toHaveLength(1100);
    expect(answers.every((answer) => typeof answer === 'object' && answer.pending === 5000)).toBe(true);
    expect(bench.origin.requests.length).toBe(1);
  });
});

describe('refusals', () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['set-cookie', { 'set-cookie': 'id=1' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['private', { 'cache-control': 'no-store' }],
    ['vary', { vary: 'Cookie' }],
    ['encoded', { 'content-encoding': 'gzip' }],
    ['stale', { 'cache-control': 'public' }],
    ['playlist', { 'content-type': 'application/vnd.apple.mpegurl' }],
  ];
  it.each(cases)('are signed: %s for %j', async (code, headers) => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', PICTURE, headers);
    const { refusal } = await bench.ask('/a.bin');
    expect(refusal?.code).toBe(code);
    expect(refusal?.why).toMatch(/^[A-Z].+\.$/);
  });

  it('name an empty file with and without a length', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', '');
    bench.origin.on('/b.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'transfer-encoding': 'chunked' }).end();
    });
    expect([await bench.codeOf('/a.bin'), await bench.codeOf('/b.bin')]).toEqual(['empty', 'empty']);
  });

  it.each(['/elsewhere', 'http://169.254.169.254/latest/meta-data/', '//127.0.0.1:1/'])(
    'name redirects, which are not followed: %s',
    async (location) => {
      const bench = await Bench.start();
      bench.origin.on('/a.bin', (_request, response) => response.writeHead(302, { location }).end());
      expect(await bench.codeOf('/a.bin')).toBe('redirect');
      expect(bench.origin.requests).toHaveLength(1);
    },
  );

  it('stand for a while and are looked at again', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', PICTURE, { 'set-cookie': 'id=1' });
    const first = await bench.ask('/a.bin');
    bench.origin.serve('/a.bin', PICTURE);
    await bench.clock.advance(299_000);
    expect((await bench.ask('/a.bin')).jws).toBe(first.jws);
    await bench.clock.advance(2000);
    const second = await bench.ask('/a.bin');
    expect(second.digest?.ver).toBeGreaterThan(first.refusal?.ver ?? Infinity);
  });

  it('need no request where the URL tells enough', async () => {
    const bench = await Bench.start();
    const codes = new Map<string, string>([
      [`${SITE}/live.m3u8`, 'playlist'],
      [`${SITE}/a.jpg?X-Amz-Signature=1`, 'tokenised-url'],
      [`${SITE}/a.jpg?v=1`, 'query'],
      [`${SITE}/a.jpg?`, 'query'],
      ['https://elsewhere.example/a.jpg', 'foreign-origin'],
      ['http://www.example.com/a.jpg', 'foreign-origin'],
      ['https://www.example.com:8443/a.jpg', 'foreign-origin'],
      ['http://127.0.0.1/', 'foreign-origin'],
    ]);
    for (const [url, code] of codes) expect([url, await bench.codeOf(url)]).toEqual([url, code]);
    expect(bench.origin.requests).toEqual([]);
  });

  it('name URLs whose headers do not fit into a token', async () => {
    const bench = await Bench.start();
    const long = 'x'.repeat(1000);
    const names = ['etag', 'access-control-expose-headers', 'timing-allow-origin', 'content-disposition'];
    const headers = Object.fromEntries(names.map((name) => [name, long]));
    const path = `/${'a'.repeat(3500)}`;
    bench.origin.serve(path, PICTURE, headers);
    expect(await bench.codeOf(path)).toBe('headers-too-long');
  });
});

describe('images that differ by Accept', () => {
  const isBrowser = (accept: string | undefined) => accept?.includes('avif') === true;

  it('are refused when the type differs', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a', (request, response) => {
      const type = isBrowser(request.headers.accept) ? 'image/avif' : 'image/jpeg';
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-type': type, 'content-length': 3 });
      response.end('abc');
    });
    expect(await bench.codeOf('/a')).toBe('negotiated');
  });

  it('are refused when the entity tag differs', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a', (request, response) => {
      const etag = isBrowser(request.headers.accept) ? '"1"' : '"2"';
      const headers = {
        'cache-control': 'max-age=60',
        'content-type': 'image/jpeg',
        'content-length': 3,
        etag,
      };
      response.writeHead(200, headers).end('abc');
    });
    expect(await bench.codeOf('/a')).toBe('negotiated');
  });

  it('are refused when only the bytes differ', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a', (request, response) => {
      const headers = { 'cache-control': 'max-age=60', 'content-type': 'image/jpeg', 'content-length': 3 };
      response.writeHead(200, headers).end(isBrowser(request.headers.accept) ? 'abc' : 'abd');
    });
    expect(await bench.codeOf('/a')).toBe('negotiated');
  });

  it('are refused for what only browsers get', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a', (request, response) => {
      const headers = { 'cache-control': 'max-age=60', 'content-type': 'image/jpeg', 'content-length': 3 };
      const cookie = isBrowser(request.headers.accept) ? { 'set-cookie': 'id=1' } : {};
      response.writeHead(200, { ...headers, ...cookie }).end('abc');
    });
    expect(await bench.codeOf('/a')).toBe('set-cookie');
  });

  it('are told from those that do not by one cheap request', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a', PICTURE, { 'content-type': 'image/jpeg', etag: '"1"' });
    expect(await bench.codeOf('/a')).toBe('signed');
    expect(bench.origin.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
  });

  it('are compared byte by byte when the origin gives no strong tag or knows no HEAD', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a', PICTURE, { 'content-type': 'image/jpeg', etag: 'W/"1"' });
    expect(await bench.codeOf('/a')).toBe('signed');
    bench.origin.on('/b', (request, response) => {
      if (request.method === 'HEAD') response.socket?.destroy();
      else response.writeHead(200, { 'cache-control': 'max-age=60', 'content-type': 'image/png' }).end('abc');
    });
    expect(await bench.codeOf('/b')).toBe('signed');
    expect(bench.origin.requests.map(({ method }) => method)).toEqual([
      'GET',
      'HEAD',
      'GET',
      'GET',
      'HEAD',
      'GET',
    ]);
  });
});
