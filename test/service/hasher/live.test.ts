import { describe, expect, it, vi } from 'vitest';
import { parseDigestsResponse } from '../../../src/protocol/hasher.js';
import { purge } from './asks.js';
import { Bench, SITE } from './harness.js';

const SEGMENT = '/live/7.m4s';

/** A path that answers only when told to. */
function serveLate(bench: Bench, path: string): () => void {
  const waiting: (() => void)[] = [];
  bench.origin.on(path, (_request, response) => {
    waiting.push(() => {
      response.writeHead(200, { 'cache-control': 'max-age=6', 'content-length': '3' }).end('abc');
    });
  });
  return () => {
    for (const answer of waiting.splice(0)) answer();
  };
}

function start(options: { originConcurrency?: number } = {}): Promise<Bench> {
  return Bench.start({ options: { live: ['/live/*'], ...options } });
}

/** Asks, and resolves when the origin was asked; the answer is not waited for. */
async function asked(bench: Bench, path: string) {
  const answer = bench.askOnce(path);
  let isThere = false;
  void answer.then(() => (isThere = true));
  await vi.waitFor(() => {
    expect(bench.origin.seen(path)).toHaveLength(1);
  });
  return { answer, isThere: () => isThere };
}

describe('a live segment', () => {
  it('is signed in the answer to the first question, after one look', async () => {
    const bench = await start();
    const release = serveLate(bench, SEGMENT);
    const { answer, isThere } = await asked(bench, SEGMENT);
    await bench.clock.advance(1900);
    expect(isThere()).toBe(false);
    release();
    const { digest } = await answer;
    expect(digest).toMatchObject({ sub: SITE + SEGMENT, len: 3 });
    expect(bench.origin.requests).toHaveLength(1);
  });

  it('is waited for no longer than two seconds', async () => {
    const bench = await start();
    const release = serveLate(bench, SEGMENT);
    const { answer } = await asked(bench, SEGMENT);
    await bench.clock.advance(2000);
    expect(await answer).toEqual({ pending: 250 });
    release();
    expect((await bench.ask(SEGMENT)).digest?.len).toBe(3);
  });

  it.each([2, 40])('does not wait behind files that take long, %d at a time', async (originConcurrency) => {
    const bench = await start({ originConcurrency });
    const films = Array.from({ length: 50 }, (_, i) => `/film/${i}.mp4`);
    for (const film of films) serveLate(bench, film);
    bench.origin.serve(SEGMENT, 'abc');
    const pending = bench.askAll(films.map((film) => SITE + film));
    await vi.waitFor(() => {
      expect(bench.origin.requests).toHaveLength(originConcurrency);
    });
    await bench.clock.advance(100);
    await pending;
    // The clock stands still: nothing but the segment's own look is waited for.
    expect((await bench.askOnce(SEGMENT)).digest?.len).toBe(3);
    expect(bench.origin.requests).toHaveLength(originConcurrency + 1);
  });

  it('is the only thing that a mixed question waits for', async () => {
    const bench = await start();
    const release = serveLate(bench, SEGMENT);
    serveLate(bench, '/film.mp4');
    const response = bench.post('/v1/digests', { site: SITE, urls: [`${SITE}/film.mp4`, SITE + SEGMENT] });
    await vi.waitFor(() => {
      expect(bench.origin.requests).toHaveLength(2);
    });
    await bench.clock.advance(150);
    release();
    const [film, segment] = parseDigestsResponse(await (await response).json(), 2)?.answers ?? [];
    expect(film).toEqual({ pending: 250 });
    expect(segment).toEqual(expect.any(String));
  });

  it('is not worth another token that was purged while it was waited for', async () => {
    const bench = await start();
    bench.origin.serve('/a.bin', 'abc');
    await bench.ask('/a.bin');
    const release = serveLate(bench, SEGMENT);
    const response = bench.post('/v1/digests', { site: SITE, urls: [`${SITE}/a.bin`, SITE + SEGMENT] });
    await vi.waitFor(() => {
      expect(bench.origin.seen(SEGMENT)).toHaveLength(1);
    });
    expect((await purge(bench, { urls: [`${SITE}/a.bin`] })).status).toBe(200);
    release();
    const [purged, segment] = parseDigestsResponse(await (await response).json(), 2)?.answers ?? [];
    expect([purged, segment]).toEqual([{ pending: 250 }, expect.any(String)]);
  });

  it('that was asked for too early is looked at again after two seconds, another file after a minute', async () => {
    const bench = await start();
    expect((await bench.ask(SEGMENT)).refusal?.code).toBe('missing');
    expect((await bench.ask('/film.mp4')).refusal?.code).toBe('missing');
    bench.origin.serve(SEGMENT, 'abc');
    bench.origin.serve('/film.mp4', 'abc');
    await bench.clock.advance(2000);
    expect((await bench.ask(SEGMENT)).digest?.len).toBe(3);
    expect((await bench.ask('/film.mp4')).refusal?.code).toBe('missing');
    await bench.clock.advance(58_000);
    expect((await bench.ask('/film.mp4')).digest?.len).toBe(3);
  });

  it('costs its address as any other URL', async () => {
    const bench = await Bench.start({ options: { live: ['/live/*'], coldFetchesPerMinute: 1 } });
    await bench.ask('/live/1.m4s');
    expect(await bench.askOnce('/live/2.m4s')).toEqual({ pending: 60_000 });
  });
});
