import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { seededBytes } from '../../support/random.js';
import { Bench, SITE } from './harness.js';

const KIB = 1024;

/** Bytes in use once everything that can be forgotten is. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

async function counted(bench: Bench, name: string): Promise<number> {
  const text = await (await bench.get('/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`peerfold_hasher_${name}`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** What the origin was asked about, however often. */
function lookedAt(bench: Bench): Set<string> {
  return new Set(bench.origin.requests.map(({ path }) => path));
}

describe('1,000 clients that ask for 1,000 new URLs each', () => {
  const CLIENTS = 1000;
  const QUESTIONS = 10;
  const URLS = 100;
  const AT_ONCE = 100;
  const newUrls = (folder: string) => Array.from({ length: URLS }, (_, i) => `${SITE}/${folder}/${i}`);

  it(
    'get no more looks than the budget has, cost no memory, and are in nobody’s way',
    { timeout: 120_000 },
    async () => {
      const bench = await Bench.start({
        options: { trustedProxies: ['127.0.0.1'], coldFetchesPerMinute: 10, originFetchesPerSecond: 20 },
      });
      bench.origin.serve('/warm.bin', 'abc');
      const { jws } = await bench.ask('/warm.bin');
      const ask = async (client: number, urls: readonly string[]) => {
        const { statusCode, body } = await bench.hasher.app.inject({
          method: 'POST',
          url: '/v1/digests',
          headers: {
            'content-type': 'text/plain',
            'x-forwarded-for': `10.1.${Math.floor(client / 250)}.${client % 250}`,
          },
          payload: JSON.stringify({ site: SITE, urls }),
        });
        expect(statusCode).toBe(200);
        return (JSON.parse(body) as { answers: unknown[] }).answers;
      };
      const before = heap();
      for (let question = 0; question < QUESTIONS; question++) {
        for (let first = 0; first < CLIENTS; first += AT_ONCE) {
          const asked = Array.from({ length: AT_ONCE }, (_, i) =>
            ask(first + i, newUrls(`${first + i}/${question}`)),
          );
          // In the middle of it all, without waiting for anything.
          expect(await ask(first, [`${SITE}/warm.bin`])).toEqual([jws]);
          await bench.clock.advance(100);
          await Promise.all(asked);
        }
      }
      // Ten seconds' worth was saved up; the clock went on by 100 ms with each hundred clients.
      const seconds = (QUESTIONS * CLIENTS) / AT_ONCE / 10;
      expect(lookedAt(bench).size).toBeLessThanOrEqual(20 * (10 + seconds));
      expect(lookedAt(bench).size).toBeGreaterThan(100);
      expect(heap() - before).toBeLessThan(32 * 1024 * KIB);
      await vi.waitFor(async () => {
        const refused = await counted(bench, 'budget_refusals_total{');
        const found = await counted(bench, 'origin_findings_total{');
        expect(refused + found).toBe(CLIENTS * QUESTIONS * URLS + 1);
      });
    },
  );
});

describe('one client', () => {
  it('that invents queries has each refused without a look', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', 'abc');
    for (let i = 0; i < 20; i++) expect(await bench.codeOf(`/a.bin?x=${i}`)).toBe('query');
    expect(bench.origin.requests).toEqual([]);
  });

  it('that invents queries which matter has as many looks as its address', async () => {
    const bench = await Bench.start({ options: { keepQueries: ['/a.bin?x'], coldFetchesPerMinute: 30 } });
    const urls = Array.from({ length: 100 }, (_, i) => `${SITE}/a.bin?x=${i}`);
    const asked = bench.askAll(urls);
    await bench.clock.advance(100);
    const answers = await asked;
    const hints = answers.slice(30).map((answer) => (typeof answer === 'object' ? answer.pending : 0));
    // The first of them will be affordable in two seconds, the fifth in ten, and hints end at a minute.
    expect([hints[0], hints[4], hints[69]]).toEqual([2000, 10_000, 60_000]);
    await vi.waitFor(() => {
      expect(lookedAt(bench).size).toBe(30);
    });
    await bench.clock.advance(10_000);
    expect(await bench.codeOf('/a.bin?x=99')).toBe('missing');
    expect(await counted(bench, 'budget_refusals_total{limit="address"')).toBe(70);
  });

  it('that invents queries which are dropped has one look, and as many signatures as its address', async () => {
    const bench = await Bench.start({ options: { dropQueries: ['*?utm'], coldFetchesPerMinute: 30 } });
    bench.origin.serve('/a.bin', 'abc');
    const urls = Array.from({ length: 100 }, (_, i) => `${SITE}/a.bin?utm=${i}`);
    const first = bench.askAll(urls);
    await bench.clock.advance(100);
    await first;
    const answers = await bench.askAll(urls);
    expect(answers.filter((answer) => typeof answer === 'string').length).toBeLessThanOrEqual(30);
    expect(lookedAt(bench)).toEqual(new Set(['/a.bin']));
  });
});

