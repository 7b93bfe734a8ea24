import { rename, rm, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveFiles } from '../../../tracker-service/server/live-files.js';
import { FakeClock } from '../../support/fake-clock.js';

const LOOK = 60_000;

let folder: string;
let clock: FakeClock;
let taken: string[];
let heard: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerfold-files-'));
  clock = new FakeClock();
  [taken, heard] = [[], []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

function open(): Promise<LiveFiles> {
  return LiveFiles.open({
    what: 'a pair',
    paths: [at('a'), at('b')],
    clock,
    take(contents) {
      const text = contents.join('+');
      if (text.includes('bad')) throw new Error('bad contents');
      taken.push(text);
    },
    renewed: () => heard.push('renewed'),
    failed: (error) => heard.push(String(error)),
  });
}

async function write(a: string, b: string): Promise<void> {
  await writeFile(at('new'), a);
  await rename(at('new'), at('a'));
  await writeFile(at('b'), b);
}

/** One look, however long the disk takes. */
async function look(): Promise<void> {
  await clock.advance(LOOK);
  await vi.waitFor(() => {
    expect(clock.pending).toBe(1);
  });
}

it('takes the files into use, and again when they have changed', async () => {
  await write('a1', 'b1');
  const files = await open();
  await look();
  expect([taken, heard]).toEqual([['a1+b1'], []]);
  await write('a2', 'b22');
  await look();
  await look();
  expect([taken, heard]).toEqual([['a1+b1', 'a2+b22'], ['renewed']]);
  files.close();
  expect(clock.pending).toBe(0);
});

it('keeps what it has while the new is no good or not there', async () => {
  await write('a1', 'b1');
  const files = await open();
  await write('bad', 'b22');
  await look();
  expect(heard).toEqual([expect.stringMatching(/a pair: .*a and .*b cannot be used: bad contents/)]);
  await look();
  expect(heard).toHaveLength(1);
  await rm(at('a'));
  await look();
  expect(heard[1]).toMatch(/ENOENT/);
  await write('a3', 'b333');
  await look();
  expect([taken, heard.at(-1)]).toEqual([['a1+b1', 'a3+b333'], 'renewed']);
  files.close();
});

it('cannot start without them', async () => {
  await expect(open()).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringMatching(/ENOENT/),
  });
  await write('bad', 'b');
  await expect(open()).rejects.toThrow(/a pair: .* cannot be used: bad contents/);
  expect(clock.pending).toBe(0);
});
