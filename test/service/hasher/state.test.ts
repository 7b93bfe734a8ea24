import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHasher, rootsTokenOf } from '../../../hasher-service/index.js';
import { prefixOf } from '../../../src/core/brands.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededBytes } from '../../support/random.js';
import { eventually } from '../../support/until.js';
import { Bench, SITE, asSite, startOrigin, temporaryDirectory } from './harness.js';

const PICTURE = seededBytes(3)(100_000);

function fileOf(data: string, path: string): string {
  return join(
    data,
    'v1/d',
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

describe('the index', () => {
  /** Signed by one service after another on the same directory, whose clock may be set. */
  async function signedMany(count: number) {
    const before = await stopped();
    const paths = Array.from({ length: count }, (_, i) => `/${i}.bin`);
    const bench = await before.again();
    paths.forEach((path, i) => before.origin.serve(path, `content ${i}`));
    const digests = await Promise.all(paths.map(async (path) => (await bench.ask(path)).digest));
    await bench.hasher.close();
    return { ...before, digests: digests.filter((digest) => digest !== undefined), paths };
  }

  it('answers for roots whose files were not read yet', async () => {
    const before = await signedMany(40);
    // Nobody could read these: who answers for their roots has not.
    for (const path of before.paths) await writeFile(fileOf(before.data, path), 'torn');
    const bench = await before.again();
    expect((await bench.get('/readyz')).status).toBe(200);
    expect((await bench.live(...before.digests)).size).toBe(40);
    // The survey rests after the first ones, and finds them all out when it goes on.
    await eventually(async () => {
      await bench.clock.advance(20);
      expect((await bench.live(...before.digests)).size).toBe(0);
    });
    const broken = await bench.ask(before.paths[39] ?? '');
    expect(broken.digest?.ver).toBeGreaterThan(before.digests[39]?.ver ?? Infinity);
  });

  it.each(['missing', 'foreign', 'torn'])('is made anew from the files when it is %s', async (how) => {
    const before = await signedMany(150);
    const path = join(before.data, 'index', 'journal');
    const text = await readFile(path, 'utf8');
    if (how === 'missing') await rm(path);
    if (how === 'foreign') await writeFile(path, 'x'.repeat(100_000));
    if (how === 'torn') await writeFile(path, text.slice(0, text.length / 2));
    const bench = await before.again();
    const early = await bench.hasher.app.inject('/readyz');
    expect([early.statusCode, early.json<{ error: { code: string } }>().error.code]).toEqual([
      503,
      'indexing',
    ]);
    expect((await bench.live(...before.digests)).size).toBe(150);
    expect((await bench.get('/readyz')).status).toBe(200);
    await bench.hasher.close();
    const next = await before.again();
    expect((await next.hasher.app.inject('/readyz')).statusCode).toBe(200);
    expect(before.origin.requests).toHaveLength(151);
  });

  it('remembers the versions of files that were lost, although the clock was set back', async () => {
    const before = await stopped();
    await rm(join(before.data, 'v1'), { recursive: true });
    before.clock.jump(-7200_000);
    const bench = await before.again();
    expect((await bench.live(before.digest)).size).toBe(0);
    expect((await bench.ask('/a.bin')).digest?.ver).toBeGreaterThan(before.digest.ver);
  });

  it.each(['/nowhere', '/nowhere?unknown=1'])(
    'remembers the version of a refusal that is not worth a file: %s',
    async (path) => {
      const before = await stopped();
      const first = await before.again();
      before.clock.jump(60_000);
      const { refusal } = await first.ask(path);
      await first.hasher.close();
      expect(await readdir(join(before.data, 'v1/d'))).toHaveLength(1);
      before.clock.jump(-7200_000);
      before.origin.serve(path, 'here now');
      const bench = await Bench.start({ ...before, options: { keepQueries: ['*'] } });
      expect((await bench.ask(path)).digest?.ver).toBeGreaterThan(refusal?.ver ?? Infinity);
    },
  );
});

it('is fetched once for a thousand visitors who ask at once', async () => {
  const bench = await Bench.start({ options: { requestsPerSecond: 10_000 } });
  bench.origin.serve('/a.bin', PICTURE);
  const answers = await Promise.all(Array.from({ length: 1000 }, () => bench.askOnce('/a.bin')));
  expect((await bench.ask('/a.bin')).digest).toBeDefined();
  expect(new Set(answers.map(({ jws }) => jws)).size).toBeLessThanOrEqual(2);
  expect(bench.origin.requests).toHaveLength(1);
});

it('a layer that is lost while the service runs is made anew', async () => {
  const bench = await Bench.start();
  bench.origin.serve('/a.bin', PICTURE, { etag: '"1"' });
  const { digest } = await bench.ask('/a.bin');
  await rm(join(bench.data, 'v1/layers', digest?.root ?? ''));
  expect((await bench.get(`/v1/layers/${digest?.root}`)).status).toBe(404);
  const again = await bench.ask('/a.bin');
  expect(again.digest?.root).toBe(digest?.root);
  expect((await bench.get(`/v1/layers/${digest?.root}`)).status).toBe(200);
  expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
    undefined,
    undefined,
  ]);
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
    await eventually(async () => {
      expect((await bench.live(before.digest)).size).toBe(0);
    });
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
    const layer = join(before.data, 'v1/layers', before.digest.root);
    if (how === 'gone') await rm(layer);
    else await writeFile(layer, 'short');
    const bench = await before.again();
    await bench.ask('/a.bin');
    expect(before.origin.requests).toHaveLength(2);
    expect((await stat(layer)).size).toBe(64);
  });

  it('are cleared away when a killed process left them', async () => {
    const before = await stopped();
    const folders = ['v1/d', 'v1/layers', 'index'].map((folder) => join(before.data, folder));
    await Promise.all(folders.map((folder) => writeFile(join(folder, 'abc.1.unfinished'), 'half')));
    await before.again();
    await eventually(async () => {
      const names = await Promise.all(folders.map((folder) => readdir(folder)));
      expect(names.flat()).not.toContain('abc.1.unfinished');
    });
  });
});

it('old statements and their layers are cleared away', async () => {
  const before = await stopped();
  await before.clock.advance(8 * 24 * 3600_000);
  before.clock.jump(Date.now());
  await before.again();
  await eventually(async () => {
    expect(await readdir(join(before.data, 'v1/d'))).toEqual([]);
    expect(await readdir(join(before.data, 'v1/layers'))).toEqual([]);
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
  await mkdir(join(bench.data, 'v1'));
  await writeFile(join(bench.data, 'v1/layers'), 'in the way');
  bench.origin.serve('/a.bin', PICTURE);
  expect(await bench.codeOf('/a.bin')).toBe('store-failed');
  await rm(join(bench.data, 'v1/layers'));
  await bench.clock.advance(31_000);
  expect(await bench.codeOf('/a.bin')).toBe('signed');
});

it('the token for trackers is made once, for the owner only', async () => {
  const data = await temporaryDirectory();
  const token = await rootsTokenOf(data);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(await rootsTokenOf(data)).toBe(token);
  expect(await modeOf(join(data, 'roots-token'))).toBe('600');
  const hasher = await createHasher({ sites: [SITE], data, logLevel: 'silent' });
  expect(hasher.rootsToken).toBe(token);
  await hasher.close();
});
