import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../../src/core/brands.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import { verifyAdmission } from '../../../src/verify/statements.js';
import { errorOf, signed } from './asks.js';
import { Bench, ROOTS_TOKEN, SITE } from './harness.js';

const POSTS = ['/v1/digests', '/v1/admissions', '/v1/reports'];

describe('hostile requests', () => {
  const BODIES: readonly string[] = [
    '',
    'null',
    '[]',
    '{',
    '"text"',
    '{"site":1}',
    `{"site":"${SITE}"}`,
    `{"site":"${SITE}","urls":[]}`,
    `{"site":"${SITE}","urls":[null]}`,
    `{"site":"${SITE}","urls":["file:///etc/passwd"]}`,
    `{"site":"${SITE}","urls":["${SITE}/a/../b"]}`,
    `{"site":"${SITE}","urls":["${SITE}/#x"]}`,
    `{"site":"${SITE}","urls":["https://user@www.example.com/"]}`,
    `{"site":"${SITE}","urls":${JSON.stringify(Array(101).fill(`${SITE}/`))}}`,
    `{"site":"${SITE}","urls":["${SITE}/?${'\\\\'.repeat(3000)}"]}`,
    `{"site":"${SITE}","key":"AAAA"}`,
    `{"site":"${SITE}/","urls":["${SITE}/"]}`,
    '['.repeat(100_000),
  ];
  it.each(POSTS)('with malformed bodies are answered with 400: %s', async (path) => {
    const bench = await Bench.start();
    for (const body of BODIES)
      expect(await errorOf(await bench.post(path, body))).toEqual([400, 'bad-request']);
    expect(bench.origin.requests).toEqual([]);
  });

  it('with huge bodies are cut off', async () => {
    const bench = await Bench.start();
    expect(await errorOf(await bench.post('/v1/digests', 'x'.repeat(600 * 1024)))).toEqual([
      413,
      'too-large',
    ]);
  });

  it('with another type of body, method or address get an error in the one shape', async () => {
    const bench = await Bench.start();
    const form = await bench.post('/v1/digests', 'a=b', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(await errorOf(form)).toEqual([415, 'bad-media-type']);
    expect(await errorOf(await bench.get('/v1/digests'))).toEqual([404, 'not-found']);
    expect(await errorOf(await bench.get('/v1/layers/..%2f..%2fkeys'))).toEqual([404, 'unknown-root']);
    expect(await errorOf(await bench.get(`/v1/layers/${'0'.repeat(64)}`))).toEqual([404, 'unknown-root']);
    expect(await errorOf(await bench.get(`/v1/layers/${'A'.repeat(64)}`))).toEqual([404, 'unknown-root']);
  });

  it('for another site, or from another site’s page, are refused', async () => {
    const bench = await Bench.start();
    const site = 'https://evil.example';
    const unknown = await bench.post('/v1/digests', { site, urls: [`${SITE}/`] }, { origin: site });
    expect(await errorOf(unknown)).toEqual([403, 'unknown-site']);
    const foreign = await bench.post('/v1/digests', { site: SITE, urls: [`${SITE}/`] }, { origin: site });
    expect(await errorOf(foreign)).toEqual([403, 'wrong-origin']);
    const { publicKey: key } = await createIdentity();
    const admission = await bench.post('/v1/admissions', { site: SITE, key }, { origin: 'null' });
    expect(await errorOf(admission)).toEqual([403, 'wrong-origin']);
  });

  it('beyond the rate are told when to come back', async () => {
    const bench = await Bench.start({ options: { requestsPerSecond: 1 } });
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await bench.get('/healthz')).status);
    const limited = await bench.get('/healthz');
    expect(statuses).toEqual(Array(10).fill(200));
    expect(limited.headers.get('retry-after')).toBe('1');
    expect(limited.headers.get('access-control-allow-origin')).toBe(SITE);
    expect(await errorOf(limited)).toEqual([429, 'rate']);
    await bench.clock.advance(1000);
    expect((await bench.get('/healthz')).status).toBe(200);
  });
});

