import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newKey, revokeKey, rotateKey } from '../../../hasher-service/index.js';
import { hashedName } from '../../../hasher-service/state/names.js';
import { MAX_STATEMENT_LIFE } from '../../../src/core/limits.js';
import type { Site } from '../../../src/core/brands.js';
import { piecesRoot } from '../../support/bep52.js';
import { seededBytes } from '../../support/random.js';
import { SITE, StaticSite, urlOf } from '../../support/static-site.js';

const DAY = 24 * 3600;
const DAY_MS = DAY * 1000;
const big = seededBytes(3)(300_000);

async function twoPictures(): Promise<StaticSite> {
  return StaticSite.make({ 'a.jpg': 'picture a', 'b.png': 'picture b' });
}

describe('what is signed', () => {
  it('is what visitors accept for a week, at the paths of a hash service', async () => {
    const site = await StaticSite.make({ 'media/big.webp': big, 'a.jpg': 'picture a' });
    const report = await site.sign();
    expect(report).toMatchObject({ signed: ['a.jpg', 'media/big.webp'], kept: [], removed: 0, skipped: [] });
    const claims = await site.digest('/media/big.webp');
    expect(claims).toMatchObject({
      ...{ iss: `${SITE}/.peerfold`, aud: SITE, sub: urlOf('/media/big.webp'), len: big.byteLength },
      hdr: { 'content-type': 'image/webp' },
    });
    expect(claims.exp - claims.iat).toBe(7 * DAY);
    expect(await site.policy()).toMatchObject({ enabled: true, rollout: 1, revoked: [], aud: SITE });
    expect((await site.policy()).exp).toBe(claims.exp);
    expect(report.validUntil).toBe(claims.exp * 1000);
    expect(await site.isVoid(claims)).toBe(false);
    await site.clock.advance(8 * DAY_MS);
    expect((await site.check(await site.token(claims.sub))).verdict).toBe('expired');
  });

  it('has the root that BEP 52 gives, and a layer where there are pieces', async () => {
    const site = await StaticSite.make({ 'big.webp': big, 'a.jpg': 'picture a' });
    await site.sign();
    const { root } = await site.digest('/big.webp');
    expect(root).toBe(piecesRoot(big));
    expect((await site.published(`v1/layers/${root}`))?.byteLength).toBe(5 * 32);
    expect([...(await site.all()).keys()].filter((path) => path.startsWith('v1/layers'))).toHaveLength(1);
  });

  it('lives as long as the owner chooses, and no longer than visitors accept', async () => {
    const site = await twoPictures();
    await site.sign({ life: '31d' });
    const claims = await site.digest('/a.jpg');
    expect(claims.exp - claims.iat).toBe(MAX_STATEMENT_LIFE);
    await site.sign({ life: '1h' });
    expect((await site.policy()).exp - claims.iat).toBe(3600);
    expect((await site.digest('/a.jpg')).exp - claims.iat).toBe(3600);
    for (const life of ['32d', '59m', '0d', '1', 'd', '', '-1d', '7 d', '745h'])
      await expect(site.sign({ life })).rejects.toThrow(/life: .* is no time from 1h to 31d/);
  });

  it('lies at the path at which the directory is served', async () => {
    const site = await twoPictures();
    const report = await site.sign({ base: '/blog' });
    expect(report.address).toBe(`${SITE}/blog/.peerfold`);
    expect((await site.digest('/blog/a.jpg')).sub).toBe(urlOf('/blog/a.jpg'));
    for (const base of ['blog/', '/a b/', '/a?b/', '/../', 'https://www.example.com/', '//other.example/'])
      await expect(site.sign({ base })).rejects.toThrow(/base: .* is not the path of a URL/);
  });

  it('may go among the files themselves', async () => {
    const site = await twoPictures();
    const report = await site.sign({ out: site.directory });
    expect(report).toMatchObject({ signed: ['a.jpg', 'b.png'], address: SITE });
    const again = await site.sign({ out: site.directory, include: ['*'] });
    expect(again.kept).toEqual(['a.jpg', 'b.png']);
    expect(again.skipped).toEqual([]);
  });

  it('has no name that begins with a dot, which many hosts do not publish', async () => {
    const site = await StaticSite.make({ 'big.webp': big });
    await site.sign();
    const names = [...(await site.all()).keys()].flatMap((path) => path.split('/'));
    expect(names).toContain('jwks.json');
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never holds a private key', async () => {
    const site = await twoPictures();
    await newKey(site.data, { alg: 'ES256', now: site.clock.now() });
    const report = JSON.stringify(await site.sign());
    const [file = ''] = await readdir(join(site.data, 'keys'));
    const { d } = JSON.parse(await readFile(join(site.data, 'keys', file), 'utf8')) as { d: string };
    expect(d.length).toBeGreaterThan(20);
    for (const [path, bytes] of await site.all())
      expect(bytes.toString('latin1').includes(d), path).toBe(false);
    expect(report).not.toContain(d);
    const jwks = JSON.parse((await site.published('v1/jwks.json'))?.toString() ?? '') as {
      keys: object[];
    };
    expect(jwks.keys).toHaveLength(1);
    for (const key of jwks.keys) expect(Object.keys(key)).not.toContain('d');
  });

  it('follows the operator’s policy in the data directory', async () => {
    const site = await twoPictures();
    await site.sign();
    const policy = { enabled: true, rollout: 0.25, revoked: ['/b.png'] };
    await writeFile(join(site.data, 'policy.json'), JSON.stringify(policy));
    await site.sign();
    expect(await site.policy()).toMatchObject({ enabled: true, rollout: 0.25 });
    expect(await site.isVoid(await site.digest('/b.png'))).toBe(true);
    expect(await site.isVoid(await site.digest('/a.jpg'))).toBe(false);
    await writeFile(join(site.data, 'policy.json'), '{"enabled": false}');
    await site.sign();
    expect((await site.policy()).enabled).toBe(false);
    await writeFile(join(site.data, 'policy.json'), '{"enabled": "no"}');
    await expect(site.sign()).rejects.toThrow(/policy\.json cannot be used/);
  });
});

