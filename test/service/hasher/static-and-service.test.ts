import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { disableSite, signSite } from '../../../hasher-service/index.js';
import { hashedName } from '../../../hasher-service/state/names.js';
import type { Clock } from '../../../src/core/clock.js';
import { RemoteKeys } from '../../../src/verify/keys.js';
import { verifyDigest, verifyPolicy } from '../../../src/verify/statements.js';
import { BUILT_HASHING } from '../../support/built-hashing.js';
import { seededBytes } from '../../support/random.js';
import { Bench, SITE, startOrigin, temporaryDirectory } from './harness.js';

const DEMO = join(import.meta.dirname, '../../../demo-site/public');
const KIB = 1024;
const MIB = 1024 * KIB;
/** Around every boundary of leaves, pieces and piece lengths that fits a test. */
const LENGTHS = [
  ...[1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 200 * KIB],
  ...[MIB, 3 * MIB + 7, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB + 12_345],
];

/** A site's files by path, with a film and a picture that are real. */
async function files(): Promise<Map<string, Uint8Array>> {
  const random = seededBytes(11);
  const made = new Map(LENGTHS.map((length) => [`made/${length}.webm`, random(length)]));
  for (const path of ['media/video/tides.mp4', 'media/images/03-paper-currents.png'])
    made.set(path, await readFile(join(DEMO, path)));
  return made;
}

/** Serves signed files below a path, as a web server would, and reads them as visitors do. */
async function visitorsOf(out: string, clock: Clock) {
  const server = await startOrigin();
  const publish = async (): Promise<void> => {
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      server.serve(`/static${path.slice(out.length)}`, await readFile(path));
    }
  };
  const hasher = `${server.url}/static`;
  const using = { clock, keys: new RemoteKeys({ hasher, fetch, clock }) };
  const text = async (path: string) => (await fetch(hasher + path)).text();
  return {
    publish,
    digest: async (url: string) => verifyDigest(await text(`/v1/d/${hashedName(url)}`), SITE, using),
    policy: async () => verifyPolicy(await text('/v1/policy'), SITE, using),
    layer: (root: string) => fetch(`${hasher}/v1/layers/${root}`),
  };
}

describe('what is signed beforehand', () => {
  it('is what the running service signs for the same bytes', async () => {
    const origin = await startOrigin();
    const directory = await temporaryDirectory();
    const site = await files();
    for (const [path, bytes] of site) {
      await mkdir(join(directory, dirname(path)), { recursive: true });
      await writeFile(join(directory, path), bytes);
      const type = { webm: 'video/webm', mp4: 'video/mp4', png: 'image/png' }[path.split('.').at(-1) ?? ''];
      origin.serve(`/${path}`, bytes, { 'content-type': type ?? '' });
    }
    const bench = await Bench.start({ origin });
    const data = join(await temporaryDirectory(), 'data');
    const report = await signSite({ directory, site: SITE, data }, { clock: bench.clock, ...BUILT_HASHING });
    expect(report.signed).toEqual([...site.keys()].sort());
    const visitors = await visitorsOf(join(directory, '.peerfold'), bench.clock);
    await visitors.publish();

    for (const path of site.keys()) {
      const { digest } = await bench.ask(`/${path}`);
      const checked = await visitors.digest(`${SITE}/${path}`);
      if (checked.verdict !== 'verified' || !digest) throw new Error(`${path} is not signed`);
      const { sub, root, len, piece, dur, hdr } = digest;
      expect(checked.claims, path).toMatchObject({ sub, root, len, piece });
      expect(checked.claims.dur, path).toBe(dur);
      expect(checked.claims.hdr['content-type'], path).toBe(hdr['content-type']);
      if (len > piece) {
        const [service, signed] = await Promise.all([bench.get(`/v1/layers/${root}`), visitors.layer(root)]);
        expect(Buffer.from(await signed.arrayBuffer()).equals(Buffer.from(await service.arrayBuffer()))).toBe(
          true,
        );
      }
    }
    const film = await visitors.digest(`${SITE}/media/video/tides.mp4`);
    expect(film.verdict === 'verified' && film.claims.dur).toBeGreaterThan(1);
  });

  it('is switched off by what is published next', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'a.jpg'), 'a');
    const { clock } = await Bench.start();
    const data = join(await temporaryDirectory(), 'data');
    const options = { directory, site: SITE, data };
    const visitors = await visitorsOf(join(directory, '.peerfold'), clock);
    await signSite(options, { clock, ...BUILT_HASHING });
    await visitors.publish();
    expect(await visitors.policy()).toMatchObject({ verdict: 'verified', claims: { enabled: true } });
    await disableSite(options, { clock });
    await visitors.publish();
    expect(await visitors.policy()).toMatchObject({ verdict: 'verified', claims: { enabled: false } });
  });

  it('options that cannot be meant are named, all of them', async () => {
    const options = {
      directory: '.',
      site: 'www.example.com',
      life: 'long',
      base: 'x y',
      include: ['media'],
    };
    await expect(signSite(options)).rejects.toMatchObject({ code: 'bad-config' });
    await expect(signSite(options)).rejects.toThrow(/site: .*life: .*base: .*include/);
  });
});
