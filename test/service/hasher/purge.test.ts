import { mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createHasher, operatorTokenOf } from '../../../hasher-service/index.js';
import type { DigestClaims } from '../../../src/protocol/hasher.js';
import { isRevoked } from '../../../src/verify/statements.js';
import type { Handler } from '../../support/test-origin.js';
import { careOf, errorOf, policyOf, purge, signed, halfRead } from './asks.js';
import { Bench, OPERATOR_TOKEN, ROOTS_TOKEN, SITE, asSite, temporaryDirectory } from './harness.js';

const HOUR = 3600_000;

/** Answers "unchanged" to the tag it once gave, whatever the bytes are now. */
function lyingAboutItsTag(body: string): Handler {
  return (request, response) => {
    const headers = { etag: '"1"', 'cache-control': 'max-age=3600' };
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304, headers).end();
    else response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
  };
}

/** Whether visitors with today's policy believe a statement. */
async function believed(bench: Bench, claims: DigestClaims): Promise<boolean> {
  return !isRevoked(await policyOf(bench, claims.aud), claims);
}

async function again(bench: Bench): Promise<Bench> {
  await bench.hasher.close();
  return Bench.start({ origin: bench.origin, data: bench.data, clock: bench.clock });
}

describe('a purge', () => {
  it('by URL has the origin looked at again, without a condition', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', lyingAboutItsTag('old'));
    const { digest: before } = await bench.ask('/a.bin');
    if (!before) throw new Error('not signed');
    bench.origin.on('/a.bin', lyingAboutItsTag('new!'));
    const answer = await purge(bench, { urls: [`${SITE}/a.bin`] });
    expect(await answer.json()).toEqual({ purged: { urls: 1, patterns: 0, all: false }, epoch: 0 });
    expect(await believed(bench, before)).toBe(false);
    expect((await bench.live(before)).size).toBe(0);
    const { digest: after } = await bench.ask('/a.bin');
    expect(after?.len).toBe(4);
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
    ]);
    if (after) expect([await believed(bench, after), (await bench.live(after)).size]).toEqual([true, 1]);
  });

  it('by pattern voids what matches and leaves the rest', async () => {
    const bench = await Bench.start();
    const inside = await signed(bench, '/media/a.bin');
    const outside = await signed(bench, '/other/a.bin', 'other');
    expect((await purge(bench, { patterns: ['/media/*'] })).status).toBe(200);
    expect([await believed(bench, inside), await believed(bench, outside)]).toEqual([false, true]);
    expect((await bench.live(inside, outside)).size).toBe(1);
  });

  it('of all raises the epoch, again and again', async () => {
    const bench = await Bench.start();
    await writeFile(join(bench.data, 'policy.json'), '{"minEpoch":7}');
    await bench.clock.advance(1000);
    const before = await signed(bench);
    expect(await (await purge(bench, { all: true })).json()).toMatchObject({ epoch: 8 });
    expect(await believed(bench, before)).toBe(false);
    expect((await bench.ask('/a.bin')).digest?.epoch).toBe(8);
    expect(await (await purge(bench, { all: true })).json()).toMatchObject({ epoch: 9 });
    await rm(join(bench.data, 'policy.json'));
    const next = await again(bench);
    expect(await policyOf(next)).toMatchObject({ minEpoch: 9 });
  });

  it('of one site leaves the others alone', async () => {
    const other = asSite('https://other.example');
    const bench = await Bench.start({ options: { sites: [SITE, other] } });
    bench.origin.serve('/a.bin', 'abc', { 'access-control-allow-origin': '*' });
    const { digest: own } = await bench.ask('/a.bin');
    const { digest: theirs } = await bench.ask('/a.bin', other);
    if (!own || !theirs) throw new Error('not signed');
    expect(await (await purge(bench, { site: SITE, all: true })).json()).toMatchObject({ epoch: 0 });
    expect([await believed(bench, own), await believed(bench, theirs)]).toEqual([false, true]);
    const unknown = await purge(bench, { site: 'https://third.example', all: true });
    expect(await errorOf(unknown)).toEqual([403, 'unknown-site']);
  });

  it('covers every spelling of a URL whose query may be dropped', async () => {
    const options = { keepQueries: ['/a.bin?v'], dropQueries: ['/a.bin?utm_*'] };
    const bench = await Bench.start({ options });
    bench.origin.serve('/a.bin?v=1', 'abc');
    const { digest } = await bench.ask('/a.bin?v=1&utm_source=x');
    expect(digest?.sub).toBe(`${SITE}/a.bin?v=1&utm_source=x`);
    await purge(bench, { urls: [`${SITE}/a.bin?v=1`] });
    if (digest) expect(await believed(bench, digest)).toBe(false);
    const { digest: later } = await bench.ask('/a.bin?v=1&utm_source=x');
    if (later) expect(await believed(bench, later)).toBe(true);
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('beats a look that had begun before it', async () => {
    const bench = await Bench.start();
    const { asked, finish } = await halfRead(bench);
    await purge(bench, { urls: [`${SITE}/a.bin`] });
    bench.origin.serve('/a.bin', 'new!');
    finish();
    await bench.clock.advance(100);
    await asked;
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.len).toBe(4);
    if (digest) expect(await believed(bench, digest)).toBe(true);
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('beats a conditional look that had begun before it', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', lyingAboutItsTag('old'));
    await bench.ask('/a.bin');
    await bench.clock.advance(HOUR);
    const finish: (() => void)[] = [];
    bench.origin.on('/a.bin', (_request, response) => {
      finish.push(() => response.writeHead(304, { etag: '"1"', 'cache-control': 'max-age=3600' }).end());
    });
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(() => {
      expect(finish).toHaveLength(1);
    });
    await purge(bench, { patterns: ['/a.*'] });
    bench.origin.on('/a.bin', lyingAboutItsTag('new!'));
    finish[0]?.();
    await bench.clock.advance(100);
    await asked;
    expect((await bench.ask('/a.bin')).digest?.len).toBe(4);
  });

  it('outlives a restart, although the clock is set back', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    await purge(bench, { urls: [before.sub] });
    bench.clock.jump(-600_000);
    const next = await again(bench);
    expect(await believed(next, before)).toBe(false);
    const { digest } = await next.ask('/a.bin');
    expect(digest?.ver).toBeGreaterThan(before.ver);
    if (digest) expect(await believed(next, digest)).toBe(true);
  });

  it('by a clock far ahead does not void what others sign after it, nor the next to start', async () => {
    const bench = await Bench.start();
    const at = bench.clock.now();
    const purges = { epoch: 0, revoked: [{ of: '/*', before: at + 600_000, at }], orders: [] };
    await policyOf(bench);
    await writeFile(join(bench.data, 'purges.json'), JSON.stringify(purges));
    await bench.clock.advance(1000);
    expect(await believed(bench, await signed(bench))).toBe(true);
    const data = await temporaryDirectory();
    await writeFile(join(data, 'purges.json'), JSON.stringify(purges));
    const next = await Bench.start({ origin: bench.origin, data, clock: bench.clock });
    expect(await believed(next, await signed(next))).toBe(true);
  });

  it('is forgotten once nothing is left that it could void', async () => {
    const bench = await Bench.start();
    await purge(bench, { patterns: ['/a.*'] });
    await bench.clock.advance(48 * HOUR + 59_000);
    expect((await policyOf(bench)).revoked).toHaveLength(1);
    await bench.clock.advance(3000);
    expect((await policyOf(bench)).revoked).toEqual([]);
    expect(JSON.parse(await readFile(join(bench.data, 'purges.json'), 'utf8'))).toMatchObject({
      revoked: [],
    });
  });

  it('too many for a policy void everything instead', async () => {
    const bench = await Bench.start();
    const before = await signed(bench, '/kept.bin');
    for (let batch = 0; batch < 5; batch++) {
      const patterns = Array.from({ length: 1000 }, (_, i) => `/${batch}/${i}`);
      expect(await (await purge(bench, { patterns })).json()).toMatchObject({ epoch: 0 });
    }
    expect((await policyOf(bench)).revoked).toHaveLength(5000);
    expect(await (await purge(bench, { patterns: ['/one-more'] })).json()).toMatchObject({ epoch: 1 });
    expect(await policyOf(bench)).toMatchObject({ minEpoch: 1, revoked: [] });
    expect(await believed(bench, before)).toBe(false);
  });

  it('replaces an earlier one of the same', async () => {
    const bench = await Bench.start();
    await purge(bench, { urls: [`${SITE}/a.bin`] });
    await bench.clock.advance(5000);
    await purge(bench, { urls: [`${SITE}/a.bin`] });
    const { revoked } = await policyOf(bench);
    expect(revoked).toEqual([{ of: `${SITE}/a.bin`, before: expect.any(Number) }]);
    expect(revoked[0]?.before).toBeGreaterThanOrEqual(bench.clock.now());
  });

  it('that cannot be written down says so', async () => {
    const bench = await Bench.start();
    await writeFile(join(bench.data, 'purges.json'), '{');
    expect(await errorOf(await purge(bench, { all: true }))).toEqual([503, 'not-purged']);
  });

  it('while another is made is not lost', async () => {
    const bench = await Bench.start();
    const names = Array.from({ length: 20 }, (_, i) => `/${i}`);
    await Promise.all(names.map((name) => purge(bench, { patterns: [name] })));
    const { revoked } = await policyOf(bench);
    expect(revoked.map(({ of }) => of).sort()).toEqual(names.sort());
  });
});