describe('headers', () => {
  it('let pages of the site read answers, and no others', async () => {
    const bench = await Bench.start();
    const ours = await bench.get('/v1/jwks.json');
    expect(ours.headers.get('access-control-allow-origin')).toBe(SITE);
    expect(ours.headers.get('access-control-allow-credentials')).toBeNull();
    expect(ours.headers.get('vary')).toBe('Origin');
    const theirs = await bench.get('/v1/jwks.json', { origin: 'https://evil.example' });
    expect(theirs.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('are strict on every answer', async () => {
    const bench = await Bench.start();
    for (const path of ['/healthz', '/nowhere', '/v1/jwks.json']) {
      const { headers } = await bench.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it('name how long keys may be kept', async () => {
    const bench = await Bench.start();
    expect((await bench.get('/v1/jwks.json')).headers.get('cache-control')).toBe('public, max-age=60');
  });
});

describe('admissions', () => {
  it('are made out to the visitor’s key for ten minutes', async () => {
    const bench = await Bench.start();
    const { key, admission } = await bench.admission();
    const checked = await verifyAdmission(admission, key, bench.verification);
    expect(checked).toMatchObject({ verdict: 'verified', claims: { site: SITE, aud: 'peerfold-tracker' } });
    if (checked.verdict === 'verified') expect(checked.claims.exp - checked.claims.iat).toBe(600);
    const { publicKey } = await createIdentity();
    expect(await verifyAdmission(admission, publicKey, bench.verification)).toEqual({ verdict: 'mismatch' });
  });

  it('bring what the site’s TURN servers are used with', async () => {
    const options = { turnUrls: ['turn:turn.example.com'], turnSecret: 'a secret of the site' };
    const bench = await Bench.start({ options });
    const { publicKey: key } = await createIdentity();
    const response = await bench.post('/v1/admissions', { site: SITE, key });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ relays: { urls: options.turnUrls } });
    expect(text).not.toContain(options.turnSecret);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('are given only for points on the curve', async () => {
    const bench = await Bench.start();
    const off = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]).toString('base64url');
    const response = await bench.post('/v1/admissions', { site: SITE, key: off });
    expect(await errorOf(response)).toEqual([400, 'bad-key']);
  });

  it('are the site’s to give', async () => {
    const seen: unknown[] = [];
    const admit = ({ headers, ...applicant }: { headers: Record<string, unknown> } & object) => {
      seen.push(applicant);
      return headers['x-session'] === 'good';
    };
    const bench = await Bench.start({ options: { admit } });
    const { publicKey: key } = await createIdentity();
    expect(await errorOf(await bench.post('/v1/admissions', { site: SITE, key }))).toEqual([
      403,
      'not-admitted',
    ]);
    const good = await bench.post('/v1/admissions', { site: SITE, key }, { 'x-session': 'good' });
    expect(good.status).toBe(200);
    expect(seen[0]).toEqual({ site: SITE, jkt: expect.stringMatching(/^[\w-]{43}$/) });
  });

  it('fail closed when the site’s hook throws, without its words', async () => {
    const bench = await Bench.start({
      options: { admit: () => Promise.reject(new Error('database password')) },
    });
    const { publicKey: key } = await createIdentity();
    const response = await bench.post('/v1/admissions', { site: SITE, key });
    expect(await response.clone().text()).not.toContain('password');
    expect(await errorOf(response)).toEqual([500, 'internal']);
    // The log has the reason under this.
    expect(response.headers.get('x-request-id')).toMatch(/^req-/);
  });

  it('end with the kill switch', async () => {
    const bench = await Bench.start();
    await writeFile(join(bench.data, 'policy.json'), '{"enabled":false}');
    await bench.clock.advance(1000);
    const { publicKey: key } = await createIdentity();
    expect(await errorOf(await bench.post('/v1/admissions', { site: SITE, key }))).toEqual([
      403,
      'not-admitted',
    ]);
  });
});

describe('live roots', () => {
  it('are those of current tokens', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    expect(await bench.live(claims)).toEqual(new Map([[prefixOf(claims.root), claims.exp]]));
    await bench.clock.advance(3600_000);
    expect((await bench.live(claims)).size).toBe(0);
  });

  it('live as long as the longest token for the same bytes', async () => {
    const bench = await Bench.start();
    const first = await signed(bench);
    await bench.clock.advance(1000_000);
    const second = await signed(bench, '/copy.bin');
    expect(second.root).toBe(first.root);
    expect((await bench.live(first)).get(prefixOf(first.root))).toBe(second.exp);
  });

  it.each([
    {},
    { authorization: '' },
    { authorization: 'Bearer wrong' },
    { authorization: `Basic ${ROOTS_TOKEN}` },
  ])('are told only to the tracker: %j', async (headers) => {
    const bench = await Bench.start();
    const response = await bench.post('/v1/roots', { site: SITE, roots: [] }, headers);
    expect(await errorOf(response)).toEqual([401, 'unauthorised']);
  });

  it('take well-formed questions about known sites', async () => {
    const bench = await Bench.start();
    const headers = { authorization: `Bearer ${ROOTS_TOKEN}` };
    for (const body of [
      '',
      '{}',
      { site: SITE, roots: ['xyz'] },
      { site: SITE, roots: Array(2001).fill('0'.repeat(32)) },
    ])
      expect(await errorOf(await bench.post('/v1/roots', body, headers))).toEqual([400, 'bad-request']);
    const origin = 'https://evil.example';
    const unknown = await bench.post('/v1/roots', { site: origin, roots: [] }, { ...headers, origin });
    expect(await errorOf(unknown)).toEqual([403, 'unknown-site']);
  });
});

describe('operations', () => {
  it('answer whether the service lives and works', async () => {
    const bench = await Bench.start();
    expect(await (await bench.get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await bench.get('/readyz')).json()).toEqual({ status: 'ready' });
    await rm(bench.data, { recursive: true });
    expect(await errorOf(await bench.get('/readyz'))).toEqual([503, 'not-ready']);
  });

  it('count without naming URLs or visitors', async () => {
    const bench = await Bench.start();
    await signed(bench);
    await bench.ask('/missing.bin');
    const text = await (await bench.get('/metrics')).text();
    expect(text).toContain('peerfold_hasher_digest_answers_total{answer="digest"} 1');
    expect(text).toContain('peerfold_hasher_origin_findings_total{finding="missing"} 1');
    expect(text).toContain('peerfold_hasher_origin_bytes_total{outcome="digest"} 3');
    expect(text).toContain('peerfold_hasher_look_duration_seconds_count{outcome="refused"} 1');
    expect(text).toContain('peerfold_hasher_token_age_seconds_count 1');
    expect(text).toContain('peerfold_hasher_live_roots 1');
    expect(text).not.toMatch(/a\.bin|127\.0\.0\.1|example/);
  });

  it('close twice, also while an origin hangs, and leave no timer', async () => {
    const bench = await Bench.start();
    bench.origin.on('/a.bin', () => undefined);
    const asked = bench.askOnce('/a.bin').catch(() => undefined);
    while (bench.origin.requests.length === 0) await bench.clock.advance(0);
    await bench.clock.advance(100);
    await asked;
    await bench.hasher.close();
    await bench.hasher.close();
    expect(bench.clock.pending).toBe(0);
  });
});