describe('a second run', () => {
  it('leaves alone what has not changed, and raises the version of the policy', async () => {
    const site = await twoPictures();
    await site.sign();
    const first = await site.all();
    const before = await site.policy();
    await site.clock.advance(DAY_MS);
    expect(await site.sign()).toMatchObject({
      signed: [],
      kept: ['a.jpg', 'b.png'],
      removed: 0,
      voided: false,
    });
    const second = await site.all();
    first.delete('v1/policy');
    for (const [path, bytes] of first) expect(second.get(path)?.equals(bytes), path).toBe(true);
    const after = await site.policy();
    expect(after.ver).toBeGreaterThan(before.ver);
    expect(after).toMatchObject({ minEpoch: before.minEpoch, exp: before.exp + DAY });
  });

  it('tells until when all that is published is good', async () => {
    const site = await twoPictures();
    const first = await site.sign();
    await site.clock.advance(DAY_MS);
    expect((await site.sign()).validUntil).toBe(first.validUntil);
  });

  it('signs anew what has lived for half its life, and voids nothing by that', async () => {
    const site = await twoPictures();
    await site.sign();
    const before = await site.digest('/a.jpg');
    await site.clock.advance(3.5 * DAY_MS);
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], kept: [], voided: false });
    const after = await site.digest('/a.jpg');
    expect(after.ver).toBeGreaterThan(before.ver);
    expect(after.root).toBe(before.root);
    expect(await site.isVoid(before)).toBe(false);
  });

  it('voids all that was signed before when a file has changed', async () => {
    const site = await twoPictures();
    await site.sign();
    const [a, b] = [await site.digest('/a.jpg'), await site.digest('/b.png')];
    await site.write('a.jpg', 'another picture');
    await site.clock.advance(60_000);
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], kept: [], voided: true });
    for (const old of [a, b]) expect(await site.isVoid(old)).toBe(true);
    const renewed = [await site.digest('/a.jpg'), await site.digest('/b.png')];
    for (const claims of renewed) expect(await site.isVoid(claims)).toBe(false);
    expect(renewed.map(({ root }) => root)).toEqual([expect.not.stringContaining(a.root), b.root]);
    expect(renewed[0]?.ver).toBeGreaterThan(a.ver);
  });

  it('voids and removes what was signed about files that are gone, or excluded now', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a', 'big.webp': big, 'c.gif': 'c' });
    await site.sign();
    const gone = [await site.digest('/big.webp'), await site.digest('/c.gif')];
    await site.remove('big.webp');
    expect(await site.sign()).toMatchObject({ removed: 1, voided: true });
    expect(await site.token(urlOf('/big.webp'))).toBeUndefined();
    expect(await site.published(`v1/layers/${gone[0]?.root ?? ''}`)).toBeUndefined();
    expect(await site.sign({ exclude: ['*.gif'] })).toMatchObject({ removed: 1, voided: true });
    for (const claims of gone) expect(await site.isVoid(claims)).toBe(true);
    expect(await site.isVoid(await site.digest('/a.jpg'))).toBe(false);
  });

  it('adds what is new without voiding anything', async () => {
    const site = await twoPictures();
    await site.sign();
    await site.write('c.gif', 'c');
    expect(await site.sign()).toMatchObject({ signed: ['c.gif'], kept: ['a.jpg', 'b.png'], voided: false });
  });

  it('remembers what was signed though the tool that builds the site empties its output', async () => {
    const site = await twoPictures();
    await site.sign();
    const before = await site.digest('/a.jpg');
    await rm(site.out, { recursive: true });
    await site.clock.advance(1000);
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], voided: false });
    expect((await site.digest('/a.jpg')).ver).toBeGreaterThan(before.ver);
    await rm(site.out, { recursive: true });
    await site.write('b.png', 'changed');
    expect(await site.sign()).toMatchObject({ voided: true });
    expect(await site.isVoid(before)).toBe(true);
  });

  it.each([
    ['lost', (path: string) => rm(path)],
    ['torn', (path: string) => writeFile(path, '{"site":"https://www.exa')],
    [
      'another site’s',
      (path: string) => writeFile(path, '{"site":"https://x.example","ver":1,"epoch":1,"signed":{}}'),
    ],
  ])('voids everything when the record of the last one is %s', async (_, damage) => {
    const site = await twoPictures();
    await site.sign();
    const before = await site.digest('/a.jpg');
    await damage(recordOf(site));
    await site.clock.advance(2000);
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], voided: true });
    expect(await site.isVoid(before)).toBe(true);
    expect(await site.sign()).toMatchObject({ signed: [], voided: false });
  });

  it('voids everything when the record is an older one than what is published', async () => {
    const site = await twoPictures();
    await site.sign();
    const older = await readFile(recordOf(site));
    await site.write('a.jpg', 'changed');
    await site.sign();
    const published = await site.digest('/a.jpg');
    await site.write('a.jpg', 'picture a');
    await writeFile(recordOf(site), older);
    expect(await site.sign()).toMatchObject({ voided: true });
    expect(await site.isVoid(published)).toBe(true);
  });

  it('voids earlier statements that were to live longer than those signed now', async () => {
    const site = await twoPictures();
    await site.sign({ life: '31d' });
    const longest = await site.digest('/a.jpg');
    await site.clock.advance(1000);
    await site.sign({ life: '1d' });
    await site.clock.advance(5 * DAY_MS);
    await site.write('a.jpg', 'changed');
    expect(await site.sign({ life: '1d' })).toMatchObject({ voided: true });
    expect(longest.exp * 1000).toBeGreaterThan(site.clock.now());
    expect(await site.isVoid(longest)).toBe(true);
  });

  it('voids nothing for a file that changes when no statement about it is left', async () => {
    const site = await twoPictures();
    await site.sign({ life: '1d' });
    await site.clock.advance(2 * DAY_MS);
    await site.write('a.jpg', 'changed');
    expect(await site.sign({ life: '1d' })).toMatchObject({ voided: false, signed: ['a.jpg', 'b.png'] });
  });

  it('outdoes all before it, also when the clock was set back', async () => {
    const site = await twoPictures();
    await site.sign();
    const [token, policy] = [await site.digest('/a.jpg'), await site.policy()];
    site.clock.jump(-DAY_MS);
    await site.write('a.jpg', 'changed');
    await site.sign();
    const [newToken, newPolicy] = [await site.digest('/a.jpg'), await site.policy()];
    expect(newToken.ver).toBeGreaterThan(token.ver);
    expect(newPolicy.ver).toBeGreaterThan(policy.ver);
    expect(newPolicy.minEpoch).toBeGreaterThan(policy.minEpoch);
    expect(newToken.iat * 1000).toBeLessThanOrEqual(site.clock.now());
  });

  it('mends what was damaged in the output, and leaves alone what is not its own', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'a', 'big.webp': big });
    await site.sign();
    const { root } = await site.digest('/big.webp');
    await writeFile(join(site.out, 'v1/d', hashedName(urlOf('/a.jpg'))), 'a.b.c');
    await writeFile(join(site.out, 'v1/layers', root), new Uint8Array(5 * 32));
    await writeFile(join(site.out, 'v1/d', hashedName('https://www.example.com/old.jpg')), 'left over');
    await writeFile(join(site.out, 'v1/d', 'x.1234.unfinished'), 'torn');
    await writeFile(join(site.out, 'v1/d', '.htaccess'), 'mine');
    await writeFile(join(site.out, 'README'), 'mine');
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg'], kept: ['big.webp'], removed: 1 });
    await site.digest('/a.jpg');
    expect((await site.published(`v1/layers/${root}`))?.equals(Buffer.alloc(5 * 32))).toBe(false);
    const left = [...(await site.all()).keys()].filter((path) => !/[0-9a-f]{64}$/.test(path)).sort();
    expect(left).toEqual(['README', 'v1/d/.htaccess', 'v1/jwks.json', 'v1/policy']);
  });

  it('does not take what was signed about one file for what is signed about another', async () => {
    const site = await StaticSite.make({ 'a.jpg': 'same', 'b.jpg': 'same' });
    await site.sign();
    const at = (path: string) => join(site.out, 'v1/d', hashedName(urlOf(path)));
    await copyFile(at('/a.jpg'), at('/b.jpg'));
    expect(await site.sign()).toMatchObject({ signed: ['b.jpg'], kept: ['a.jpg'] });
    expect((await site.digest('/b.jpg')).sub).toBe(urlOf('/b.jpg'));
  });

  it('does not take the output of another site for its own', async () => {
    const site = await twoPictures();
    await site.sign();
    await expect(site.sign({ site: 'https://other.example' })).rejects.toThrow(
      /holds what was signed for https:\/\/www\.example\.com; delete it/,
    );
  });

  it('that was killed half-way leaves nothing good that should not be', async () => {
    const site = await twoPictures();
    await site.sign();
    const old = await site.digest('/a.jpg');
    await site.write('a.jpg', 'changed');
    // Where the new token goes, nothing can be put: the run fails after its policy is written.
    const path = join(site.out, 'v1/d', hashedName(urlOf('/a.jpg')));
    await rm(path);
    await mkdir(join(path, 'in-the-way'), { recursive: true });
    await expect(site.sign()).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await site.isVoid(old)).toBe(true);
    await rm(path, { recursive: true });
    await site.write('a.jpg', 'picture a');
    expect((await site.sign()).signed).toContain('a.jpg');
    expect(await site.isVoid(old)).toBe(true);
    expect(await site.isVoid(await site.digest('/a.jpg'))).toBe(false);
  });
});

