import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Hashing } from '../../../hasher-service/hashing/port.js';
import { survey } from '../../../hasher-service/static/survey.js';
import { plainHashing } from '../../support/plain-hashing.js';
import { seededBytes } from '../../support/random.js';
import { SITE, StaticSite } from '../../support/static-site.js';

/** Hashing that lets something happen before or while it reads a file. */
function hashingWith(during: () => Promise<void>): Hashing {
  return {
    ...plainHashing,
    async hashFile(file, length, mediaType) {
      const digested = await plainHashing.hashFile(file, length, mediaType);
      await during();
      return digested;
    },
  };
}

describe('a tree with links', () => {
  it('is followed as far as links stay inside, and round no circles', async () => {
    const site = await StaticSite.make({ 'pictures/a.jpg': 'a', 'b.jpg': 'b' });
    const at = (name: string) => join(site.directory, name);
    await writeFile(join(site.root, 'secret.jpg'), 'secret');
    await mkdir(join(site.root, 'outside'));
    await writeFile(join(site.root, 'outside', 'c.jpg'), 'c');
    await symlink(at('pictures'), at('alias'));
    await symlink('b.jpg', at('same.jpg'));
    await symlink('..', at('pictures/up'));
    await symlink('.', at('self'));
    await symlink('round-b', at('round-a'));
    await symlink('round-a', at('round-b'));
    await symlink('nowhere.jpg', at('broken.jpg'));
    await symlink('../secret.jpg', at('secret.jpg'));
    await symlink(join(site.root, 'outside'), at('out'));
    await symlink(site.root, at('all'));
    await link(join(site.root, 'secret.jpg'), at('hard.jpg'));
    const report = await site.sign();
    expect(report.signed).toEqual(['alias/a.jpg', 'b.jpg', 'hard.jpg', 'pictures/a.jpg', 'same.jpg']);
    expect(Object.fromEntries(report.skipped.map(({ name, why }) => [name, why]))).toEqual({
      'alias/up': 'link-loop',
      all: 'link-outside',
      'broken.jpg': 'link-broken',
      out: 'link-outside',
      'pictures/up': 'link-loop',
      'round-a': 'link-broken',
      'round-b': 'link-broken',
      'secret.jpg': 'link-outside',
      self: 'link-loop',
    });
    expect((await site.digest('/alias/a.jpg')).root).toBe((await site.digest('/pictures/a.jpg')).root);
  });

  it('into what was signed is passed over', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a' });
    await site.sign();
    await symlink('.peerfold', join(site.directory, 'signed'));
    const report = await site.sign({ include: ['*'] });
    expect(report.signed).toEqual([]);
    expect(report.kept).toEqual(['a.jpg']);
    expect(report.skipped).toEqual([]);
  });
});

describe('a tree with what is no file', () => {
  it('is not waited for', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a' });
    execFileSync('mkfifo', [join(site.directory, 'pipe.jpg')]);
    await symlink('/dev/zero', join(site.directory, 'zero.jpg'));
    await symlink('pipe.jpg', join(site.directory, 'to-pipe.jpg'));
    await mkdir(join(site.directory, 'folder.jpg'));
    const report = await site.sign();
    expect(report.signed).toEqual(['a.jpg']);
    expect(report.skipped).toEqual([
      { name: 'pipe.jpg', why: 'special' },
      { name: 'to-pipe.jpg', why: 'special' },
      { name: 'zero.jpg', why: 'link-outside' },
    ]);
  });

  it('and what is hidden or empty', async () => {
    const site = await StaticSite.make({
      ...{ 'a.jpg': 'a', '.htpasswd.jpg': 'secret', '.git/b.jpg': 'b', 'sub/.c.jpg': 'c', 'empty.jpg': '' },
      'empty.ts': '',
    });
    const report = await site.sign({ include: ['*'] });
    expect(report.signed).toEqual(['a.jpg']);
    expect(report.skipped).toEqual([
      { name: '.git', why: 'hidden' },
      { name: '.htpasswd.jpg', why: 'hidden' },
      { name: 'empty.jpg', why: 'empty' },
      { name: 'empty.ts', why: 'empty' },
      { name: 'sub/.c.jpg', why: 'hidden' },
    ]);
  });

  it('nor anything at all', async () => {
    const site = await StaticSite.make();
    expect(await site.sign()).toMatchObject({ signed: [], skipped: [] });
    expect((await site.policy()).enabled).toBe(true);
  });
});

