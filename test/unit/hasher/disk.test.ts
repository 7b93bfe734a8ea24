import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Hashing } from '../../../hasher-service/hashing/port.js';
import { DiskRoots, parseRootRule } from '../../../hasher-service/sources/disk.js';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { canonicalUrl } from '../../../src/protocol/url.js';
import { plainHashing } from '../../support/plain-hashing.js';

const SITE = 'https://www.example.com';

/** A directory with `a.bin` in `public`, and a secret beside it. */
async function tree(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'disk-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await mkdir(join(path, 'public', 'sub'), { recursive: true });
  await writeFile(join(path, 'public', 'a.bin'), 'public');
  await writeFile(join(path, 'public', 'sub', 'b ü%.bin'), 'named');
  await writeFile(join(path, 'secret.bin'), 'secret');
  return path;
}

function url(text: string): CanonicalUrl {
  const canonical = canonicalUrl(text, SITE);
  if (!canonical) throw new Error(text);
  return canonical;
}

async function contentAt(roots: DiskRoots, text: string): Promise<string | undefined> {
  const file = await roots.open(url(text));
  if (!file) return undefined;
  const bytes = await file.read({ start: 0, end: file.length });
  await file.close();
  return bytes && Buffer.from(bytes).toString();
}

function rootsOf(path: string, hashing = plainHashing): DiskRoots {
  return new DiskRoots([join(path, 'public')], hashing);
}

describe('files below a directory', () => {
  it.each([
    ['/a.bin', 'public'],
    ['/sub/../a.bin', 'public'],
    ['/sub/b%20%C3%BC%25.bin', 'named'],
    ['/sub/b ü%25.bin', 'named'],
  ])('%s is read', async (text, content) => {
    expect(await contentAt(rootsOf(await tree()), text)).toBe(content);
  });

  it.each([
    '/missing.bin',
    '/',
    '/sub',
    '/sub/',
    '/a.bin/',
    '//a.bin',
    '/a.bin?x=1',
    '/../secret.bin',
    '/%2e%2e/secret.bin',
    '/..%2fsecret.bin',
    '/..%5csecret.bin',
    '/sub%2f..%2fa.bin',
    '/a.bin%00.jpg',
    '/a%',
    '/%ff',
    '/%2e%2e%2f%2e%2e%2fetc/passwd',
  ])('%s is not', async (text) => {
    expect(await contentAt(rootsOf(await tree()), text)).toBeUndefined();
  });

  it('follows links inside, and none that leads out', async () => {
    const path = await tree();
    const link = (name: string, target: string) => symlink(target, join(path, 'public', name));
    await link('inside', 'a.bin');
    await link('outside', '../secret.bin');
    await link('etc', '/etc');
    await link('loop', 'loop');
    const roots = rootsOf(path);
    const names = ['/inside', '/outside', '/etc/passwd', '/loop'];
    const found = await Promise.all(names.map((name) => contentAt(roots, name)));
    expect(found).toEqual(['public', undefined, undefined, undefined]);
  });

  it('does not wait for a pipe', async () => {
    const path = await tree();
    execFileSync('mkfifo', [join(path, 'public', 'pipe')]);
    expect(await contentAt(rootsOf(path), '/pipe')).toBeUndefined();
  });

  it('keeps the directory of one origin from another', async () => {
    const path = await tree();
    const roots = new DiskRoots([`https://img.example.com=${join(path, 'public')}`], plainHashing);
    expect(await contentAt(roots, '/a.bin')).toBeUndefined();
    expect(await contentAt(roots, 'https://img.example.com/a.bin')).toBe('public');
  });
});

describe('a file that changes while it is read', () => {
  /** Opens `a.bin`, and has it hashed with `change` happening before the last byte is read. */
  async function digestDuring(change: (path: string) => Promise<void>): Promise<unknown> {
    const path = await tree();
    const hashing: Hashing = {
      ...plainHashing,
      hashFile: async (...args) => {
        await change(join(path, 'public', 'a.bin'));
        return plainHashing.hashFile(...args);
      },
    };
    const file = await rootsOf(path, hashing).open(url('/a.bin'));
    onTestFinished(() => file?.close());
    return file?.digest('');
  }

  it('is hashed when it does not', async () => {
    expect(await digestDuring(() => Promise.resolve())).toMatchObject({ cut: { length: 6 } });
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['is overwritten', (path) => writeFile(path, 'others')],
    ['grows', (path) => appendFile(path, 'more')],
    ['shrinks', (path) => truncate(path, 3)],
    ['vanishes', (path) => rm(path)],
    [
      'is overwritten and its date set back',
      async (path) => {
        await writeFile(path, 'others');
        await utimes(path, new Date(0), new Date(0));
      },
    ],
    [
      'is replaced by another',
      async (path) => {
        await writeFile(`${path}.new`, 'public');
        await rename(`${path}.new`, path);
      },
    ],
  ])('is given up when it %s', async (_name, change) => {
    await expect(digestDuring(change)).rejects.toMatchObject({ code: 'changed' });
  });
});

describe('rules as text', () => {
  it.each([
    ['./public', { directory: './public' }],
    ['/srv/a=b', { directory: '/srv/a=b' }],
    ['https://img.example.com=/srv/img', { publicOrigin: 'https://img.example.com', directory: '/srv/img' }],
  ])('reads %s', (text, rule) => {
    expect(parseRootRule(text)).toEqual(rule);
  });

  it.each(['', 'https://img.example.com=', 'https://img.example.com', 'https://img.example.com/a=/srv'])(
    'refuses "%s"',
    (text) => {
      expect(parseRootRule(text)).toMatch(/is not a directory/);
    },
  );
});