describe('keys', () => {
  it('that were rotated: all is signed anew, and visitors know both keys', async () => {
    const site = await twoPictures();
    await site.sign();
    const old = (await site.token(urlOf('/a.jpg'))) ?? '';
    const successor = await rotateKey(site.data, { now: site.clock.now() });
    expect(await site.sign()).toMatchObject({ signed: [], kept: ['a.jpg', 'b.png'] });
    await site.clock.advance(600_000);
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], voided: false });
    expect((await site.check(old)).verdict).toBe('verified');
    expect((await site.check(await site.token(urlOf('/a.jpg')))).verdict).toBe('verified');
    expect(kidOf((await site.token(urlOf('/a.jpg'))) ?? '')).toBe(successor.kid);
  });

  it('that were revoked: nothing they signed is good', async () => {
    const site = await twoPictures();
    await site.sign();
    const old = (await site.token(urlOf('/a.jpg'))) ?? '';
    await revokeKey(site.data, kidOf(old), site.clock.now());
    expect(await site.sign()).toMatchObject({ signed: ['a.jpg', 'b.png'], kept: [] });
    expect((await site.check(old)).verdict).toBe('unsigned');
    await site.digest('/a.jpg');
    await site.policy();
  });

  it('that are lost with the whole data directory: new ones, and everything anew', async () => {
    const site = await twoPictures();
    await site.sign();
    const before = await site.policy();
    await rm(site.data, { recursive: true });
    await site.sign();
    const after = await site.policy();
    expect(after.ver).toBeGreaterThan(before.ver);
    expect(after.minEpoch).toBeGreaterThan(before.minEpoch);
    await site.digest('/a.jpg');
  });

  it('of ES256 sign, too', async () => {
    const site = await twoPictures();
    await newKey(site.data, { alg: 'ES256', now: site.clock.now() });
    await site.sign();
    await site.digest('/a.jpg');
    await site.policy();
  });
});

