import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Archive } from '../../../hasher-service/state/archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededBytes } from '../../support/random.js';
import { eventually } from '../../support/until.js';
import { OTHER_SITE, SITE, Scribe, urlOf } from '../../support/scribe.js';
import { Ear, describeState } from '../../support/state-conformance.js';
import { temporaryDirectory } from './harness.js';

const SITES = [SITE, OTHER_SITE];

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fileOf(data: string, site: string, url: string): string {
  const suffix = site === SITE ? '' : `.${sha256Hex(site).slice(0, 16)}`;
  return join(data, 'v1/d', sha256Hex(url) + suffix);
}

async function plantFile(path: string, content: string | Uint8Array | undefined): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (content === undefined) await rm(path);
  else await writeFile(path, content);
}

describeState('files', async (clock) => {
  const data = await temporaryDirectory();
  const scribe = await Scribe.open(data, clock);
  return {
    scribe,
    make: () => Promise.resolve(scribe.archive(data, SITES)),
    plant: (site, url, jws) => plantFile(fileOf(data, site, url), jws),
    plantLayer: (root, bytes) => plantFile(join(data, 'v1/layers', root), bytes),
  };
});

describe('the archive', () => {
  const DAY = 24 * 3600;
  const NEVER = new AbortController().signal;
  const bytes = seededBytes(21);

  async function world() {
    const clock = new FakeClock();
    const data = await temporaryDirectory();
    const scribe = await Scribe.open(data, clock);
    let current: Archive | undefined;
    const run = async () => {
      await current?.close();
      const ear = new Ear();
      const archive = scribe.archive(data, SITES);
      current = archive;
      onTestFinished(() => archive.close().catch(() => undefined));
      await archive.open(ear);
      return { archive, ear };
    };
    const keep = async (archive: Archive, { token, layer }: Awaited<ReturnType<Scribe['token']>>) => {
      await archive.writeLayer(token.claims.root, layer);
      return archive.write(token);
    };
    const filesIn = async (folder: string) => (await readdir(join(data, folder)).catch(() => [])).sort();
    return { clock, data, scribe, run, keep, filesIn };
  }

  /** Makes all layers so old that no token can be about to name them. */
  async function age(data: string): Promise<void> {
    for (const name of await readdir(join(data, 'v1/layers')))
      await utimes(join(data, 'v1/layers', name), 1, 1);
  }

  it('reads no file at a start whose statement the index knows', async () => {
    const { run, scribe, keep, data } = await world();
    const { archive } = await run();
    const says = await Promise.all(['/a', '/b'].map((path) => scribe.token(path, bytes(1000))));
    for (const said of says) await keep(archive, said);
    const refusal = await scribe.refusal('/c', 'private');
    await archive.write(refusal);
    for (const name of await readdir(join(data, 'v1/d'))) await writeFile(join(data, 'v1/d', name), 'torn');
    const { archive: next, ear } = await run();
    await next.recall(NEVER);
    expect(says.every(({ token }) => ear.isLive(token.claims.root))).toBe(true);
    expect((await readdir(join(data, 'v1/d'))).length).toBe(3);
    expect(await next.read(SITE, urlOf('/a'))).toBeUndefined();
  });

  it('vouches for nothing whose file is gone or whose token is over', async () => {
    const { run, scribe, keep, data, clock } = await world();
    const { archive } = await run();
    const [gone, over, live] = [
      await scribe.token('/gone', bytes(1000)),
      await scribe.token('/over', bytes(1000), { life: 60 }),
      await scribe.token('/live', bytes(1000)),
    ];
    for (const said of [gone, over, live]) await keep(archive, said);
    await rm(fileOf(data, SITE, urlOf('/gone')));
    await clock.advance(61_000);
    const { ear } = await run();
    expect([gone, over, live].map(({ token }) => ear.isLive(token.claims.root))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('does not keep short refusals of what was never signed', async () => {
    const { run, scribe, filesIn } = await world();
    const { archive } = await run();
    for (const code of ['missing', 'unreachable', 'store-failed'] as const)
      await archive.write(await scribe.refusal(`/${code}`, code));
    expect(await filesIn('v1/d')).toEqual([]);
  });

  it('clears away what nobody needs any more, and nothing else', async () => {
    const { run, scribe, keep, data, clock, filesIn } = await world();
    const { archive } = await run();
    const shared = bytes(1000);
    const live = await scribe.token('/live', shared, { life: 8 * DAY });
    const old = await scribe.token('/old', bytes(3000), { life: 1 });
    for (const said of [live, old, await scribe.token('/same', shared, { life: 1 })])
      await keep(archive, said);
    await archive.write(await scribe.refusal('/refused', 'private', { life: 300 }));
    await clock.advance(7 * DAY * 1000);
    const recent = await scribe.token('/recent', bytes(2000), { life: 1 });
    await keep(archive, recent);
    await clock.advance(2000);
    await writeFile(join(data, 'v1/d', 'README'), 'somebody’s own');
    await age(data);
    const young = await scribe.token('/young', bytes(4000));
    await archive.writeLayer(young.token.claims.root, young.layer);
    await archive.survey(NEVER);
    const names = [live, recent].map(({ token }) => basename(fileOf(data, SITE, token.claims.sub)));
    expect(await filesIn('v1/d')).toEqual(['README', ...names].sort());
    const layers = [live, recent, young].map(({ token }) => token.claims.root);
    expect(await filesIn('v1/layers')).toEqual(layers.sort());
  });

  it('loses nothing that is written while it is looked through', async () => {
    const { run, scribe, keep, data, clock } = await world();
    const { archive } = await run();
    const says = await Promise.all(Array.from({ length: 60 }, (_, i) => scribe.token(`/${i}`, bytes(100))));
    for (const said of says) await keep(archive, said);
    // The file that is looked at first; what it says is replaced by what it once said, whose layer is old.
    const [first = ''] = await readdir(join(data, 'v1/d'));
    const seen = says.find(({ token }) => fileOf(data, SITE, token.claims.sub).endsWith(first));
    const path = seen?.token.claims.sub ?? '';
    const once = await scribe.token(path, bytes(100));
    await archive.writeLayer(once.token.claims.root, once.layer);
    await age(data);
    const survey = archive.survey(NEVER);
    await eventually(() => expect(clock.pending).toBe(1));
    const again = await scribe.renewed(once.token, { ver: clock.now() + 2 });
    const late = await scribe.token('/late', bytes(100));
    await archive.write(again);
    await keep(archive, late);
    const over = new AbortController();
    void survey.finally(() => over.abort());
    while (!over.signal.aborted) await clock.advance(20);
    await survey;
    const { archive: next, ear } = await run();
    await next.recall(NEVER);
    const others = says.filter((said) => said !== seen).map(({ token }) => token);
    for (const token of [...others, again, late.token]) {
      expect(await next.read(SITE, token.claims.sub)).toEqual(token);
      expect(ear.isLive(token.claims.root)).toBe(true);
    }
  });

  it('gives no token back whose layer is not what its root says', async () => {
    const { run, scribe, keep, data } = await world();
    const said = await scribe.token('/a', bytes(200_000));
    await keep((await run()).archive, said);
    const layer = Buffer.concat(said.layer);
    layer[5] = (layer[5] ?? 0) ^ 1;
    await writeFile(join(data, 'v1/layers', said.token.claims.root), layer);
    const { archive, ear } = await run();
    expect(await archive.read(SITE, urlOf('/a'))).toBeUndefined();
    expect(ear.forgotten).toEqual([urlOf('/a')]);
    expect(await readdir(join(data, 'v1/layers'))).toEqual([]);
  });

  it('keeps its index small however often statements are renewed', async () => {
    const { run, scribe, keep, data, clock } = await world();
    const { archive } = await run();
    const said = await scribe.token('/a', bytes(100));
    await keep(archive, said);
    const size = async () => (await stat(join(data, 'index/journal'))).size;
    await archive.survey(NEVER);
    const before = await size();
    for (let i = 1; i <= 20; i++)
      await archive.write(await scribe.renewed(said.token, { ver: clock.now() + i }));
    expect(await size()).toBeGreaterThan(10 * before);
    await archive.survey(NEVER);
    expect(await size()).toBe(before);
    expect((await run()).ear.highest).toBeGreaterThanOrEqual(clock.now() + 20);
  });

  it('stops looking through when told to, and keeps its index', async () => {
    const { run, scribe, keep } = await world();
    const { archive } = await run();
    const says = await Promise.all(Array.from({ length: 40 }, (_, i) => scribe.token(`/${i}`, bytes(100))));
    for (const said of says) await keep(archive, said);
    const end = new AbortController();
    const survey = archive.survey(end.signal);
    end.abort();
    await expect(survey).rejects.toThrow();
    const { ear } = await run();
    expect(says.every(({ token }) => ear.isLive(token.claims.root))).toBe(true);
  });
});
