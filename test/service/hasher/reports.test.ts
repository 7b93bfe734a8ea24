import { describe, expect, it, vi } from 'vitest';
import type { DigestClaims } from '../../../src/protocol/hasher.js';
import { errorOf, report, signed } from './asks.js';
import { Bench, SITE, asSite } from './harness.js';

/** Reports by so many visitors, one after the other. */
async function reportedBy(bench: Bench, visitors: number, claims: DigestClaims): Promise<void> {
  for (let i = 0; i < visitors; i++) {
    const { receipt } = await bench.admission(claims.aud);
    expect((await report(bench, claims, receipt)).status).toBe(204);
  }
}

async function codeOf(bench: Bench, path = '/a.bin'): Promise<string> {
  const { digest, refusal } = await bench.ask(path);
  return digest ? 'signed' : (refusal?.code ?? '');
}

describe('reports', () => {
  it('by three visitors withdraw a URL for an hour, across a restart', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    await reportedBy(bench, 2, claims);
    expect((await bench.ask('/a.bin')).digest).toEqual(claims);
    await reportedBy(bench, 1, claims);
    const { refusal } = await bench.ask('/a.bin');
    expect(refusal).toMatchObject({ code: 'reported' });
    expect(refusal?.ver).toBeGreaterThan(claims.ver);
    expect((await bench.live(claims)).size).toBe(0);
    await bench.hasher.close();
    const again = await Bench.start({ origin: bench.origin, data: bench.data, clock: bench.clock });
    expect((await again.live(claims)).size).toBe(0);
    expect((await again.ask('/a.bin')).refusal).toEqual(refusal);
    await again.clock.advance(3600_000);
    expect((await again.ask('/a.bin')).digest?.root).toBe(claims.root);
  });

  it('have the origin looked at again without a condition; the same bytes change nothing', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', 'abc', { etag: '"1"' });
    const { digest } = await bench.ask('/a.bin');
    if (digest) await reportedBy(bench, 3, digest);
    await vi.waitFor(() => {
      expect(bench.origin.requests).toHaveLength(2);
    });
    await bench.clock.advance(0);
    expect(await codeOf(bench)).toBe('reported');
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('that are right heal: the new bytes are signed in place of the refusal', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    bench.origin.serve('/a.bin', 'new!');
    await reportedBy(bench, 3, claims);
    await vi.waitFor(async () => {
      expect((await bench.ask('/a.bin')).digest?.len).toBe(4);
    });
    expect((await bench.live(claims)).size).toBe(0);
    const { digest } = await bench.ask('/a.bin');
    if (digest) expect((await bench.live(digest)).size).toBe(1);
  });

  it('withdraw at once, also while the origin hangs', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    bench.origin.on('/a.bin', () => undefined);
    await reportedBy(bench, 3, claims);
    expect((await bench.askOnce('/a.bin')).refusal?.code).toBe('reported');
  });

  it.each([
    [
      'gone',
      (bench: Bench) => bench.origin.on('/a.bin', (_request, response) => response.writeHead(404).end()),
    ],
    ['private', (bench: Bench) => bench.origin.serve('/a.bin', 'new!', { 'cache-control': 'private' })],
  ])('stand when the file is %s by now', async (_how, change) => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    change(bench);
    await reportedBy(bench, 3, claims);
    await vi.waitFor(() => {
      expect(bench.origin.requests).toHaveLength(2);
    });
    await bench.clock.advance(0);
    expect(await codeOf(bench)).toBe('reported');
  });

  it('about a file that differs each time cost one look an hour', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    bench.origin.serve('/a.bin', 'new!');
    await reportedBy(bench, 3, claims);
    await vi.waitFor(async () => {
      expect(await codeOf(bench)).toBe('signed');
    });
    const { digest } = await bench.ask('/a.bin');
    bench.origin.serve('/a.bin', 'newer');
    if (digest) await reportedBy(bench, 3, digest);
    await bench.clock.advance(0);
    expect(await codeOf(bench)).toBe('reported');
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('by one visitor count once', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    const { receipt } = await bench.admission();
    for (let i = 0; i < 5; i++) await report(bench, claims, receipt);
    expect((await bench.ask('/a.bin')).digest).toEqual(claims);
  });

  it('about another root, or a URL never signed, count for nothing', async () => {
    const bench = await Bench.start({ options: { reportThreshold: 1 } });
    const claims = await signed(bench);
    const other = await signed(bench, '/b.bin', 'b');
    const { receipt } = await bench.admission();
    expect((await report(bench, { ...claims, root: other.root }, receipt)).status).toBe(204);
    const sub = `${claims.sub}.never` as DigestClaims['sub'];
    expect((await report(bench, { ...claims, sub }, receipt)).status).toBe(204);
    expect((await bench.ask('/a.bin')).digest).toEqual(claims);
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('about another spelling of a URL are about the URL', async () => {
    const bench = await Bench.start({ options: { dropQueries: ['/a.bin?utm_*'], reportThreshold: 1 } });
    bench.origin.serve('/a.bin', 'abc');
    const { digest } = await bench.ask('/a.bin?utm_source=x');
    if (digest) await reportedBy(bench, 1, digest);
    expect(await codeOf(bench)).toBe('reported');
  });

  it('from one address are sixty in an hour', async () => {
    const bench = await Bench.start();
    const claims = await signed(bench);
    const { receipt } = await bench.admission();
    for (let i = 0; i < 60; i++) expect((await report(bench, claims, receipt)).status).toBe(204);
    expect(await errorOf(await report(bench, claims, receipt))).toEqual([429, 'rate']);
    await bench.clock.advance(60_000);
    expect((await report(bench, claims, receipt)).status).toBe(204);
    expect((await report(bench, claims, receipt)).status).toBe(429);
  });
});

describe('a receipt', () => {
  it('must be that of a current admission of this service to this site', async () => {
    const other = asSite('https://other.example');
    const options = { sites: [SITE, other], reportThreshold: 1 };
    const bench = await Bench.start({ options });
    const claims = await signed(bench);
    const stranger = await Bench.start({ origin: bench.origin, options });
    const { jws = '' } = await bench.ask('/a.bin');
    const { admission, receipt } = await bench.admission();
    const forged = {
      admission,
      'of another service': (await stranger.admission()).receipt,
      'of another site': (await bench.admission(other)).receipt,
      token: jws,
      garbage: 'a.b.c',
    };
    for (const [what, shown] of Object.entries(forged))
      expect(await errorOf(await report(bench, claims, shown)), what).toEqual([403, 'bad-receipt']);
    await bench.clock.advance(700_000);
    expect(await errorOf(await report(bench, claims, receipt))).toEqual([403, 'bad-receipt']);
    expect((await bench.ask('/a.bin')).digest).toEqual(claims);
  });

  it('ends with its admission, and is made out to the same key', async () => {
    const bench = await Bench.start();
    const { admission, receipt } = await bench.admission();
    const [a, r] = [admission, receipt].map(
      (jws) =>
        JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>,
    );
    expect(r).toEqual({ iss: a?.['iss'], aud: SITE, jkt: a?.['jkt'], iat: a?.['iat'], exp: a?.['exp'] });
  });
});
