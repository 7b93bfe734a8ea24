import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CanonicalUrl, RootPrefix } from '../../../src/core/brands.js';
import type { FiguresResponse } from '../../../src/protocol/figures.js';
import { beacon } from '../../support/beacons.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RedisServer } from '../../support/redis-server.js';
import { trackerConfig } from '../../../tracker-service/config.js';
import { systemEnvironment } from '../../../tracker-service/environment.js';
import { assemble } from '../../../tracker-service/service.js';
import { SITE as VISITED, SocketVisitor } from '../tracker/socket-visitor.js';
import { errorOf } from './asks.js';
import { Bench, OPERATOR_TOKEN, ROOTS_TOKEN, SITE, asSite } from './harness.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ours = (changes: Parameters<typeof beacon>[0] = {}) => beacon({ site: SITE, ...changes });
const bytes = { peer: 600, store: 100, cache: 0, http: 300, wasted: 10, uploaded: 50 };

async function figuresOf(bench: Bench, query = ''): Promise<FiguresResponse> {
  const response = await bench.get(`/v1/figures${query}`, { authorization: `Bearer ${OPERATOR_TOKEN}` });
  expect(response.status).toBe(200);
  return (await response.json()) as FiguresResponse;
}

function tell(bench: Bench, report: object, token = ROOTS_TOKEN): Promise<Response> {
  return bench.post('/v1/tracker-reports', report, { authorization: `Bearer ${token}`, origin: SITE });
}

const REPORT = { site: SITE, seconds: 60, visitors: 10, introductions: 6, wants: 12, refused: 3 };

describe('beacons', () => {
  it('are added up, by their share of all pages', async () => {
    const bench = await Bench.start();
    for (const share of [1, 0.5]) {
      const told = await bench.post(
        '/v1/beacons',
        ours({ bytes, share, links: 4, reasons: { deadline: 300 } }),
      );
      expect([told.status, await told.text()]).toEqual([204, '']);
    }
    await bench.post('/v1/beacons', ours({ group: 'control', bytes, errors: { 'worker-failed': 2 } }));
    const figures = await figuresOf(bench);
    expect(figures.bytes).toEqual({ peer: 1800, store: 300, cache: 0, http: 900, wasted: 30, uploaded: 150 });
    expect(figures.series.at).toHaveLength(289);
    expect(figures.series.peer.at(0)).toBe(0);
    expect(figures.series.peer.reduce((sum, one) => sum + one, 0)).toBe(1800);
    expect(figures.series.links.filter((links) => links !== null)).toEqual([4]);
    expect(figures.reasons).toEqual([{ name: 'deadline', count: 900 }]);
    expect(figures.errors).toEqual([{ name: 'worker-failed', count: 2 }]);
    expect(figures.beacons).toEqual({ peers: 2, control: 1 });
    const metrics = await (await bench.get('/metrics')).text();
    expect(metrics).toContain('peerfold_hasher_beacons_total{group="peers"} 2');
    expect(metrics).toContain('peerfold_hasher_visitor_bytes_total{source="peer"} 2400');
  });

  it.each([
    ['no JSON', 'x'],
    ['another version', { ...ours(), v: 2 }],
    ['a share of nothing', ours({ share: 0 })],
    ['a share that makes one page a million', ours({ share: 1e-6 })],
    ['times before the beginning', ours({ paint: -1 })],
    ['fractions of bytes', ours({ bytes: { peer: 0.5 } })],
    ['more than a line brings', ours({ bytes: { peer: 1e15 } })],
    ['a thousand images', ours({ images: Array.from({ length: 1000 }, () => 1) })],
    ['made-up words', ours({ reasons: { 'DROP TABLE': 1 } })],
    ['too many words', ours({ errors: Object.fromEntries(words(30)) })],
    ['too much', { ...ours(), more: 'x'.repeat(20_000) }],
    ['what is no URL', ours({ resources: [{ url: 'javascript:1' as CanonicalUrl, peer: 1, http: 1 }] })],
  ])('with %s are refused', async (_what, body) => {
    const bench = await Bench.start();
    expect(await errorOf(await bench.post('/v1/beacons', body))).toEqual([400, 'bad-request']);
    expect((await figuresOf(bench)).beacons).toEqual({ peers: 0, control: 0 });
  });

  it('of other sites are refused, and pages that speak for another one', async () => {
    const bench = await Bench.start();
    const stranger = beacon({ site: 'https://evil.example' });
    expect(await errorOf(await bench.post('/v1/beacons', stranger))).toEqual([403, 'unknown-site']);
    const posing = await bench.post('/v1/beacons', ours(), { origin: 'https://evil.example' });
    expect(await errorOf(posing)).toEqual([403, 'wrong-origin']);
  });

  it('from one address are sixty in a minute', async () => {
    const bench = await Bench.start();
    for (let i = 0; i < 60; i++) expect((await bench.post('/v1/beacons', ours())).status).toBe(204);
    const refused = await bench.post('/v1/beacons', ours());
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toEqual([429, 'rate']);
    await bench.clock.advance(1000);
    expect((await bench.post('/v1/beacons', ours())).status).toBe(204);
  });

  it('name the resources that we know, and no others', async () => {
    const bench = await Bench.start({ options: { dropQueries: ['/a.jpg?utm_*'] } });
    bench.origin.serve('/a.jpg', 'abc');
    bench.origin.serve('/private.jpg', 'abc', { 'cache-control': 'private' });
    for (const path of ['/a.jpg', '/private.jpg', '/none.jpg']) await bench.ask(path);
    const asked = ['/a.jpg?utm_source=x', '/private.jpg?user=7', '/none.jpg', '/invented.jpg'];
    const resources = asked.map((path, i) => ({ url: (SITE + path) as CanonicalUrl, peer: 10 - i, http: 1 }));
    await bench.post('/v1/beacons', ours({ resources, share: 0.5 }));
    expect((await figuresOf(bench)).resources).toEqual([
      { url: `${SITE}/a.jpg`, peer: 20, http: 2 },
      { url: `${SITE}/private.jpg`, peer: 18, http: 2 },
    ]);
  });

  it('are not taken where they are switched off', async () => {
    const bench = await Bench.start({ options: { noBeacons: true } });
    for (const path of ['/v1/beacons', '/v1/tracker-reports'])
      expect((await bench.post(path, ours())).status).toBe(404);
    for (const path of ['/dashboard', '/v1/figures', '/dashboard/dashboard.css'])
      expect((await bench.get(path)).status).toBe(404);
  });
});

