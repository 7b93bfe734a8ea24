import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placesOf } from '../../../hasher-service/static/places.js';

async function project(): Promise<(name: string) => string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'places-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'public', 'sub'), { recursive: true });
  await mkdir(join(root, 'private'));
  return (name) => join(root, name);
}

describe('where a run reads and writes', () => {
  it.each([
    ['public', 'public/.peerfold', '.peerfold'],
    ['public', 'public/.peerfold', 'private'],
    ['public', 'public', 'private'],
    ['public', 'elsewhere/signed', 'private/new/data'],
    ['public', 'private/signed', 'private'],
    ['public', 'public/.peerfold', 'public-data'],
  ])('%s with --out %s and --data %s is fine', async (directory, out, data) => {
    const at = await project();
    await expect(placesOf({ directory: at(directory), out: at(out), data: at(data) })).resolves.toEqual({
      directory: at(directory),
      out: at(out),
    });
  });

  it.each([
    ['public', 'public/.peerfold', 'public/.peerfold'],
    ['public', 'public/.peerfold', 'public/.keys'],
    ['public', 'public/.peerfold', 'public'],
    ['public', 'public/.peerfold', 'public/sub/../data'],
    ['public', 'elsewhere', 'elsewhere'],
    ['public', 'elsewhere', 'elsewhere/data'],
    ['.', 'signed', '.peerfold'],
    ['public', '.', 'private'],
  ])('%s with --out %s and --data %s would publish the keys', async (directory, out, data) => {
    const at = await project();
    await expect(placesOf({ directory: at(directory), out: at(out), data: at(data) })).rejects.toThrow(
      /--data .* lies within .*, which is published/,
    );
  });

  it.each(['private/keys', 'private/keys/out'])('--out %s lies among the keys', async (out) => {
    const at = await project();
    const places = placesOf({ directory: at('public'), out: at(out), data: at('private') });
    await expect(places).rejects.toThrow(/the private keys/);
  });

  it('is seen through links', async () => {
    const at = await project();
    await symlink(at('public'), at('link'));
    await expect(
      placesOf({ directory: at('public'), out: at('out'), data: at('link/sub/data') }),
    ).rejects.toMatchObject({ code: 'bad-config' });
    await symlink(at('public/sub'), at('private/keys'));
    await expect(placesOf({ directory: at('public'), out: at('out'), data: at('private') })).rejects.toThrow(
      'which is published',
    );
    expect(await placesOf({ directory: at('link'), out: at('link/out'), data: at('data') })).toEqual({
      directory: at('public'),
      out: at('public/out'),
    });
  });
});
