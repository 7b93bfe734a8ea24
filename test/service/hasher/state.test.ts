import { createHash } from 'node:crypto';
import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createHasher, listKeys, newKey, rootsTokenOf } from '../../../hasher-service/index.js';
import { prefixOf } from '../../../src/core/brands.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededBytes } from '../../support/random.js';
import { Bench, SITE, asSite, startOrigin, temporaryDirectory } from './harness.js';

const PICTURE = seededBytes(3)(100_000);

function fileOf(data: string, path: string): string {
  return join(
    data,
    'd',
    createHash('sha256')
      .update(SITE + path)
      .digest('hex'),
  );
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

/** One service that signed `/a.bin` and stopped; `again` starts the next on the same directory. */
async function stopped(data?: string) {
  const origin = await startOrigin();
  const clock = new FakeClock();
  origin.serve('/a.bin', PICTURE, { etag: '"1"' });
  const bench = await Bench.start({ origin, clock, data: data ?? (await temporaryDirectory()) });
  const answer = await bench.ask('/a.bin');
  if (!answer.digest || answer.jws === undefined) throw new Error('not signed');
  await bench.hasher.close();
  const again = () => Bench.start({ origin, clock, data: bench.data });
  return { origin, clock, again, data: bench.data, digest: answer.digest, jws: answer.jws };
}

describe('after a restart', () => {
  it('tokens are given out and roots are live without a fetch', async () => {
    const before = await stopped();
    expect(await readFile(fileOf(before.data, '/a.bin'), 'utf8')).toBe(before.jws);
    const bench = await before.again();
    const live = await bench.live(before.digest);
    expect(live.get(prefixOf(before.digest.root))).toBe(before.digest.exp);
    expect((await bench.ask('/a.bin')).jws).toBe(before.jws);
    expect((await bench.get(`/v1/layers/${before.digest.root}`)).status).toBe(200);
    expect(before.origin.requests).toHaveLength(1);
  });

  it('an expired token is renewed without a download', async () => {
    const before = await stopped();
    await before.clock.advance(3601_000);
    const bench = await before.again();
    await bench.ask('/a.bin');
    expect(before.origin.requests[1]?.headers['if-none-match']).toBe('"1"');
  });

  it('versions go on rising although the clock was set back', async () => {
    const before = await stopped();
    before.clock.jump(-7200_000);
    await writeFile(join(before.data, 'policy.json'), '{"minEpoch":1}');
    const bench = await before.again();
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.epoch).toBe(1);
    expect(digest?.ver).toBeGreaterThan(before.digest.ver);
  });

  it('what was refused for good is still refused', async () => {
    const before = await stopped();
    const first = await before.again();
    before.origin.serve('/p.bin', PICTURE, { 'cache-control': 'private' });
    const { jws } = await first.ask('/p.bin');
    await first.hasher.close();
    const second = await before.again();
    expect((await second.ask('/p.bin')).jws).toBe(jws);
    expect(before.origin.seen('/p.bin')).toHaveLength(1);
  });
});

describe('files that cannot be trusted', () => {
  const TORN: readonly (readonly [string, (jws: string) => string])[] = [
    ['torn', (jws) => jws.slice(0, -7)],
    ['empty', () => ''],
    ['zeros', (jws) => '\0'.repeat(jws.length)],
    ['garbage', () => 'not a token'],
    ['too long', (jws) => jws + 'A'.repeat(9000)],
    ['altered', (jws) => flipped(jws)],
  ];
  it.each(TORN)('are dropped and made anew: %s', async (_name, damage) => {
    const before = await stopped();
    await writeFile(fileOf(before.data, '/a.bin'), damage(before.jws));
    const bench = await before.again();
    expect((await bench.live(before.digest)).size).toBe(0);
    expect((await bench.ask('/a.bin')).digest?.root).toBe(before.digest.root);
    expect(before.origin.requests).toHaveLength(2);
  });

  function flipped(jws: string): string {
    const at = jws.indexOf('.') + 20;
    return jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1);
  }

  it('are dropped when another key signed them', async () => {
    const before = await stopped();
    const other = await stopped();
    await writeFile(fileOf(before.data, '/a.bin'), other.jws);
    const bench = await before.again();
    expect((await bench.ask('/a.bin')).jws).not.toBe(other.jws);
    expect(before.origin.requests).toHaveLength(2);
  });

  it('are dropped when they are about another URL', async () => {
    const before = await stopped();
    await writeFile(fileOf(before.data, '/b.bin'), before.jws);
    before.origin.serve('/b.bin', 'b');
    const bench = await before.again();
    expect((await bench.ask('/b.bin')).digest?.len).toBe(1);
  });

  it.each(['gone', 'short'])('are dropped when their layer is %s', async (how) => {
    const before = await stopped();
    const layer = join(before.data, 'layers', before.digest.root);
    if (how === 'gone') await rm(layer);
    else await writeFile(layer, 'short');
    const bench = await before.again();
    await bench.ask('/a.bin');
    expect(before.origin.requests).toHaveLength(2);
    expect((await stat(layer)).size).toBe(64);
  });

  it('are cleared away when a killed process left them', async () => {
    const before = await stopped();
    const left = ['d', 'layers'].map((folder) => join(before.data, folder, 'abc.1.unfinished'));
    await Promise.all(left.map((path) => writeFile(path, 'half')));
    await before.again();
    const names = await Promise.all(['d', 'layers'].map((folder) => readdir(join(before.data, folder))));
    expect(names.flat().filter((name) => name.endsWith('.unfinished'))).toEqual([]);
  });
});

