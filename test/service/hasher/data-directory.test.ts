import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child, buildChild } from '../../support/child.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { lockDirectory } from '../../../hasher-service/state/directory-lock.js';
import { Bench, SITE, startOrigin, temporaryDirectory } from './harness.js';

const INSTANCE = await buildChild('instance');

describe('a data directory among the files of the site', () => {
  it.each([
    ['.peerfold', (site: string) => site],
    ['', (site: string) => site],
    ['.peerfold', (site: string) => `${SITE}=${site}`],
  ])('is refused before anything is written to it: %j', async (name, root) => {
    const site = await temporaryDirectory();
    const start = Bench.start({ data: join(site, name), options: { roots: [root(site)] } });
    await expect(start).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/^--data .* lies within .*, which is published/) as string,
    });
    expect(await readdir(site)).toEqual([]);
  });

  it('is refused when a link leads there', async () => {
    const [site, data] = [await temporaryDirectory(), await temporaryDirectory()];
    await mkdir(join(site, 'keys'));
    await symlink(join(site, 'keys'), join(data, 'keys'));
    await expect(Bench.start({ data, options: { roots: [site] } })).rejects.toThrow(/is published/);
  });

  it('is fine beside them', async () => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, 'public'));
    const { data } = await Bench.start({
      data: join(folder, 'public-data'),
      options: { roots: [join(folder, 'public')] },
    });
    expect(await readdir(data)).toContain('keys');
  });
});

describe('a data directory in use', () => {
  const lock = (data: string): Promise<() => Promise<void>> =>
    lockDirectory(data, {
      clock: systemClock,
      unsure: (error) => {
        throw error;
      },
    });

  it('is refused to a second hash service, in words, until the first is closed', async () => {
    const { data, hasher } = await Bench.start();
    await expect(Bench.start({ data })).rejects.toMatchObject({
      code: 'bad-config',
      message: `${data} is in use by another hash service, process ${process.pid}: stop that one, or name another directory with --data`,
    });
    await hasher.close();
    await Bench.start({ data });
  });

  it('is free again at once when the one that used it was killed', async () => {
    const [data, origin] = [await temporaryDirectory(), await startOrigin()];
    const options = { sites: [origin.url], data, port: 0, allowPrivate: true, logLevel: 'silent' };
    const other = new Child(INSTANCE, [JSON.stringify(options)]);
    await other.line(0);
    await expect(lock(data)).rejects.toThrow(`by another hash service, process ${other.pid}: `);
    await other.kill();
    await (
      await lock(data)
    )();
  });

  it('goes to one of several that find it left by a dead one', async () => {
    const [data, origin] = [await temporaryDirectory(), await startOrigin()];
    const options = { sites: [origin.url], data, port: 0, allowPrivate: true, logLevel: 'silent' };
    const dead = new Child(INSTANCE, [JSON.stringify(options)]);
    await dead.line(0);
    await dead.kill();
    const tries = await Promise.allSettled([lock(data), lock(data), lock(data)]);
    const held = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(held).toHaveLength(1);
    for (const unlock of held) await unlock();
  });

  it('that cannot have a lock is used without', async () => {
    const data = join(await temporaryDirectory(), 'a'.repeat(120));
    const doubts: unknown[] = [];
    const unlock = await lockDirectory(data, { clock: systemClock, unsure: (error) => doubts.push(error) });
    expect(doubts).toHaveLength(1);
    await unlock();
  });
});
