import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { BuiltCommand } from '../../support/built-command.js';
import { FakeIo } from '../../support/fake-io.js';

let command: BuiltCommand;
let data: string;

beforeAll(async () => {
  command = await BuiltCommand.build();
  data = join(command.folder, 'h');
});
afterEach(() => command.stop());
afterAll(() => command.remove());

/** What a command says that has done its work. */
async function said(...args: string[]): Promise<string> {
  const io = new FakeIo();
  await run([...args, '--data', data], io);
  return `${io.output}\n${io.errors}`;
}

async function kids(): Promise<string[]> {
  const listed = await said('keys', 'list');
  return listed.split('\n').map((line) => line.trim().split(/\s+/)[0] ?? '');
}

async function secretOf(kid: string): Promise<string> {
  const text = await readFile(join(data, 'keys', `${kid}.json`), 'utf8');
  return (JSON.parse(text) as { d: string }).d;
}

it('no private key is in what the service and the command print, from the first start to the last fault', async () => {
  const args = [
    'hasher',
    '--site',
    'http://localhost:8080',
    '--port',
    '0',
    '--data',
    data,
    '--log-level',
    'debug',
  ];
  const hasher = command.start(args);
  const url = (await hasher.ready).split(' ').at(-1) ?? '';
  const [first = ''] = await kids();
  const secrets = [await secretOf(first)];
  const output = [await said('keys', 'rotate', '--alg', 'ES256')];
  const second = (await kids()).find((kid) => kid !== first) ?? '';
  secrets.push(await secretOf(second));
  output.push(await said('keys', 'list'), await said('keys', 'revoke', first));
  await vi.waitFor(
    async () => {
      const published = await (await fetch(`${url}/v1/jwks.json`)).text();
      output.push(published);
      expect(published).not.toContain(first);
    },
    { timeout: 20_000, interval: 200 },
  );
  output.push(await (await fetch(`${url}/metrics`)).text());
  const path = join(data, 'keys', `${second}.json`);
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -5));
  hasher.child.kill('SIGTERM');
  await hasher.exit;
  const failed = command.start(args);
  expect(await failed.exit).toBe(2);
  expect(failed.errors.join('\n')).toContain('is not a usable key: not JSON');
  expect(hasher.errors.join('\n')).toContain('keys read');
  output.push(await said('keys', 'list'), ...failed.errors, ...hasher.lines, ...hasher.errors);
  for (const secret of secrets)
    for (let at = 0; at + 12 <= secret.length; at++)
      expect(output.join('\n')).not.toContain(secret.slice(at, at + 12));
});