describe('the right to purge', () => {
  it.each(['', 'Bearer', `Basic ${OPERATOR_TOKEN}`, `Bearer ${ROOTS_TOKEN}`, `Bearer ${OPERATOR_TOKEN}x`])(
    'is not given by %j',
    async (authorization) => {
      const bench = await Bench.start();
      const before = await signed(bench);
      const response = await bench.post('/v1/purge', { all: true }, { authorization });
      expect(await errorOf(response)).toEqual([401, 'unauthorised']);
      expect(await believed(bench, before)).toBe(true);
    },
  );

  it('comes with a token that is kept in the data directory', async () => {
    const data = await temporaryDirectory();
    const token = await operatorTokenOf(data);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(join(data, 'operator-token'))).mode & 0o777).toBe(0o600);
    const hasher = await createHasher({ sites: [SITE], data, port: 0, logLevel: 'silent' });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' };
    const answer = await hasher.app.inject({
      method: 'POST',
      url: '/v1/purge',
      headers,
      body: '{"all":true}',
    });
    expect(answer.json()).toMatchObject({ epoch: 1 });
    await hasher.close();
  });

  it('does not make sense of anything', async () => {
    const bench = await Bench.start();
    for (const body of ['', '{}', '[]', '{"all":false}', '{"pattern":["/a"]}', '{"urls":["/a"]}'])
      expect(await errorOf(await purge(bench, body))).toEqual([400, 'bad-request']);
  });
});