function words(count: number): [string, number][] {
  return Array.from({ length: count }, (_, i) => [String.fromCharCode(97 + (i % 26), 97 + i / 26), 1]);
}

describe('figures', () => {
  it('need the operator, a site that is served, and a range', async () => {
    const bench = await Bench.start();
    const ask = (query: string, token = OPERATOR_TOKEN) =>
      bench.get(`/v1/figures${query}`, { authorization: `Bearer ${token}` });
    expect(await errorOf(await ask('', ROOTS_TOKEN))).toEqual([401, 'unauthorised']);
    expect(await errorOf(await bench.get('/v1/figures'))).toEqual([401, 'unauthorised']);
    expect(await errorOf(await ask('?site=https://evil.example'))).toEqual([403, 'unknown-site']);
    for (const query of [
      '?from=x',
      '?from=-1',
      '?to=1&from=2',
      '?from=0&to=9000000000',
      '?from=&to=9',
      '?to=1e300',
    ])
      expect(await errorOf(await ask(query)), query).toEqual([400, 'bad-request']);
    expect(await errorOf(await ask('?site=a&site=b'))).toEqual([403, 'unknown-site']);
  });

  it('are kept apart by site', async () => {
    const other = asSite('https://other.example');
    const bench = await Bench.start({ options: { sites: [SITE, other] } });
    await bench.post('/v1/beacons', ours({ bytes }));
    expect((await figuresOf(bench)).sites).toEqual([SITE, other]);
    expect((await figuresOf(bench, `?site=${other}`)).bytes.peer).toBe(0);
    expect((await figuresOf(bench, `?site=${SITE}`)).bytes.peer).toBe(600);
  });

  it('survive a crash but for the last minute, and a restart whole', async () => {
    const bench = await Bench.start();
    await bench.post('/v1/beacons', ours({ bytes }));
    await saved(bench);
    // What was written, and no more, is there after a crash.
    const data = `${bench.data}-crashed`;
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    await cp(bench.data, data, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    await bench.post('/v1/beacons', ours({ bytes }));
    const setup = { origin: bench.origin, clock: bench.clock };
    const crashed = await Bench.start({ ...setup, data });
    expect((await figuresOf(crashed)).bytes.peer).toBe(600);
    expect((await figuresOf(bench)).bytes.peer).toBe(1200);
    await bench.hasher.close();
    const after = await Bench.start({ ...setup, data: bench.data });
    expect((await figuresOf(after)).bytes.peer).toBe(1200);
    await after.post('/v1/beacons', ours({ bytes }));
    expect((await figuresOf(after)).bytes.peer).toBe(1800);
  });

  it('are kept for 35 days, and shown by the hour beyond two', async () => {
    const bench = await Bench.start();
    await bench.post('/v1/beacons', ours({ bytes, paint: 100 }));
    await saved(bench);
    await bench.clock.advance(34 * 24 * HOUR);
    const now = bench.clock.now() / 1000;
    await bench.post('/v1/beacons', ours({ bytes }));
    const month = await figuresOf(bench, `?from=${now - 35 * 86_400 + 1}`);
    expect(month.step).toBe(3600);
    expect(month.bytes.peer).toBe(1200);
    expect(month.series.peer.filter((count) => count > 0)).toEqual([600, 600]);
    expect(month.comparison[0]).toMatchObject({ name: 'paint', peers: { pages: 1 }, verdict: 'too-few' });
    await bench.clock.advance(2 * 24 * HOUR);
    await bench.post('/v1/beacons', ours({ bytes }));
    await bench.clock.advance(MINUTE);
    await expect.poll(() => written(bench)).toHaveLength(2);
  });

  it('do without what a broken disk has made of them', async () => {
    const bench = await Bench.start();
    await bench.post('/v1/beacons', ours({ bytes }));
    await saved(bench);
    const [hour = ''] = await written(bench);
    const broken = [
      '{',
      '[]',
      '{"v":1}',
      JSON.stringify({ [SITE]: [] }),
      JSON.stringify({ [SITE]: [1, 2, 3, 4, 5, 6] }),
    ];
    for (const [i, text] of broken.entries())
      await writeFile(join(bench.data, 'figures', hour, `broken-${i}.json`), text);
    expect((await figuresOf(bench)).bytes.peer).toBe(600);
  });

  it('name what is refused, and why', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.jpg', 'abc', { 'set-cookie': 'a=b' });
    bench.origin.serve('/b.jpg', 'abc', { 'cache-control': 'private' });
    for (const path of ['/a.jpg', '/b.jpg', '/c.jpg?token=secret', '/d.jpg?token=secret'])
      await bench.ask(path);
    const { refusals } = await figuresOf(bench);
    const [first, ...others] = refusals;
    expect(first).toMatchObject({ urls: 2, examples: [`${SITE}/c.jpg`, `${SITE}/d.jpg`] });
    expect(others.map(({ code }) => code).sort()).toEqual(['private', 'set-cookie']);
    expect(first?.why).toMatch(/\./);
    expect(JSON.stringify(refusals)).not.toContain('secret');
  });
});