describe('what cannot be read', () => {
  it('is told, and the rest is read', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a', 'b.jpg': 'b', 'shut/c.jpg': 'c' });
    await chmod(join(site.directory, 'b.jpg'), 0);
    await chmod(join(site.directory, 'shut'), 0);
    await chmod(site.root, 0o755);
    onTestFinished(() => chmod(join(site.directory, 'shut'), 0o700));
    const { files, skipped } = await asNobody(() =>
      survey({
        directory: site.directory,
        left: site.out,
        selection: { site: SITE, base: '/', include: [], exclude: [] },
        hashing: plainHashing,
        keepLayer: () => Promise.resolve(),
      }),
    );
    expect(files.map(({ name }) => name)).toEqual(['a.jpg']);
    expect(skipped).toEqual([
      { name: 'b.jpg', why: 'unreadable' },
      { name: 'shut', why: 'unreadable' },
    ]);
  });

  it('because its name is not text, is told, too', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a' });
    await writeFile(
      Buffer.concat([Buffer.from(join(site.directory, 'b')), Buffer.of(0xff), Buffer.from('.jpg')]),
      'b',
    );
    expect((await site.sign()).skipped).toEqual([{ name: 'b\uFFFD.jpg', why: 'name' }]);
  });

  it('because its address would be too long, is told, too', async () => {
    const deep = Array.from({ length: 9 }, () => 'ü'.repeat(120)).join('/');
    const site = await StaticSite.make({ [`${deep}/a.jpg`]: 'a', 'b.jpg': 'b' });
    const report = await site.sign();
    expect(report.signed).toEqual(['b.jpg']);
    expect(report.skipped.map(({ why }) => why)).toEqual(['long-name']);
  });

  it('because there is no such directory, is an error before anything is written', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a' });
    await rm(site.directory, { recursive: true });
    await expect(site.sign()).rejects.toMatchObject({ code: 'bad-config' });
    await writeFile(site.directory, 'a file');
    await expect(site.sign()).rejects.toThrow('is no directory');
    await expect(rm(site.data, { recursive: true })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a tree that changes while it is read', () => {
  it('a file that grows once is read again', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'half a ' });
    let times = 0;
    site.hashing = hashingWith(async () => {
      if (times++ === 0) await site.write('a.jpg', 'half a picture');
    });
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg'], skipped: [] });
    expect((await site.digest('/a.jpg')).len).toBe('half a picture'.length);
  });

  it('a file that goes on growing is told, and is not signed', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a', 'log.jpg': '.' });
    await site.sign();
    const before = await site.digest('/log.jpg');
    let text = '.';
    site.hashing = hashingWith(() => site.write('log.jpg', (text += '.')));
    const report = await site.sign();
    expect(report.skipped).toEqual([{ name: 'log.jpg', why: 'changing' }]);
    expect(report.kept.concat(report.signed)).toEqual(['a.jpg']);
    await expect(site.digest('/log.jpg')).rejects.toThrow();
    expect(await site.isVoid(before)).toBe(true);
  });

  it('a file that shrinks, or that another takes the place of, is read again', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a long picture', 'b.jpg': 'old' });
    await writeFile(join(site.root, 'new.jpg'), 'newer');
    site.hashing = {
      ...plainHashing,
      async hashFile(file, length, mediaType) {
        if (length === 'a long picture'.length) await site.write('a.jpg', 'short');
        const digested = await plainHashing.hashFile(file, length, mediaType);
        if (length === 'old'.length) await rename(join(site.root, 'new.jpg'), join(site.directory, 'b.jpg'));
        return digested;
      },
    };
    const report = await site.sign();
    expect(report.signed).toEqual(['a.jpg', 'b.jpg']);
    expect((await site.digest('/a.jpg')).len).toBe('short'.length);
    expect((await site.digest('/b.jpg')).len).toBe('newer'.length);
  });

  it('files and directories that go away meanwhile are told', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${10 + i}.jpg`, `${i}`]));
    const site = await StaticSite.make({ ...files, 'zz/last.jpg': 'z' });
    let times = 0;
    site.hashing = hashingWith(async () => {
      if (times++ > 0) return;
      await site.remove('f39.jpg');
      await site.remove('zz');
    });
    const report = await site.sign();
    expect(report.skipped).toEqual([
      { name: 'f39.jpg', why: 'gone' },
      { name: 'zz', why: 'gone' },
    ]);
    expect(report.signed).toHaveLength(29);
  });

  it('a failure of ours is no fault of the file', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a', 'b.jpg': 'b' });
    site.hashing = hashingWith(() => Promise.reject(new Error('the threads are gone')));
    await expect(site.sign()).rejects.toThrow('the threads are gone');
    expect(await site.published('v1/policy')).toBeUndefined();
  });
});

describe('a large tree', () => {
  it('of thousands of small files is signed file by file', async () => {
    const bytes = seededBytes(5);
    const files = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`${i % 7}/${i}.png`, Uint8Array.from([...bytes(20), i % 256])]),
    );
    const site = await StaticSite.make(files);
    expect((await site.sign()).signed).toHaveLength(2000);
    expect(await site.sign()).toMatchObject({ signed: [], skipped: [] });
    for (const i of [0, 999, 1999]) await site.digest(`/${i % 7}/${i}.png`);
    expect((await site.all()).size).toBe(2002);
  });
});

/** As a user who may not read everything: root may. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const NOBODY = 65534;
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
