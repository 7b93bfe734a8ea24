import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { FakeIo } from '../../support/fake-io.js';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'peerfold-data-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

/** Runs a command on the data directory. */
async function peerfold(...args: string[]): Promise<{ code: number; said: string; complained: string }> {
  const io = new FakeIo({ PEERFOLD_HASHER_DATA: data });
  const code = await run(args, io);
  return { code, said: io.output, complained: io.errors };
}

async function policy(): Promise<unknown> {
  return JSON.parse(await readFile(join(data, 'policy.json'), 'utf8'));
}

describe('peerfold keys', () => {
  it('makes, rotates, lists and revokes', async () => {
    expect((await peerfold('keys', 'list')).said).toContain(`no keys in ${data}`);
    const first = /^ {2}(\S+) {2}ES256, signs from \d{4}-/.exec(
      (await peerfold('keys', 'new', '--alg', 'ES256')).said,
    )?.[1];
    const next = /^ {2}(\S+) {2}ES256, signs from \d{4}-/.exec((await peerfold('keys', 'rotate')).said)?.[1];
    expect((await peerfold('keys', 'list')).said).toMatch(
      new RegExp(
        `^ {2}${first ?? ''} {2}ES256, signs\n {2}${next ?? ''} {2}ES256, next, signs from \\d{4}-\\S+ on$`,
      ),
    );
    expect((await peerfold('keys', 'revoke', first ?? '')).said).toBe(
      `${first ?? ''} is revoked; ${next ?? ''} signs`,
    );
    expect((await peerfold('keys', 'list')).said).toMatch(
      new RegExp(`^ {2}${first ?? ''} {2}revoked \\d{4}-\\S+\n {2}${next ?? ''} {2}ES256, signs$`),
    );
  });

  it('may rotate to another algorithm', async () => {
    await peerfold('keys', 'new');
    expect((await peerfold('keys', 'rotate', '--alg', 'ES256')).said).toContain('ES256');
  });

  it.each([
    [['keys', 'revoke'], /say KID/],
    [['keys', 'revoke', 'nonsense'], /there is no key nonsense/],
    [['keys', 'rotate'], /no key to rotate/],
  ])('%j is not understood, and makes none', async (args, message) => {
    const { code, said, complained } = await peerfold(...args);
    expect([code, said]).toEqual([2, '']);
    expect(complained).toMatch(message);
    expect((await peerfold('keys', 'list')).said).toContain('no keys');
  });
});

describe('peerfold policy', () => {
  beforeEach(() => peerfold('keys', 'new'));

  it('shows what holds when nobody has said anything', async () => {
    expect((await peerfold('policy', 'show')).said).toBe('  enabled  yes\n  rollout  1\n  epoch    0');
  });

  it('changes the file of the hash service', async () => {
    for (const args of [
      ['disable'],
      ['rollout', '.25'],
      ['revoke', '/a/*'],
      ['revoke', '/b'],
      ['allow', '/b'],
    ]) {
      const { code, said } = await peerfold('policy', ...args);
      expect(code).toBe(0);
      expect(said).toContain(` in ${data}; visitors follow within five minutes`);
    }
    expect(await policy()).toEqual({ enabled: false, minEpoch: 0, rollout: 0.25, revoked: ['/a/*'] });
    await peerfold('policy', 'enable');
    expect(await policy()).toMatchObject({ enabled: true, rollout: 0.25 });
  });

  it('purges, and shows what is purged', async () => {
    await peerfold('policy', 'purge', 'https://www.example.com/a.jpg');
    await peerfold('policy', 'purge', '/media/*');
    const purges = JSON.stringify({
      epoch: 2,
      revoked: [{ of: '/b/*', before: 1, at: 1000, site: 'https://b.example' }],
      orders: [{ of: '/media/*' }],
    });
    expect(JSON.parse(await readFile(join(data, 'purges.json'), 'utf8'))).toMatchObject({
      orders: [{ of: 'https://www.example.com/a.jpg' }, { of: '/media/*' }],
    });
    await writeFile(join(data, 'purges.json'), purges);
    await writeFile(join(data, 'policy.json'), '{"revoked":["/c",{"of":"/d","before":1000}]}');
    expect((await peerfold('policy', 'show')).said.split('\n').slice(2)).toEqual([
      '  epoch    2',
      '  revoked  /c, for ever',
      '  revoked  /d, before 1970-01-01T00:00:01.000Z',
      '  purged   /b/* for https://b.example, 1970-01-01T00:00:01.000Z',
      '  purged   /media/*, as soon as the hash service runs',
    ]);
    await peerfold('policy', 'purge', '--all');
    expect((await peerfold('policy', 'show')).said).toContain('epoch    3');
  });

  it.each([
    [['policy', 'rollout'], /say N/],
    [['policy', 'rollout', '25%'], /"25%" is no number from 0 to 1/],
    [['policy', 'rollout', '1.5'], /"1.5" is no number from 0 to 1/],
    [['policy', 'rollout', ''], /say N/],
    [['policy', 'revoke', 'media/*'], /"media\/\*" is neither a URL/],
    [['policy', 'revoke', 'a', 'b'], /unexpected argument 'b'/],
    [['policy', 'allow', '/a'], /\/a is not revoked/],
    [['policy', 'purge'], /say a URL, a URL pattern or --all/],
    [['policy', 'purge', '/a', '--all'], /say a URL, a URL pattern or --all/],
    [['policy', 'show', 'more'], /unexpected argument 'more'/],
    [['policy'], /show, enable, disable, rollout, revoke, allow or purge/],
  ])('%j is not understood, and changes nothing', async (args, message) => {
    const { code, said, complained } = await peerfold(...args);
    expect([code, said]).toEqual([2, '']);
    expect(complained).toMatch(message);
    await expect(policy()).rejects.toThrow();
  });

  it.each([['show'], ['disable'], ['rollout', '0'], ['revoke', '/a'], ['allow', '/a'], ['purge', '/a']])(
    '%s is refused where no hash service has its keys, and writes nothing there',
    async (...args) => {
      await rm(join(data, 'keys'), { recursive: true });
      // It makes the folder, and no key.
      await peerfold('keys', 'list');
      const before = await readdir(data);
      const { code, said, complained } = await peerfold('policy', ...args);
      expect([code, said]).toEqual([2, '']);
      expect(complained).toContain(
        `no hash service has its keys in ${data}: name its data directory with --data`,
      );
      expect(await readdir(data)).toEqual(before);
    },
  );

  it.each(['rollout', 'revoke', 'purge'])('explains %s and its operand', async (action) => {
    const { code, said } = await peerfold('policy', action, '--help');
    expect(code).toBe(0);
    expect(said).toMatch(/^Usage: peerfold policy \w+ (N|WHAT|\[URL\|PATTERN\]) \[options\]/);
  });
});
