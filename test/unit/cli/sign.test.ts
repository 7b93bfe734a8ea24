import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { FakeIo } from '../../support/fake-io.js';

const SITE = ['--site', 'https://www.example.com'];

describe('peerfold sign', () => {
  it.each([
    [[], 'say DIRECTORY'],
    [['PUBLIC'], '--site is needed'],
    [['PUBLIC', '--site', 'example.com'], '--site: "example.com" is not an origin'],
    [['PUBLIC', ...SITE, '--life', '60d'], '--life: "60d" is no time from 1h to 31d'],
    [['PUBLIC', ...SITE, '--base', 'x y'], '--base: "x y" is not the path of a URL'],
    [['PUBLIC', ...SITE, '--include', 'media'], '--include: "media" is not a pattern'],
    [['PUBLIC', 'more', ...SITE], "unexpected argument 'more'"],
    [['PUBLIC', ...SITE, '--lfie', '1d'], '--lfie'],
    [['PUBLIC/nowhere', ...SITE], 'nowhere cannot be read'],
    [['PUBLIC', ...SITE, '--data', 'PUBLIC/keys'], 'the private keys would be, too'],
    [['PUBLIC', ...SITE, '--data', 'PUBLIC/keys', '--disable'], 'the private keys would be, too'],
  ])('%j is not understood: %s', async (args, message) => {
    const directory = await mkdtemp(join(tmpdir(), 'sign-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await mkdir(join(directory, 'public'));
    const io = new FakeIo();
    const given = args.map((arg) => arg.replace('PUBLIC', join(directory, 'public')));
    expect(await run(['sign', ...given], io)).toBe(2);
    expect(io.errors).toContain(message);
    expect(io.output).toBe('');
    expect(await readdir(directory, { recursive: true })).toEqual(['public']);
  });
});
