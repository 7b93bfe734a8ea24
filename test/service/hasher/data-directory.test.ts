import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Bench, SITE, temporaryDirectory } from './harness.js';

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