it('old statements and their layers are cleared away', async () => {
  const before = await stopped();
  await before.clock.advance(8 * 24 * 3600_000);
  before.clock.jump(Date.now());
  await before.again();
  await vi.waitFor(async () => {
    expect(await readdir(join(before.data, 'd'))).toEqual([]);
    expect(await readdir(join(before.data, 'layers'))).toEqual([]);
  });
});

it('two sites keep their statements for one URL apart', async () => {
  const other = asSite('https://other.example');
  const data = await temporaryDirectory();
  const bench = await Bench.start({ data, options: { sites: [SITE, other] } });
  bench.origin.serve('/a.bin', 'abc', { 'access-control-allow-origin': '*' });
  const answers = [await bench.ask('/a.bin'), await bench.ask('/a.bin', other)];
  await bench.hasher.close();
  const again = await Bench.start({
    data,
    origin: bench.origin,
    clock: bench.clock,
    options: { sites: [SITE, other] },
  });
  expect([await again.ask('/a.bin'), await again.ask('/a.bin', other)]).toEqual(answers);
  expect(bench.origin.requests).toHaveLength(2);
});

it('a directory that cannot be written costs no more than the token', async () => {
  const bench = await Bench.start();
  await writeFile(join(bench.data, 'layers'), 'in the way');
  bench.origin.serve('/a.bin', PICTURE);
  expect(await bench.codeOf('/a.bin')).toBe('store-failed');
  await rm(join(bench.data, 'layers'));
  await bench.clock.advance(31_000);
  expect(await bench.codeOf('/a.bin')).toBe('signed');
});

describe('keys', () => {
  it('are made once, for the owner only, and keep their private part', async () => {
    const before = await stopped();
    const [key] = await listKeys(before.data);
    expect(key).toMatchObject({ alg: 'Ed25519', created: before.clock.now() });
    expect(await modeOf(join(before.data, 'keys'))).toBe('700');
    expect(await modeOf(join(before.data, 'keys', `${key?.kid}.json`))).toBe('600');
    const bench = await before.again();
    const set = await (await bench.get('/.well-known/jwks.json')).json();
    expect(set).toEqual({
      keys: [
        { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: key?.kid, alg: 'Ed25519', use: 'sig' },
      ],
    });
  });

  it('may be of P-256, and the newest signs while older ones stay trusted', async () => {
    const before = await stopped();
    const { kid } = await newKey(before.data, { alg: 'ES256' });
    const bench = await before.again();
    expect((await bench.ask('/a.bin')).jws).toBe(before.jws);
    before.origin.serve('/b.bin', 'b');
    const { jws = '' } = await bench.ask('/b.bin');
    expect(JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      kid,
      alg: 'ES256',
    });
    expect((await listKeys(before.data)).map(({ alg }) => alg)).toEqual(['Ed25519', 'ES256']);
  });

  it('are refused when others may read them', async () => {
    const { data } = await stopped();
    const [key] = await listKeys(data);
    await chmod(join(data, 'keys', `${key?.kid}.json`), 0o640);
    await expect(createHasher({ sites: [SITE], data, logLevel: 'silent' })).rejects.toThrow(
      /mode 640.*chmod 600/,
    );
  });

  it.each([
    '',
    '{}',
    'null',
    '{"kty":"oct","k":"c2VjcmV0LXBhcnQ","kid":"a","created":1}',
    '{"kty":"OKP","d":"c2VjcmV0LXBhcnQ',
  ])('are refused without being quoted when they are broken: %s', async (text) => {
    const { data } = await stopped();
    const path = join(data, 'keys', 'broken.json');
    await writeFile(path, text, { mode: 0o600 });
    const failure = await createHasher({ sites: [SITE], data, logLevel: 'silent' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'bad-config' });
    expect(String(failure)).toContain(path);
    expect(String(failure)).not.toContain('c2VjcmV0');
  });

  it('are no more than verifiers read', async () => {
    const data = await temporaryDirectory();
    for (let i = 0; i < 16; i++) await newKey(data);
    await expect(newKey(data)).rejects.toThrow(/16 keys/);
  });
});

it('the token for trackers is made once, for the owner only', async () => {
  const data = await temporaryDirectory();
  const token = await rootsTokenOf(data);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(await rootsTokenOf(data)).toBe(token);
  expect(await modeOf(join(data, 'roots-token'))).toBe('600');
  const hasher = await createHasher({ sites: [SITE], data, logLevel: 'silent' });
  expect(hasher.rootsToken).toBe(token);
  await hasher.close();
});