/** Hours of which something is written down. */
async function written(bench: Bench): Promise<string[]> {
  const names = await readdir(join(bench.data, 'figures'), { recursive: true }).catch(() => []);
  return [...new Set(names.filter((name) => name.endsWith('.json')).map(dirname))];
}

/** Resolves when something is written down that was new. */
async function saved(bench: Bench): Promise<void> {
  await bench.clock.advance(MINUTE);
  await expect.poll(() => written(bench)).not.toEqual([]);
}

describe('reports of a tracker', () => {
  it('show visitors over time, each slot its part', async () => {
    const bench = await Bench.start();
    await bench.clock.advance(5 * MINUTE + 30_000);
    expect((await tell(bench, REPORT)).status).toBe(204);
    expect((await tell(bench, { ...REPORT, visitors: 30 })).status).toBe(204);
    await bench.clock.advance(10 * MINUTE);
    const { series } = await figuresOf(bench);
    const known = series.visitors.flatMap((visitors, i) => (visitors === null ? [] : [{ i, visitors }]));
    // Half a minute of each slot's five, for two nodes.
    expect(known.map(({ visitors }) => visitors)).toEqual([4, 4]);
    for (const { i } of known)
      expect([series.introductions[i], series.wants[i], series.refused[i]]).toEqual([6, 12, 3]);
  });

  it('count as far as they reach while a slot goes on', async () => {
    const bench = await Bench.start();
    await bench.clock.advance(MINUTE);
    await tell(bench, REPORT);
    await bench.clock.advance(50_000);
    expect((await figuresOf(bench)).series.visitors.at(-1)).toBe(10);
    await bench.clock.advance(10 * MINUTE);
    expect((await figuresOf(bench)).series.visitors.findLast((one) => one !== null)).toBe(2);
  });

  it('need the token for live roots, and one of our sites', async () => {
    const bench = await Bench.start();
    expect(await errorOf(await tell(bench, REPORT, OPERATOR_TOKEN))).toEqual([401, 'unauthorised']);
    expect(await errorOf(await tell(bench, { ...REPORT, site: 'https://evil.example' }))).toEqual([
      403,
      'unknown-site',
    ]);
    for (const change of [
      { seconds: 0 },
      { seconds: 1e9 },
      { visitors: -1 },
      { wants: 1.5 },
      { refused: '1' },
    ])
      expect(await errorOf(await tell(bench, { ...REPORT, ...change }))).toEqual([400, 'bad-request']);
  });
});