describe('the renewal of tokens', () => {
  it('is not charged to who asks', async () => {
    const bench = await Bench.start({ options: { coldFetchesPerMinute: 1 } });
    bench.origin.serve('/a.bin', 'abc', { 'cache-control': 'max-age=10' });
    const { digest } = await bench.ask('/a.bin');
    await bench.clock.advance(12_000);
    expect((await bench.ask('/a.bin')).digest?.ver).toBeGreaterThan(digest?.ver ?? Infinity);
    expect(await bench.askOnce('/b.bin')).toEqual({ pending: 48_000 });
  });

  it('is not needed for what is kept, which costs nothing either', async () => {
    const bench = await Bench.start();
    const paths = ['/a.bin', '/b.bin', '/c.bin'];
    for (const path of paths) {
      bench.origin.serve(path, path);
      await bench.ask(path);
    }
    await bench.hasher.close();
    const { origin, data, clock } = bench;
    const again = await Bench.start({ origin, data, clock, options: { coldFetchesPerMinute: 1 } });
    for (const path of paths) expect((await again.ask(path)).digest).toBeDefined();
    expect(origin.requests).toHaveLength(3);
    expect(await again.askOnce('/d.bin')).not.toHaveProperty('pending');
  });

  it('goes on while strangers have used up their part of the budget', async () => {
    const bench = await Bench.start({ options: { originFetchesPerSecond: 1 } });
    bench.origin.serve('/a.bin', 'abc', { 'cache-control': 'max-age=60' });
    const { digest } = await bench.ask('/a.bin');
    await bench.clock.advance(61_000);
    for (let i = 0; i < 30; i++) await bench.askOnce(`/unknown/${i}`);
    expect(await bench.askOnce('/unknown/100')).toEqual({ pending: 5000 });
    expect((await bench.ask('/a.bin')).digest?.ver).toBeGreaterThan(digest?.ver ?? Infinity);
  });

  it('is put off beyond the budget, while the token is good', async () => {
    const bench = await Bench.start({ options: { originBytesPerSecond: 64 * KIB } });
    bench.origin.serve('/a.bin', 'abc', { 'cache-control': 'max-age=100' });
    bench.origin.serve('/large.bin', seededBytes(1)(2048 * KIB), { 'cache-control': 'max-age=1000' });
    const { jws } = await bench.ask('/a.bin');
    await bench.clock.advance(79_000);
    await bench.ask('/large.bin');
    await bench.clock.advance(2000);
    expect((await bench.ask('/a.bin')).jws).toBe(jws);
    await vi.waitFor(async () => {
      expect(await counted(bench, 'budget_refusals_total{limit="bytes"')).toBe(1);
    });
    expect(bench.origin.seen('/a.bin')).toHaveLength(1);
    await bench.clock.advance(20_000);
    expect((await bench.ask('/a.bin')).digest).toBeDefined();
    expect(bench.origin.seen('/a.bin')).toHaveLength(2);
  });
});

describe('bytes', () => {
  it('beyond the budget put off what is unknown, with a hint that comes true', async () => {
    const bench = await Bench.start({ options: { originBytesPerSecond: 64 * KIB } });
    bench.origin.serve('/large.bin', seededBytes(1)(1280 * KIB));
    bench.origin.serve('/a.bin', 'abc');
    await bench.ask('/large.bin');
    // 640 KiB were saved up, of which a quarter is kept for renewals: 800 KiB have to flow in.
    const answer = await bench.askOnce('/a.bin');
    expect(answer).toEqual({ pending: 12_500 });
    expect(bench.origin.seen('/a.bin')).toEqual([]);
    await bench.clock.advance(12_500);
    expect((await bench.ask('/a.bin')).digest).toBeDefined();
  });
});
