import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { piecesRoot } from '../../support/bep52.js';
import { seededRandom } from '../../support/random.js';
import { limitWatches } from '../../support/watches.js';
import type { Handler, TestOrigin } from '../../support/test-origin.js';
import { Bench, SITE, startOrigin, temporaryDirectory } from './harness.js';

const MIB = 1024 * 1024;
const HOUR = 3600_000;
const FILM_LENGTH = 3 * MIB + 1234;
const random = seededRandom(3);
const FILM = Uint8Array.from({ length: FILM_LENGTH }, () => Math.floor(random() * 256));

interface Film {
  readonly bytes?: Uint8Array;
  readonly etag?: string;
  readonly ranges?: boolean;
  /** Whether If-Match is heeded. */
  readonly conditions?: boolean;
  readonly headers?: Record<string, string>;
}

/** Serves a film as a common web server does: HEAD, ranges, preconditions. */
function serveFilm(origin: TestOrigin, path: string, film: Film = {}): void {
  origin.on(path, (request, response) => {
    answerFilm(film, request, response);
  });
}

function answerFilm(
  { bytes = FILM, etag, ranges = true, conditions = true, headers = {} }: Film,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const common = {
    'cache-control': 'max-age=3600',
    'content-type': 'application/octet-stream',
    ...(etag === undefined ? {} : { etag }),
    ...headers,
  };
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (conditions && request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag) {
    response.writeHead(412).end();
  } else if (range && ranges) {
    const [start, end] = [Number(range[1]), Number(range[2]) + 1];
    const part = bytes.subarray(start, end);
    const contentRange = `bytes ${start}-${end - 1}/${bytes.byteLength}`;
    response.writeHead(206, { ...common, 'content-range': contentRange, 'content-length': part.byteLength });
    response.end(part);
  } else {
    response.writeHead(200, { ...common, 'content-length': bytes.byteLength });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }
}

/** Whole bodies that were asked for. */
function wholes(origin: TestOrigin, path: string): number {
  return origin.seen(path).filter(({ method, headers }) => method === 'GET' && !headers.range).length;
}

const filmRoot = piecesRoot(FILM);

const other = (): Uint8Array => FILM.map((byte, at) => (at % 1000 === 7 ? byte ^ 1 : byte));

describe('an upstream', () => {
  async function benchBehind(edge: Film | undefined, upstream: Film | undefined) {
    const inner = await startOrigin();
    const bench = await Bench.start({ options: { origins: [`${SITE}=${inner.url}`] } });
    if (edge) serveFilm(bench.origin, '/film.bin', edge);
    if (upstream) serveFilm(inner, '/film.bin', upstream);
    return { bench, inner };
  }

  it('supplies the bytes when length and strong ETag agree', async () => {
    const { bench, inner } = await benchBehind({ etag: '"1"' }, { etag: '"1"' });
    expect((await bench.ask('/film.bin')).digest?.root).toBe(filmRoot);
    expect(wholes(inner, '/film.bin')).toBe(1);
    expect(bench.origin.requests).toHaveLength(1);
  });

  it.each<[string, Film, Film]>([
    ['without ETags', {}, {}],
    ['with weak ETags', { etag: 'W/"1"' }, { etag: 'W/"1"' }],
    ['with different ETags', { etag: '"edge"' }, { etag: '"inner"' }],
  ])('supplies the bytes when samples agree: %s', async (_name, edge, upstream) => {
    const { bench, inner } = await benchBehind(edge, upstream);
    expect((await bench.ask('/film.bin')).digest?.root).toBe(filmRoot);
    expect(wholes(inner, '/film.bin')).toBe(1);
    expect(wholes(bench.origin, '/film.bin')).toBe(1);
    expect(bench.origin.seen('/film.bin').length).toBeGreaterThan(4);
  });

  it.each<[string, Film, Film | undefined]>([
    ['has other bytes', {}, { bytes: other() }],
    ['has another length', {}, { bytes: FILM.subarray(1) }],
    ['has another length under the same ETag', { etag: '"1"' }, { bytes: FILM.subarray(1), etag: '"1"' }],
    ['serves no ranges', {}, { ranges: false }],
    ['has no such file', {}, undefined],
    ['compresses', {}, { headers: { 'content-encoding': 'gzip' } }],
  ])('does not when it %s: the public origin does', async (_name, edge, upstream) => {
    const { bench, inner } = await benchBehind(edge, upstream);
    expect((await bench.ask('/film.bin')).digest?.root).toBe(filmRoot);
    expect(wholes(inner, '/film.bin')).toBe(0);
  });

  it('does not when the public origin serves no ranges to compare', async () => {
    const { bench, inner } = await benchBehind({ ranges: false }, {});
    expect((await bench.ask('/film.bin')).digest?.root).toBe(filmRoot);
    expect(wholes(inner, '/film.bin')).toBe(0);
  });

  it('does not when it cannot be reached', async () => {
    const inner = await startOrigin();
    const bench = await Bench.start({ options: { origins: [`${SITE}=${inner.url}`] } });
    await inner.close();
    serveFilm(bench.origin, '/film.bin');
    expect((await bench.ask('/film.bin')).digest?.root).toBe(filmRoot);
  });

  it.each<[string, number, Record<string, string>]>([
    ['guarded', 401, {}],
    ['guarded', 403, {}],
    ['guarded', 451, {}],
    ['redirect', 302, { location: '/login' }],
    ['set-cookie', 200, { 'set-cookie': 'a=b', 'cache-control': 'max-age=60' }],
    ['private', 200, { 'cache-control': 'private, max-age=60' }],
    ['vary', 200, { vary: 'cookie', 'cache-control': 'max-age=60' }],
    ['missing', 404, {}],
  ])('more open than the edge changes nothing: %s (%i)', async (code, status, headers) => {
    const { bench, inner } = await benchBehind(undefined, { etag: '"1"' });
    bench.origin.on('/film.bin', (_request, response) => {
      response.writeHead(status, { etag: '"1"', 'content-length': FILM_LENGTH, ...headers });
      response.end(FILM);
    });
    expect(await bench.codeOf('/film.bin')).toBe(code);
    expect(inner.requests).toEqual([]);
  });

  it('that changes between the comparison and the reading is given up', async () => {
    const { bench, inner } = await benchBehind({ etag: '"1"' }, undefined);
    inner.on('/film.bin', (request, response) => {
      const isHead = request.method === 'HEAD';
      answerFilm(isHead ? { etag: '"1"' } : { etag: '"2"', bytes: other() }, request, response);
    });
    expect(await bench.codeOf('/film.bin')).toBe('changed');
  });
});