describe('peerfold policy purge', () => {
  it('reaches a running service within a second', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    const care = careOf(bench);
    await care.purge({ of: '/a.*' });
    await bench.clock.advance(1000);
    expect(await believed(bench, before)).toBe(false);
    const { digest } = await bench.ask('/a.bin');
    if (digest) expect(await believed(bench, digest)).toBe(true);
    expect(bench.origin.requests).toHaveLength(2);
    await care.purge('all');
    await bench.clock.advance(1000);
    expect(await policyOf(bench)).toMatchObject({ minEpoch: 1 });
  });

  it('voids also what was signed by a clock that was ahead', async () => {
    const bench = await Bench.start();
    bench.clock.jump(600_000);
    const before = await signed(bench);
    bench.clock.jump(-600_000);
    await careOf(bench).purge({ of: before.sub });
    await bench.clock.advance(1000);
    expect(await believed(bench, before)).toBe(false);
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.ver).toBeGreaterThan(before.ver);
    if (digest) expect(await believed(bench, digest)).toBe(true);
  });

  it('is carried out by the next service when none runs', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    await bench.hasher.close();
    await careOf(bench).purge({ of: before.sub });
    const next = await Bench.start({ origin: bench.origin, data: bench.data, clock: bench.clock });
    expect(await believed(next, before)).toBe(false);
    const { digest } = await next.ask('/a.bin');
    if (digest) expect(await believed(next, digest)).toBe(true);
    expect((await careOf(bench).show()).purges.orders).toEqual([]);
  });

  it('holds, and for new statements too, while it cannot be carried out', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    const care = careOf(bench);
    await care.purge({ of: before.sub });
    await mkdir(join(bench.data, 'purges.json.lock'));
    await bench.clock.advance(1000);
    expect(await believed(bench, before)).toBe(false);
    expect((await bench.askOnce('/a.bin')).pending).toBeDefined();
    await rmdir(join(bench.data, 'purges.json.lock'));
    await bench.clock.advance(1000);
    expect((await policyOf(bench)).revoked[0]?.before).toBeLessThan(Number.MAX_SAFE_INTEGER);
    const { digest } = await bench.ask('/a.bin');
    if (digest) expect(await believed(bench, digest)).toBe(true);
  });

  it('keeps no question waiting while another process holds the lock', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    await careOf(bench).purge({ of: before.sub });
    await writeFile(join(bench.data, 'purges.json.lock'), 'of a killed process');
    await bench.clock.advance(1000);
    const asked = bench.ask('/a.bin');
    await vi.waitFor(() => {
      expect(bench.clock.pending).toBeGreaterThan(0);
    });
    await bench.clock.advance(100);
    expect((await asked).digest).toEqual(before);
    while (await believed(bench, before)) await bench.clock.advance(100);
    expect(bench.clock.ticks()).toBeGreaterThan(5000);
  });
});
