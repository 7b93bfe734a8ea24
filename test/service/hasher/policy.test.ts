import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHasher } from '../../../hasher-service/index.js';
import { prefixOf } from '../../../src/core/brands.js';
import { careOf, errorOf, policyOf, purge, signed, halfRead } from './asks.js';
import { Bench, SITE, temporaryDirectory } from './harness.js';

const FOREVER = Number.MAX_SAFE_INTEGER;

async function write(bench: Bench, policy: unknown): Promise<void> {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
  await writeFile(join(bench.data, 'policy.json'), text);
  await bench.clock.advance(1000);
}

describe('policy', () => {
  it('lets everybody take part when there is no file', async () => {
    const bench = await Bench.start();
    expect(await policyOf(bench)).toMatchObject({
      enabled: true,
      minEpoch: 0,
      rollout: 1,
      revoked: [],
      aud: SITE,
    });
  });

  it('follows the file and lives five minutes', async () => {
    const bench = await Bench.start();
    await write(bench, { enabled: false, rollout: 0.5, revoked: ['/a.bin', { of: '/b/*', before: 7 }] });
    const policy = await policyOf(bench);
    expect(policy).toMatchObject({ enabled: false, rollout: 0.5 });
    expect(policy.revoked).toEqual([
      { of: '/a.bin', before: FOREVER },
      { of: '/b/*', before: 7 },
    ]);
    expect(policy.exp - policy.iat).toBe(300);
    await rm(join(bench.data, 'policy.json'));
    await bench.clock.advance(1000);
    expect(await policyOf(bench)).toMatchObject({ enabled: true });
  });

  const UNUSABLE = [
    '',
    '{',
    '[]',
    '{"enabled":"no"}',
    '{"rollout":2}',
    '{"enbled":false}',
    '{"minEpoch":-1}',
    '{"minEpoch":1e15}',
    '{"revoked":["media/*"]}',
    '{"revoked":[{"of":"/a"}]}',
    JSON.stringify({ revoked: Array.from({ length: 5001 }, (_, i) => `/${i}`) }),
    JSON.stringify({ revoked: Array.from({ length: 200 }, (_, i) => `/${i}/${'x'.repeat(4000)}`) }),
  ];
  it.each(UNUSABLE.map((text) => [text.slice(0, 40), text]))(
    'keeps the last good one when the file is %s',
    async (_shown, text) => {
      const bench = await Bench.start();
      await write(bench, { enabled: false, minEpoch: 2 });
      await policyOf(bench);
      await write(bench, text);
      expect(await policyOf(bench)).toMatchObject({ enabled: false, minEpoch: 2 });
    },
  );

  it.each(['policy', 'purges'])('that cannot be read at the start is named: %s', async (name) => {
    const data = await temporaryDirectory();
    await writeFile(join(data, `${name}.json`), '{"enabled":"no"}');
    const failure = createHasher({ sites: [SITE], data, logLevel: 'silent' });
    await expect(failure).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(`${name}.json`),
    });
  });

  it('keeps its epoch when the file lowers or loses it, also across a restart', async () => {
    const bench = await Bench.start();
    await write(bench, { minEpoch: 4 });
    expect(await policyOf(bench)).toMatchObject({ minEpoch: 4 });
    await write(bench, { minEpoch: 1, rollout: 0.5 });
    expect(await policyOf(bench)).toMatchObject({ minEpoch: 4, rollout: 0.5 });
    await rm(join(bench.data, 'policy.json'));
    await bench.hasher.close();
    const again = await Bench.start({ origin: bench.origin, data: bench.data, clock: bench.clock });
    expect(await policyOf(again)).toMatchObject({ minEpoch: 4 });
  });

  it('is never older than the one before, although the clock is set back', async () => {
    const bench = await Bench.start();
    const { ver, iat } = await policyOf(bench);
    bench.clock.jump(-600_000);
    const later = await policyOf(bench);
    expect(later.ver).toBeGreaterThanOrEqual(ver);
    expect(later.iat).toBe(iat - 600);
  });

  it('voids earlier tokens by epoch, which are made anew', async () => {
    const bench = await Bench.start();
    const before = await signed(bench);
    await write(bench, { minEpoch: 5 });
    expect((await bench.live(before)).size).toBe(0);
    const { digest } = await bench.ask('/a.bin');
    expect(digest).toMatchObject({ epoch: 5, root: before.root });
    expect((await bench.live(before)).size).toBe(1);
  });

  it('does not carry bytes that were fetched before a new epoch into it', async () => {
    const bench = await Bench.start();
    const { asked, finish } = await halfRead(bench);
    await write(bench, { minEpoch: 5 });
    await asked;
    await policyOf(bench);
    bench.origin.serve('/a.bin', 'new!');
    finish();
    expect((await bench.ask('/a.bin')).digest).toMatchObject({ epoch: 5, len: 4 });
    expect(bench.origin.requests).toHaveLength(2);
  });

  it('takes revoked URLs and roots, and everything when switched off, out of the live roots', async () => {
    const bench = await Bench.start();
    const claims = [
      await signed(bench),
      await signed(bench, '/b.bin', 'b'),
      await signed(bench, '/c.bin', 'c'),
    ];
    const [a, b] = claims;
    await write(bench, { revoked: [a?.sub, b?.root] });
    expect(Array.from((await bench.live(...claims)).keys())).toEqual(
      claims.slice(2).map(({ root }) => prefixOf(root)),
    );
    await write(bench, { enabled: false });
    expect((await bench.live(...claims)).size).toBe(0);
  });

  it('is for the site that asks', async () => {
    const other = 'https://other.example';
    const bench = await Bench.start({ options: { sites: [SITE, other] } });
    expect(await policyOf(bench)).toMatchObject({ aud: SITE });
    expect((await bench.get(`/v1/policy?site=${other}`, {})).status).toBe(200);
    expect(await errorOf(await bench.get('/v1/policy', {}))).toEqual([403, 'unknown-site']);
    expect(await errorOf(await bench.get('/v1/policy?site=https://evil.example', {}))).toEqual([
      403,
      'unknown-site',
    ]);
    expect(await errorOf(await bench.get(`/v1/policy?site=${other}`))).toEqual([403, 'wrong-origin']);
  });

  it('that is as large as it may be can be read by visitors', async () => {
    const bench = await Bench.start();
    const roots = Array.from({ length: 5000 }, (_, i) => i.toString(16).padStart(64, '0'));
    await write(bench, { revoked: roots });
    const name = 'x'.repeat(50);
    for (let batch = 0; batch < 4; batch++) {
      const patterns = Array.from({ length: 1000 }, (_, i) => `/${name}/${batch}/${i}`);
      expect((await purge(bench, { patterns })).status).toBe(200);
    }
    expect((await policyOf(bench)).revoked).toHaveLength(9000);
  });
});

