import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createHasher } from '../../../hasher-service/index.js';
import { LayerFiles } from '../../../hasher-service/state/layer-files.js';
import { prefixOf } from '../../../src/core/brands.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { BUILT_HASHING } from '../../support/built-hashing.js';
import { Child, buildChild } from '../../support/child.js';
import { seededBytes, seededRandom } from '../../support/random.js';
import { SITE, Scribe } from '../../support/scribe.js';
import { sha256 } from '../../support/sha256.js';
import { Ear } from '../../support/state-conformance.js';
import { startOrigin, temporaryDirectory } from './harness.js';
import { Visitor } from '../../support/hasher-visitor.js';

const WRITER = await buildChild('writer');
const INSTANCE = await buildChild('instance');
const ROUNDS = 12;
const NEVER = new AbortController().signal;

describe('a service that is killed in the middle of its writing', () => {
  /** Every file is what it claims to be, or gives itself away as unfinished. */
  async function checkFiles(data: string, scribe: Scribe): Promise<number> {
    const layers = new LayerFiles(join(data, 'v1/layers'), sha256);
    const names = (await readdir(join(data, 'v1/d'))).filter((name) => !name.endsWith('.unfinished'));
    for (const name of names) {
      const statement = await scribe.signer.reopen(await readFile(join(data, 'v1/d', name), 'utf8'));
      if (statement?.kind !== 'digest') throw new Error(`${name} is torn`);
      const { root, len, piece } = statement.claims;
      expect(await layers.has(root, { length: len, piece })).toBe(true);
    }
    return names.length;
  }

  it('leaves whole files or none, starts again, and never goes back to an earlier version', async () => {
    const data = await temporaryDirectory();
    const random = seededRandom(1);
    let highest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const writer = new Child(WRITER, [data, String(round)]);
      await writer.line(Math.floor(random() * 120));
      await writer.kill();
      highest = Math.max(highest, ...writer.lines.map(Number));
      const scribe = await Scribe.open(data, systemClock);
      expect(await checkFiles(data, scribe)).toBeGreaterThan(0);
      const archive = scribe.archive(data);
      const ear = new Ear();
      await archive.open(ear);
      expect(ear.highest).toBeGreaterThanOrEqual(highest);
      await archive.recall(NEVER);
      // As housekeeping does: it clears away what the killed one left half-written.
      await archive.survey(NEVER);
      await archive.close();
    }
    const left = (await readdir(data, { recursive: true })).filter((name) => name.endsWith('.unfinished'));
    expect(left).toEqual([]);
  }, 60_000);

  it('serves what it had', async () => {
    const data = await temporaryDirectory();
    const writer = new Child(WRITER, [data, '99']);
    await writer.line(40);
    await writer.kill();
    const scribe = await Scribe.open(data, systemClock);
    const options = {
      sites: [SITE],
      data,
      logLevel: 'silent',
      rootsToken: 'a token only for tests',
    } as const;
    const hasher = await createHasher(options, BUILT_HASHING);
    const [name = ''] = await readdir(join(data, 'v1/d'));
    const kept = await scribe.signer.reopen(await readFile(join(data, 'v1/d', name), 'utf8'));
    if (kept?.kind !== 'digest') throw new Error('no token');
    const response = await hasher.app.inject({
      method: 'POST',
      url: '/v1/roots',
      headers: { authorization: 'Bearer a token only for tests', 'content-type': 'text/plain' },
      payload: JSON.stringify({ site: SITE, roots: [prefixOf(kept.claims.root)] }),
    });
    expect(response.json()).toEqual({ live: [{ root: prefixOf(kept.claims.root), until: kept.claims.exp }] });
    expect((await hasher.app.inject('/readyz')).json()).toEqual({ status: 'ready' });
    await hasher.close();
  });
});

it('a full disk costs no more than what is new, until there is room again', async () => {
  const origin = await startOrigin();
  const bytes = seededBytes(5);
  origin.serve('/a', bytes(200_000));
  origin.serve('/b', bytes(200_000));
  const data = await temporaryDirectory();
  const options = { sites: [origin.url], data, port: 0, allowPrivate: true, logLevel: 'silent' };
  const instance = new Child(INSTANCE, [JSON.stringify(options)]);
  const visitor = new Visitor(await instance.line(0), origin.url);
  const before = await visitor.ask('/a');
  expect(before.digest).toBeDefined();

  // No file may grow: what the kernel says then is another word for a full disk.
  await promisify(execFile)('prlimit', ['--pid', String(instance.pid), '--fsize=0:']);
  expect((await visitor.ask('/b')).refusal?.code).toBe('store-failed');
  expect((await visitor.ask('/a')).jws).toBe(before.jws);
  expect((await visitor.get(`/v1/layers/${before.digest?.root}`)).status).toBe(200);
  expect((await visitor.get('/healthz')).status).toBe(200);

  await promisify(execFile)('prlimit', ['--pid', String(instance.pid), '--fsize=unlimited:']);
  instance.say('31000');
  await instance.line(1);
  expect((await visitor.ask('/b')).digest).toBeDefined();
  expect((await readdir(join(data, 'v1/d'))).length).toBe(2);
});
