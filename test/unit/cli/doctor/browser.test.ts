import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findBrowser, startBrowser } from '../../../../src/cli/doctor/browser.js';

async function program(name: string, mode = 0o755): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'peerfold-browser-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, '#!/bin/sh\necho no browser >&2\nexit 1\n', { mode });
  return { folder, path };
}

it('takes the browser that was named, by the flag before the variable', async () => {
  const [one, two] = [await program('one'), await program('two')];
  expect(await findBrowser(one.path, { PEERFOLD_CHROMIUM: two.path })).toBe(one.path);
  expect(await findBrowser(undefined, { PEERFOLD_CHROMIUM: two.path })).toBe(two.path);
});

it('does not take another one in its place', async () => {
  const { path } = await program('one', 0o644);
  await expect(findBrowser(path, {})).rejects.toThrow(`${path} is no browser that can be started (--browser`);
});

it('finds one on PATH', async () => {
  const { folder, path } = await program('google-chrome');
  expect(await findBrowser(undefined, { PATH: ['/nowhere', folder].join(delimiter) })).toBe(path);
});

it('says that one does not start', async () => {
  const { path } = await program('chromium');
  await expect(startBrowser(path, {})).rejects.toThrow(`${path} does not start: `);
});
