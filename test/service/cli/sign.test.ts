import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BuiltCommand } from '../../support/built-command.js';

let command: BuiltCommand;
beforeAll(async () => {
  command = await BuiltCommand.build();
});
afterAll(() => command.remove());

/** A project with a site of a picture, a segment and a page in `public`. */
async function project() {
  const root = await mkdtemp(join(tmpdir(), 'peerfold-site-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const directory = join(root, 'public');
  await mkdir(join(directory, 'dash'), { recursive: true });
  await writeFile(join(directory, 'a.jpg'), 'a');
  await writeFile(join(directory, 'dash', '0.m4s'), 'segment');
  await writeFile(join(directory, 'index.html'), '<img src="a.jpg">');
  const usual = [directory, '--site', 'https://www.example.com', '--data', join(root, 'data')];
  const sign = async (args: readonly string[] = [], env: Record<string, string> = {}) => {
    const { lines, errors, exit } = command.start(['sign', ...usual, ...args], env);
    return { code: await exit, out: lines.join('\n'), err: errors.join('\n') };
  };
  const policy = async (out = join(directory, '.peerfold')) => {
    const jws = await readFile(join(out, 'v1/policy'), 'utf8');
    const text = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString();
    return JSON.parse(text) as { enabled: boolean; iat: number; exp: number };
  };
  return { root, directory, sign, policy };
}

describe('peerfold sign', () => {
  it('signs a directory and tells what it did, and what to write into the worker file', async () => {
    const { sign, policy } = await project();
    const first = await sign();
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain('signed 2, kept 0, removed 0, skipped 1\n');
    expect(first.out).toContain('1  is a page: pages are never shared');
    expect(first.out).toMatch(/sign again before \d{4}-\d\d-\d\dT/);
    expect(first.out).toContain(`self.peerfold = {
  hasher: 'https://www.example.com/.peerfold',
  tracker: 'wss://ADDRESS-OF-THE-TRACKER',
  static: true,
  include: ['*.m4s'],
};
importScripts('/peerfold-worker.js');`);
    expect(await policy()).toMatchObject({ enabled: true });
    const second = await sign(['--verbose']);
    expect(second.out).toContain('a.jpg: kept\ndash/0.m4s: kept\nindex.html is a page');
    expect(second.out).toContain('signed 0, kept 2, removed 0, skipped 1\n');
    expect(second.out).not.toContain('visitors drop');
    const off = await sign(['--disable']);
    expect(off).toMatchObject({ code: 0, err: '' });
    expect(await policy()).toMatchObject({ enabled: false });
  });

  it('says of a worker file that is there whether it fits, and prints no other', async () => {
    const { directory, root, sign } = await project();
    const file = join(directory, 'peerfold-sw.js');
    const literal = "hasher: 'https://www.example.com/shop/.peerfold', tracker: 'wss://t.example'";
    const worker = (rest: string) =>
      writeFile(file, `self.peerfold = { ${literal}${rest} };\nimportScripts('/shop/peerfold-worker.js');`);
    await worker(', static: true');
    const fitting = await sign(['--base', '/shop/']);
    expect(fitting.out.split('\n').slice(-2)).toEqual([
      '',
      `${file} is there already, and fits what was signed`,
    ]);
    await worker('');
    const dynamic = await sign(['--base', '/shop/']);
    expect(dynamic.out).toMatch(/ is there already, but must say static: true$/);
    const elsewhere = await sign();
    expect(elsewhere.out).toMatch(
      /must say hasher: 'https:\/\/www\.example\.com\/\.peerfold', static: true$/,
    );
    await worker(', static: true');
    const unknown = await sign(['--base', '/shop/', '--out', join(root, 'signed')]);
    expect(unknown.out).toMatch(/peerfold-sw\.js is there already$/);
  });

  it('prints a worker file that imports ours from where the directory is served', async () => {
    const { sign } = await project();
    const { out } = await sign(['--base', '/shop']);
    expect(out).toContain("hasher: 'https://www.example.com/shop/.peerfold'");
    expect(out).toContain("importScripts('/shop/peerfold-worker.js');");
  });

  it('takes its settings from the environment and from a file, too', async () => {
    const { root, sign, policy } = await project();
    const file = join(root, 'sign.json');
    const out = join(root, 'signed');
    await writeFile(file, JSON.stringify({ base: '/blog/', exclude: ['*.m4s'], out }));
    const outcome = await sign(['--config', file], { PEERFOLD_SIGN_LIFE: '1d' });
    expect(outcome.code).toBe(0);
    expect(outcome.out).toContain('signed 1, kept 0, removed 0, skipped 2');
    expect(outcome.out).toContain("hasher: 'https://ADDRESS-OF-THE-OUTPUT'");
    const { iat, exp } = await policy(out);
    expect(exp - iat).toBe(24 * 3600);
  });

  it('fails when something that should be signed could not be, and signs the rest', async () => {
    const { directory, sign } = await project();
    await writeFile(
      Buffer.concat([Buffer.from(join(directory, 'b')), Buffer.of(0xff), Buffer.from('.jpg')]),
      'b',
    );
    const { code, out, err } = await sign();
    expect(code).toBe(1);
    expect(out).toContain('signed 2,');
    expect(err).toMatch(/^peerfold: b.\.jpg has a name that is not UTF-8$/u);
  });
});
