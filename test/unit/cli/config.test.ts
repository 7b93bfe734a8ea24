import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig, readFlags } from '../../../src/cli/config.js';
import { UsageError } from '../../../src/cli/io.js';
import { settingsOf } from '../../../src/cli/settings.js';
import { FakeIo } from '../../support/fake-io.js';

const schema = z.strictObject({
  upstream: z.url().describe('where to ask'),
  port: z.number().int().min(0).max(65_535).default(8000),
  trustedProxies: z.array(z.string().min(2)).default([]),
  sites: z.preprocess((value) => value, z.array(z.string())).default([]),
  allowPrivate: z.boolean().default(false),
  level: z.enum(['low', 'high']).default('low'),
  hook: z.custom<() => void>((value) => typeof value === 'function').optional(),
});
const settings = settingsOf(schema, { prefix: 'PEERFOLD_X', meanings: { port: 'a port' } });

async function read(args: string[], io = new FakeIo()): Promise<z.output<typeof schema>> {
  return readConfig(schema, settings, readFlags('peerfold x', args, settings).flags, io);
}

const UP = ['--upstream', 'http://up.test'];

describe('settings', () => {
  it('are named after the fields: flags in kebab case, lists in the singular, variables with a prefix', () => {
    expect(settings.map(({ flag, variable, kind }) => [flag, variable, kind])).toEqual([
      ['upstream', 'PEERFOLD_X_UPSTREAM', 'text'],
      ['port', 'PEERFOLD_X_PORT', 'number'],
      ['trusted-proxy', 'PEERFOLD_X_TRUSTED_PROXY', 'list'],
      ['site', 'PEERFOLD_X_SITE', 'list'],
      ['allow-private', 'PEERFOLD_X_ALLOW_PRIVATE', 'switch'],
      ['level', 'PEERFOLD_X_LEVEL', 'text'],
    ]);
  });

  it('know what is needed, the defaults, and the meanings from either place', () => {
    expect(settings[0]).toMatchObject({ required: true, meaning: 'where to ask' });
    expect(settings[1]).toMatchObject({ required: false, fallback: 8000, meaning: 'a port' });
  });
});

describe('merging', () => {
  it('fills in defaults', async () => {
    expect(await read(UP)).toEqual({
      upstream: 'http://up.test',
      port: 8000,
      trustedProxies: [],
      sites: [],
      allowPrivate: false,
      level: 'low',
    });
  });

  it('prefers flags to the environment and that to the file', async () => {
    const file = JSON.stringify({ port: 1, level: 'high', upstream: 'http://file.test', allowPrivate: true });
    const env = { PEERFOLD_X_PORT: '2', PEERFOLD_X_UPSTREAM: 'http://env.test' };
    const io = new FakeIo(env, { 'x.json': file });
    const config = await read(['--config', 'x.json', '--port', '3'], io);
    expect(config).toMatchObject({
      port: 3,
      level: 'high',
      upstream: 'http://env.test',
      allowPrivate: true,
    });
  });

  it('repeats list flags, and splits list variables at commas', async () => {
    expect(await read([...UP, '--site', 'a', '--site=b', '--trusted-proxy', '::1'])).toMatchObject({
      sites: ['a', 'b'],
      trustedProxies: ['::1'],
    });
    const io = new FakeIo({ PEERFOLD_X_SITE: 'a, b,c' });
    expect(await read(UP, io)).toMatchObject({ sites: ['a', 'b', 'c'] });
  });

  it.each([
    ['1', true],
    ['true', true],
    ['no', false],
    ['', false],
  ])('reads a switch from the environment: "%s"', async (text, value) => {
    expect(await read(UP, new FakeIo({ PEERFOLD_X_ALLOW_PRIVATE: text }))).toMatchObject({
      allowPrivate: value,
    });
  });

  it('leaves other variables alone', async () => {
    const io = new FakeIo({ PORT: '1', PEERFOLD_PORT: '2', PEERFOLD_X_PORTS: '3' });
    expect(await read(UP, io)).toMatchObject({ port: 8000 });
  });
});

describe('what is wrong', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown flag', ['--prot', '1'], {}, /peerfold x: unknown option '--prot'.*see peerfold x --help/],
    ['a stray word', [...UP, 'now'], {}, /peerfold x: unexpected argument 'now'/],
    ['a flag without value', ['--upstream'], {}, /argument missing/],
    ['a value for a switch', [...UP, '--allow-private=yes'], {}, /does not take an argument/],
    ['a missing setting', [], {}, /--upstream is needed \(or PEERFOLD_X_UPSTREAM\): where to ask/],
    ['text for a number', [...UP, '--port', 'http'], {}, /^--port: .*number/],
    ['a number out of range', [...UP, '--port', '70000'], {}, /^--port: .*65535/],
    ['half a number', [...UP, '--port', '1e3'], {}, /^--port: .*number/],
    ['a bad variable', UP, { PEERFOLD_X_PORT: '-1' }, /^PEERFOLD_X_PORT: /],
    ['a bad switch', UP, { PEERFOLD_X_ALLOW_PRIVATE: 'maybe' }, /^PEERFOLD_X_ALLOW_PRIVATE: /],
    ['a bad choice', [...UP, '--level', 'middle'], {}, /^--level: .*"low"\|"high"/],
    ['a bad list item', [...UP, '--trusted-proxy', 'x'], {}, /^--trusted-proxy: /],
    ['a missing file', [...UP, '--config', 'y.json'], {}, /y\.json cannot be read: no such file/],
  ])('%s is said in words', async (_name, args, env, message) => {
    const reading = Promise.resolve().then(() => read(args, new FakeIo(env)));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(UsageError);
  });

  it.each([
    ['{', /x\.json is not JSON/],
    ['[]', /must hold one JSON object/],
    ['null', /must hold one JSON object/],
    ['{"prot":1}', /"prot" in x\.json: no such setting/],
    ['{"port":"1"}', /"port" in x\.json: .*number/],
  ])('a file that holds %s is said in words', async (text, message) => {
    const io = new FakeIo({}, { 'x.json': text });
    await expect(read([...UP, '--config', 'x.json'], io)).rejects.toThrow(message);
  });

  it('is said all at once', async () => {
    await expect(read(['--port', 'x', '--level', 'y'])).rejects.toThrow(/--upstream[^]*--port[^]*--level/);
  });
});