describe('a directory', () => {
  async function benchWith(content: Uint8Array | undefined, film: Film = {}) {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'sub'));
    if (content) await writeFile(join(directory, 'sub', 'film.bin'), content);
    const bench = await Bench.start({ options: { roots: [directory] } });
    serveFilm(bench.origin, '/sub/film.bin', film);
    return { bench, directory };
  }

  it('supplies the bytes when samples agree', async () => {
    const { bench } = await benchWith(FILM);
    expect((await bench.ask('/sub/film.bin')).digest?.root).toBe(filmRoot);
    expect(wholes(bench.origin, '/sub/film.bin')).toBe(1);
    expect(bench.origin.seen('/sub/film.bin').length).toBeGreaterThan(4);
  });

  it.each<[string, Uint8Array | undefined]>([
    ['other bytes', other()],
    ['a shorter file', FILM.subarray(1)],
    ['no such file', undefined],
  ])('does not when it holds %s', async (_name, content) => {
    const { bench } = await benchWith(content);
    expect((await bench.ask('/sub/film.bin')).digest?.root).toBe(filmRoot);
  });

  it('gives out nothing that the public origin does not', async () => {
    const { bench } = await benchWith(FILM);
    bench.origin.on('/sub/film.bin', (_request, response) => response.writeHead(403).end());
    expect(await bench.codeOf('/sub/film.bin')).toBe('guarded');
  });
});

