import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile, mkdtemp } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTracker, type Tracker, type TrackerOptions } from '../../../tracker-service/index.js';
import { trackerConfig } from '../../../tracker-service/config.js';
import { systemEnvironment, type Environment } from '../../../tracker-service/environment.js';
import { assemble } from '../../../tracker-service/service.js';
import { FakeClock } from '../../support/fake-clock.js';
import { networkDatabase } from '../../support/network-database.js';
import { SITE, SocketVisitor } from './socket-visitor.js';
import { startTinyHasher } from './tiny-hasher.js';

const ANYWHERE = { port: 0, host: '127.0.0.1' };
const QUIET: TrackerOptions = { openSites: [SITE], operationsPort: 0, logLevel: 'silent' };
const LOOK_AT_FILES = 60_000;

let folder: string;
const at = (name: string) => join(folder, name);
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerfold-tracker-'));
  await Promise.all([certify('one'), certify('two')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Makes a certificate for `name`, in name.pem, and its key, in name.key. */
async function certify(name: string): Promise<void> {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    at(`${name}.key`),
  ];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', at(`${name}.pem`), ...subject]);
}

async function start(options: TrackerOptions): Promise<Tracker> {
  const tracker = await createTracker({ ...QUIET, ...options });
  closers.push(() => tracker.close());
  return tracker;
}

/** A tracker whose timers the test moves on. */
async function startFrozen(
  options: TrackerOptions,
  environment: Partial<Environment> = {},
): Promise<{ tracker: Tracker; clock: FakeClock }> {
  const clock = new FakeClock();
  const config = trackerConfig.parse({ ...QUIET, ...options });
  const tracker = await assemble(config, { ...systemEnvironment, ...environment, clock });
  closers.push(() => {
    const closing = tracker.close();
    return Promise.all([closing, clock.advance(20_000)]);
  });
  return { tracker, clock };
}

async function replace(name: string, content: Buffer): Promise<void> {
  await writeFile(at('new'), content);
  await rename(at('new'), at(name));
}

describe('TLS', () => {
  async function copyPair(name: string): Promise<void> {
    await replace('cert', await readFile(at(`${name}.pem`)));
    await replace('key', await readFile(at(`${name}.key`)));
  }

  async function nameAt(url: string): Promise<string> {
    const socket = connectTls({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  }

  it('is spoken with a certificate and its key', async () => {
    const tracker = await start({ tlsCert: at('one.pem'), tlsKey: at('one.key') });
    const { url } = await tracker.listen(ANYWHERE);
    expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+$/);
    const ca = await readFile(at('one.pem'));
    const socket = new WebSocket(url, 'peerfold.v1', { ca });
    await once(socket, 'open');
    socket.terminate();
    const plain = new WebSocket(url.replace('wss', 'ws'), 'peerfold.v1');
    await expect(once(plain, 'open')).rejects.toThrow();
  });

  it('goes on with new files when they change, and with the old ones when those are no good', async () => {
    await copyPair('one');
    const { tracker, clock } = await startFrozen({ tlsCert: at('cert'), tlsKey: at('key') });
    const { url, operations } = await tracker.listen(ANYWHERE);
    expect(await nameAt(url)).toBe('one');
    await replace('cert', await readFile(at('two.pem')));
    await clock.advance(LOOK_AT_FILES);
    await vi.waitFor(async () => {
      expect(await (await fetch(`${operations ?? ''}/metrics`)).text()).toMatch(/failures_total 1$/m);
    });
    expect(await nameAt(url)).toBe('one');
    await copyPair('two');
    await vi.waitFor(async () => {
      await clock.advance(LOOK_AT_FILES);
      expect(await nameAt(url)).toBe('two');
    });
  });

  it('does not start with a key of another certificate', async () => {
    const wrong = createTracker({ ...QUIET, tlsCert: at('one.pem'), tlsKey: at('two.key') });
    await expect(wrong).rejects.toMatchObject({ code: 'bad-config' });
    await expect(wrong).rejects.toThrow(/^tlsCert, tlsKey: .* cannot be used: .*mismatch/);
  });
});

describe('a database of networks', () => {
  it('is read at the start', async () => {
    await writeFile(at('db.mmdb'), networkDatabase({ '127.0.0.0/8': { autonomous_system_number: 7 } }));
    const tracker = await start({ networkDb: at('db.mmdb') });
    const { url } = await tracker.listen(ANYWHERE);
    await SocketVisitor.join(url);
  });

  it('that is none ends the start', async () => {
    await writeFile(at('none.mmdb'), 'nonsense');
    const wrong = createTracker({ ...QUIET, networkDb: [at('none.mmdb')] });
    await expect(wrong).rejects.toThrow(/^networkDb: .*none\.mmdb cannot be used: not a database/);
  });
});

describe('several hash services', () => {
  it('each decide about their site, and one that is down does not make the tracker unready', async () => {
    const [ours, other] = [await startTinyHasher('one'), await startTinyHasher('two')];
    closers.push(() => ours.close());
    const tracker = await start({
      openSites: [],
      hasher: [`${SITE}=${ours.url}`, other.url],
      hasherToken: [`${SITE}=one`, 'two'],
    });
    const { url, operations = '' } = await tracker.listen(ANYWHERE);
    const visitor = await SocketVisitor.join(url, ours.url);
    const root = 'ab'.repeat(16) as (typeof ours.questions)[number]['roots'][number];
    ours.live.add(root);
    visitor.say({ t: 'have', seq: 1, add: [root], del: [] });
    await vi.waitFor(() => {
      expect(ours.questions).toHaveLength(1);
    });
    const stranger = await SocketVisitor.connect(url);
    stranger.hello(await stranger.askAdmission(other.url));
    expect(await stranger.next('error')).toMatchObject({ code: 'bad-admission' });
    await other.close();
    const ready = await fetch(`${operations}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      200,
      expect.stringMatching(
        new RegExp(
          `^ready, but 1 of 2 hash services cannot be used: no keys from ${other.url}/.*, but a visitor of ${SITE} came with an admission that ${ours.url} has not signed`,
        ),
      ),
    ]);
    expect(other.questions).toEqual([]);
  });
});

describe('sockets', () => {
  it('are pinged three times in a lease, and end when nothing is heard of them', async () => {
    const { tracker, clock } = await startFrozen({ leaseSeconds: 90 });
    const { url } = await tracker.listen(ANYWHERE);
    const visitor = await SocketVisitor.join(url);
    let pings = 0;
    visitor.socket.on('ping', () => pings++);
    for (let second = 0; second < 180; second += 15) {
      await clock.advance(15_000);
      visitor.socket.ping();
      await once(visitor.socket, 'pong');
    }
    await vi.waitFor(() => {
      expect(pings).toBe(6);
    });
    visitor.socket.pause();
    await clock.advance(91_000);
    visitor.socket.resume();
    expect(await visitor.closed).toBe(4409);
  });

  it('come in no more while the memory is nearly full, and again when it is not', async () => {
    let share = 0.5;
    const { tracker, clock } = await startFrozen({}, { memory: () => share });
    const { url, operations = '' } = await tracker.listen(ANYWHERE);
    const visitor = await SocketVisitor.join(url);
    share = 0.96;
    await clock.advance(100);
    const late = new WebSocket(url, 'peerfold.v1').on('error', () => undefined);
    const [, response] = (await once(late, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '30']);
    late.terminate();
    const metrics = await (await fetch(`${operations}/metrics`)).text();
    expect(metrics).toContain('peerfold_tracker_turned_away_total{limit="pressure"} 1');
    expect(metrics).toContain('peerfold_tracker_pressure 4');
    visitor.say({ t: 'have', seq: 3, add: [], del: [] });
    expect(await visitor.next('ok')).toEqual({ t: 'ok', seq: 3 });
    share = 0.5;
    await clock.advance(9_000);
    await SocketVisitor.connect(url);
  });
});

describe('stopping', () => {
  it('says that it is not ready, goes on for a while, and then says goodbye', async () => {
    const { tracker, clock } = await startFrozen({ drainMs: 5_000 });
    const { url, operations = '' } = await tracker.listen(ANYWHERE);
    const early = await SocketVisitor.join(url);
    const closing = tracker.close();
    const ready = await fetch(`${operations}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'not ready: stopping\n']);
    const late = await SocketVisitor.join(url);
    await clock.advance(5_000);
    for (const visitor of [early, late]) {
      expect(await visitor.next('bye')).toEqual({ t: 'bye', retry: [0, 2004] });
      expect(await visitor.closed).toBe(1001);
    }
    await closing;
    await expect(fetch(`${operations}/readyz`)).rejects.toThrow();
  });

  it('cuts those who do not answer', async () => {
    const { tracker, clock } = await startFrozen({ shutdownMs: 500 });
    const { url, operations = '' } = await tracker.listen(ANYWHERE);
    const deaf = await SocketVisitor.join(url);
    deaf.socket.pause();
    const closing = tracker.close();
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${operations}/metrics`)).text();
      expect(metrics).toContain('peerfold_tracker_ends_total{reason="going-away"} 1');
      expect(metrics).toContain('peerfold_tracker_sockets 1');
    });
    await clock.advance(500);
    await closing;
  });

  it('takes no time before it started', async () => {
    const tracker = await createTracker(QUIET);
    await tracker.close();
    await tracker.close();
  });
});
