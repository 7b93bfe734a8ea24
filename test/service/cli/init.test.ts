import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BuiltCommand } from '../../support/built-command.js';

const SERVICES = ['--hasher', 'https://hash.example.com', '--tracker', 'wss://tracker.example.com'];

let command: BuiltCommand;

beforeAll(async () => {
  command = await BuiltCommand.build();
  for (const name of ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js'])
    await writeFile(join(command.folder, 'dist', name), `// ${name}`);
});
afterEach(() => command.stop());
afterAll(() => command.remove());

async function init(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { exit, lines, errors } = command.start(['init', ...args]);
  return { code: await exit, out: lines.join('\n'), err: errors.join('\n') };
}

it('puts the scripts from beside the command into the folder that is served, and says what is left to do', async () => {
  // Its own bundles lie in a folder of a usual name, without a page.
  const missing = await init(...SERVICES);
  expect([missing.code, missing.err]).toEqual([
    2,
    expect.stringContaining('there is dist, without an index.html'),
  ]);

  const site = join(command.folder, 'public');
  await mkdir(site);
  await writeFile(join(site, 'index.html'), '');
  const rehearsed = await init('--dry-run', ...SERVICES);
  expect([rehearsed.code, rehearsed.err]).toEqual([0, '']);
  expect(rehearsed.out).toContain('Nothing is written');
  expect(await readdir(site)).toEqual(['index.html']);

  const done = await init(...SERVICES, '--consent', 'implied', '--include', '/files/*');
  expect([done.code, done.err]).toEqual([0, '']);
  expect(done.out).toContain('public is what is served: it holds an index.html.');
  expect(done.out).toContain('<script async src="/peerfold.js" data-consent="implied"></script>');
  expect(await readFile(join(site, 'peerfold-engine.js'), 'utf8')).toBe('// peerfold-engine.js');
  const worker = await readFile(join(site, 'peerfold-sw.js'), 'utf8');
  expect(worker).toContain("include: ['/files/*']");

  await writeFile(join(command.folder, 'dist', 'peerfold.js'), '// the next version');
  const again = await init();
  expect(again.out).toMatch(/changed +public\/peerfold\.js/);
  expect(await readFile(join(site, 'peerfold.js'), 'utf8')).toBe('// the next version');
  expect(await readFile(join(site, 'peerfold-sw.js'), 'utf8')).toBe(worker);
});