describe('a tracker', () => {
  it('tells its hash service every minute how its visitors fare', async () => {
    const bench = await Bench.start({ options: { sites: [VISITED] } });
    const config = {
      hasher: bench.url,
      hasherToken: ROOTS_TOKEN,
      operationsPort: 'none',
      logLevel: 'silent',
    };
    const tracker = await assemble(trackerConfig.parse(config), { ...systemEnvironment, clock: bench.clock });
    const { url } = await tracker.listen({ port: 0, host: '127.0.0.1' });
    const visitor = await SocketVisitor.join(url, bench.url);
    onTestFinished(async () => {
      visitor.socket.terminate();
      await Promise.all([tracker.close(), bench.clock.advance(20_000)]);
    });
    visitor.say({ t: 'want', q: 1, roots: ['ab'.repeat(16) as RootPrefix], k: 2, live: 0 });
    await visitor.next('peers');
    await bench.clock.advance(MINUTE);
    await expect
      .poll(async () => {
        const { visitors, wants } = (await figuresOf(bench)).series;
        return [visitors.findLast((one) => one !== null), wants.findLast((one) => one !== null)];
      })
      .toEqual([1, 1]);
  });
});

describe('two instances on one Redis', () => {
  it('show what both were told, also after one of them is gone and while Redis is away', async () => {
    const redis = await RedisServer.start();
    const clock = new FakeClock();
    const options = { redis: redis.url };
    const [one, two] = [await Bench.start({ clock, options }), await Bench.start({ clock, options })];
    await one.post('/v1/beacons', ours({ bytes }));
    await two.post('/v1/beacons', ours({ bytes, share: 0.5 }));
    await clock.advance(MINUTE);
    for (const bench of [one, two])
      await expect.poll(async () => (await figuresOf(bench)).bytes.peer).toBe(1800);
    await one.post('/v1/beacons', ours({ bytes }));
    await one.hasher.close();
    expect((await figuresOf(two)).bytes.peer).toBe(2400);
    const [key] = (await redis.tell('KEYS', '*:figures:*')) as string[];
    expect(Number(await redis.tell('TTL', key ?? ''))).toBeGreaterThan(35 * 86_400);
    await redis.end();
    await expect.poll(async () => (await figuresOf(two)).bytes.peer).toBe(1200);
  });
});

describe('the dashboard', () => {
  it('is a page that runs nothing but its own files', async () => {
    const bench = await Bench.start();
    const page = await bench.get('/dashboard');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/);
    const css = await bench.get('/dashboard/dashboard.css');
    expect(css.headers.get('content-type')).toBe('text/css; charset=utf-8');
    for (const path of ['/dashboard/..%2fhasher.js', '/dashboard/index.html', '/dashboard/constructor'])
      expect((await bench.get(path)).status).toBe(404);
  });
});