describe('peerfold policy', () => {
  async function benchAndCare() {
    const bench = await Bench.start();
    const care = careOf(bench);
    const after = async (done: Promise<void>) => {
      await done;
      await bench.clock.advance(1000);
      return policyOf(bench);
    };
    return { bench, care, after };
  }

  it('changes what a running service tells within a second', async () => {
    const { care, after } = await benchAndCare();
    expect(await after(care.enable(false))).toMatchObject({ enabled: false });
    expect(await after(care.enable(true))).toMatchObject({ enabled: true });
    expect(await after(care.rollOut(0.25))).toMatchObject({ rollout: 0.25 });
    expect((await after(care.revoke('HTTPS://www.example.com/a b.jpg'))).revoked).toEqual([
      { of: 'https://www.example.com/a%20b.jpg', before: FOREVER },
    ]);
    expect(await after(care.allow('https://www.example.com/a%20b.jpg'))).toMatchObject({
      revoked: [],
      rollout: 0.25,
    });
  });

  it('keeps what a person wrote into the file', async () => {
    const { bench, care } = await benchAndCare();
    await write(bench, '{"revoked":["/a.bin"]}');
    await care.rollOut(0.5);
    await care.revoke('/b/*');
    await care.revoke('/b/*');
    expect(JSON.parse(await readFile(join(bench.data, 'policy.json'), 'utf8'))).toEqual({
      enabled: true,
      minEpoch: 0,
      rollout: 0.5,
      revoked: ['/a.bin', '/b/*'],
    });
  });

  it('refuses what cannot be meant, and leaves the file alone', async () => {
    const { bench, care } = await benchAndCare();
    await expect(care.revoke('media/*')).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('"media/*"'),
    });
    await expect(care.allow('/a')).rejects.toThrow('/a is not revoked');
    await write(bench, '{"enabled":');
    await expect(care.enable(false)).rejects.toThrow('policy.json cannot be used: not JSON');
    expect(await readFile(join(bench.data, 'policy.json'), 'utf8')).toBe('{"enabled":');
  });

  it('shows both documents', async () => {
    const { bench, care } = await benchAndCare();
    await care.revoke('/a.bin');
    await care.purge({ of: '/b/*' });
    expect((await care.show()).purges.orders).toEqual([{ of: '/b/*' }]);
    await bench.clock.advance(1000);
    await policyOf(bench);
    const { operator, purges } = await care.show();
    expect(operator.revoked).toEqual([{ of: '/a.bin', before: FOREVER }]);
    expect(purges).toMatchObject({ orders: [], revoked: [{ of: '/b/*', at: bench.clock.now() }] });
  });
});