describe('a connection that drops', () => {
  /** Sends half of what is asked for and hangs up, the first `times` times. */
  function breakOff(origin: TestOrigin, film: Film, times: number): Handler {
    let left = times;
    const handler: Handler = (request, response) => {
      if (left-- <= 0) {
        answerFilm(film, request, response);
        return;
      }
      const half: ServerResponse['end'] = (body?: unknown) => {
        const bytes = body instanceof Uint8Array ? body : new Uint8Array();
        response.write(bytes.subarray(0, bytes.byteLength / 2), () => response.destroy());
        return response;
      };
      response.end = half;
      answerFilm(film, request, response);
    };
    origin.on('/film.bin', handler);
    return handler;
  }

  /** Time passes ten times as fast as it does, so that pauses end and time-outs do not. */
  async function askWhileTimePasses(bench: Bench): Promise<string> {
    let found: string | undefined;
    const asking = bench.codeOrRoot('/film.bin').then((result) => {
      found = result;
    });
    await vi.waitFor(
      async () => {
        await bench.clock.advance(50);
        expect(found).toBeDefined();
      },
      { interval: 5, timeout: 10_000 },
    );
    await asking;
    return found ?? '';
  }

  it.each([1, 2, 5])('%i times is gone on with under the same strong ETag', async (times) => {
    const bench = await Bench.start();
    breakOff(bench.origin, { etag: '"1"' }, times);
    expect(await askWhileTimePasses(bench)).toBe(filmRoot);
    expect(wholes(bench.origin, '/film.bin')).toBe(1);
    const resumed = bench.origin.seen('/film.bin').slice(1);
    expect(resumed).toHaveLength(times);
    for (const { headers } of resumed) expect(headers['if-match']).toBe('"1"');
  });

  it('is gone on with under the same old Last-Modified', async () => {
    const bench = await Bench.start();
    const modified = new Date(bench.clock.now() - 3600_000).toUTCString();
    breakOff(bench.origin, { headers: { 'last-modified': modified } }, 1);
    expect(await askWhileTimePasses(bench)).toBe(filmRoot);
    expect(bench.origin.requests.at(-1)?.headers['if-unmodified-since']).toBe(modified);
  });

  it.each<[string, Film]>([
    ['no validator', {}],
    ['a weak ETag', { etag: 'W/"1"' }],
    ['a Last-Modified of a moment ago', { headers: { 'last-modified': new Date().toUTCString() } }],
    ['no ranges', { etag: '"1"', ranges: false }],
  ])('is not gone on with when there is %s', async (_name, film) => {
    const bench = await Bench.start();
    breakOff(bench.origin, film, 1);
    expect(await askWhileTimePasses(bench)).toBe('truncated');
  });

  it.each<[string, Film, string]>([
    ['another file by now', { etag: '"2"', bytes: other() }, 'changed'],
    ['another file, unasked', { etag: '"2"', bytes: other(), conditions: false }, 'truncated'],
    ['a file of another length under the same ETag', { etag: '"1"', bytes: FILM.subarray(1) }, 'truncated'],
  ])('is not gone on with into %s', async (_name, next, code) => {
    const bench = await Bench.start();
    const broken = breakOff(bench.origin, { etag: '"1"' }, 1);
    bench.origin.on('/film.bin', (request, response) => {
      if (request.headers.range) answerFilm(next, request, response);
      else broken(request, response);
    });
    expect(await askWhileTimePasses(bench)).toBe(code);
  });

  it('again and again without a byte more is given up', async () => {
    const bench = await Bench.start();
    let isFirst = true;
    bench.origin.on('/film.bin', (request, response) => {
      if (isFirst) {
        response.writeHead(200, {
          etag: '"1"',
          'cache-control': 'max-age=60',
          'content-length': FILM_LENGTH,
        });
        response.write(FILM.subarray(0, 1000), () => response.destroy());
      } else request.socket.destroy();
      isFirst = false;
    });
    expect(await askWhileTimePasses(bench)).toBe('truncated');
    expect(bench.origin.seen('/film.bin').length).toBeLessThan(6);
  });
});

describe('a file on disk that changes', () => {
  it('is looked at again at once, long before its freshness ends', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'ü 1%.bin'), FILM);
    const bench = await Bench.start({ options: { roots: [directory] } });
    const path = '/%C3%BC%201%25.bin';
    serveFilm(bench.origin, path);
    const before = (await bench.ask(path)).digest;
    const next = other();
    serveFilm(bench.origin, path, { bytes: next });
    await vi.waitFor(
      async () => {
        // The watch may still be taking its first look: a file that changes once more is seen then.
        await writeFile(join(directory, 'ü 1%.bin'), next);
        await bench.clock.advance(200);
        expect(await bench.codeOrRoot(path)).toBe(piecesRoot(next));
      },
      { timeout: 10_000, interval: 50 },
    );
    const after = (await bench.ask(path)).digest;
    expect(after?.ver).toBeGreaterThan(before?.ver ?? Infinity);
  });

  it('is looked at again when its freshness ends, where the system gives no more watches', async () => {
    const refused = limitWatches(0);
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'film.bin'), FILM);
    const bench = await Bench.start({ options: { roots: [directory] } });
    await vi.waitFor(() => {
      expect(refused()).toBeGreaterThan(0);
    });
    serveFilm(bench.origin, '/film.bin');
    const before = (await bench.ask('/film.bin')).digest;
    expect(before?.root).toBe(filmRoot);
    expect((before?.exp ?? Infinity) * 1000).toBeLessThanOrEqual(bench.clock.now() + HOUR);
    const next = other();
    serveFilm(bench.origin, '/film.bin', { bytes: next });
    await writeFile(join(directory, 'film.bin'), next);
    await bench.clock.advance(HOUR);
    const after = (await bench.ask('/film.bin')).digest;
    expect(after?.root).toBe(piecesRoot(next));
    expect(wholes(bench.origin, '/film.bin')).toBe(2);
  });

  it('that nobody asked about is not', async () => {
    const directory = await temporaryDirectory();
    const bench = await Bench.start({ options: { roots: [directory] } });
    await writeFile(join(directory, 'new.bin'), FILM);
    await bench.hasher.close();
    expect(bench.origin.requests).toEqual([]);
  });
});