describe('switching sharing off', () => {
  it('acts by the policy alone, until the next run', async () => {
    const site = await twoPictures();
    await site.sign();
    const [token, before] = [await site.token(urlOf('/a.jpg')), await site.policy()];
    await site.disable();
    const off = await site.policy();
    expect(off).toMatchObject({ enabled: false, minEpoch: before.minEpoch });
    expect(off.ver).toBeGreaterThan(before.ver);
    expect(await site.token(urlOf('/a.jpg'))).toBe(token);
    expect(await site.sign()).toMatchObject({ kept: ['a.jpg', 'b.png'], voided: false });
    const on = await site.policy();
    expect(on.enabled).toBe(true);
    expect(on.ver).toBeGreaterThan(off.ver);
  });

  it('does not make the next run forget that a file has changed', async () => {
    const site = await twoPictures();
    await site.sign();
    const old = await site.digest('/a.jpg');
    await site.write('a.jpg', 'changed');
    await site.disable();
    expect(await site.sign()).toMatchObject({ voided: true });
    expect(await site.isVoid(old)).toBe(true);
  });

  it('works where nothing was signed, or nobody knows what was', async () => {
    const site = await twoPictures();
    await site.disable();
    expect((await site.policy()).enabled).toBe(false);
    await site.sign();
    const old = await site.digest('/a.jpg');
    await rm(recordOf(site));
    await site.disable();
    await site.sign();
    expect(await site.isVoid(old)).toBe(true);
  });
});

describe('a token', () => {
  it('is good for no other site, and no other URL', async () => {
    const site = await twoPictures();
    await site.sign();
    const token = (await site.token(urlOf('/a.jpg'))) ?? '';
    expect((await site.check(token)).verdict).toBe('verified');
    expect((await site.check(token, 'https://other.example' as Site)).verdict).toBe('unsigned');
    const [head = '', body = '', tail = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: urlOf('/b.png') })).toString('base64url');
    expect((await site.check(`${head}.${changed}.${tail}`)).verdict).toBe('unsigned');
  });
});

function recordOf(site: StaticSite): string {
  return join(site.data, `signed-${hashedName(SITE).slice(0, 16)}.json`);
}

function kidOf(jws: string): string {
  const header = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
  return header.kid;
}
