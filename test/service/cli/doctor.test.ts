import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createHasher, type Hasher } from '../../../hasher-service/index.js';
import { Probe } from '../../../src/cli/doctor/probe.js';
import { seeServices, type ServicesSeen } from '../../../src/cli/doctor/services.js';
import type { Services } from '../../../src/cli/doctor/examination.js';
import type { Site } from '../../../src/core/brands.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { createTracker, type Tracker } from '../../../tracker-service/index.js';

const SITE = 'http://localhost:8080' as Site;
const QUIET = { operationsPort: 0, logLevel: 'silent' } as const;
/** Nothing listens there: no service was ever given that port. */
const NOBODY = '//127.0.0.1:2';

let data: string;
let hasher: Hasher;
let tracker: Tracker;
let services: Services;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'peerfold-doctor-'));
  hasher = await createHasher({ sites: [SITE], data, port: 0, host: '127.0.0.1', logLevel: 'silent' });
  const { url } = await hasher.listen();
  tracker = await createTracker({ hasher: url, hasherToken: hasher.rootsToken, ...QUIET });
  const { url: address } = await tracker.listen({ port: 0, host: '127.0.0.1' });
  services = { hasher: url, tracker: address, static: false };
});
afterAll(async () => {
  await tracker.close();
  await hasher.close();
  await rm(data, { recursive: true, force: true });
});

function seen(change: Partial<Services> = {}, site: Site = SITE, timeout = 2000): Promise<ServicesSeen> {
  const how = { fetch: globalThis.fetch, clock: systemClock, timeout };
  return seeServices({ services: { ...services, ...change }, site, probe: new Probe(how), ...how });
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('hash service and tracker', () => {
  it('are asked as visitors ask them', async () => {
    const { hasher: asked, tracker: greeted } = await seen();
    expect(asked).toMatchObject({
      keys: { is: 'given', value: 1, cors: true },
      policy: { is: 'given', value: { enabled: true, aud: SITE }, cors: true },
      admission: { is: 'given', cors: true },
    });
    expect(greeted).toEqual({ ok: true });
  });

  it('may have TURN servers for those who are admitted', async () => {
    const { admission: without } = (await seen()).hasher;
    expect(without).toMatchObject({ value: { relays: [] } });
    const turnUrls = ['turn:turn.example.com:3478'];
    const relaying = await createHasher({
      ...{
        sites: [SITE],
        data: await mkdtemp(join(data, 'turn-')),
        port: 0,
        host: '127.0.0.1',
        logLevel: 'silent',
      },
      ...{ turnUrls, turnSecret: 'a secret only for tests' },
    });
    const { url } = await relaying.listen();
    const { admission } = (await seen({ hasher: url })).hasher;
    await relaying.close();
    expect(admission).toMatchObject({ is: 'given', value: { relays: turnUrls } });
  });

  it('are silent when nothing listens there', async () => {
    const { hasher: asked, tracker: greeted } = await seen({ hasher: `http:${NOBODY}` });
    const problem = 'nothing listens there (ECONNREFUSED)';
    expect(Object.values(asked)).toEqual([0, 1, 2].map(() => ({ is: 'silent', problem })));
    expect(greeted).toBeUndefined();
    expect((await seen({ tracker: `ws:${NOBODY}` })).tracker).toEqual({ ok: false, problem });
  });

  it('may be for another site', async () => {
    const { hasher: asked } = await seen({}, 'http://localhost:9999' as Site);
    expect(asked.keys).toMatchObject({ is: 'given', cors: false });
    expect([asked.policy, asked.admission]).toMatchObject([
      { code: 'unknown-site' },
      { code: 'unknown-site' },
    ]);
  });

  it('may be something else', async () => {
    const page = createServer((_, response) => response.writeHead(404).end('<html>'));
    const address = await listening(page);
    expect((await seen({ tracker: address })).tracker).toEqual({
      ok: false,
      problem: 'it answers HTTP 404 to a WebSocket',
    });
    expect((await seen({ hasher: address.replace('ws', 'http') })).hasher.keys).toMatchObject({
      status: 404,
    });
    page.close();
  });

  it.each([
    ['speaks another protocol', { handleProtocols: () => 'chat' }, /protocol/i],
    ['says nothing', {}, /no welcome within 0.2 s/],
  ])('may be a server of sockets that %s', async (_, options, problem) => {
    const server = createServer();
    const sockets = new WebSocketServer({ server, ...options });
    const { tracker: greeted } = await seen({ tracker: await listening(server) }, SITE, 200);
    expect(greeted).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
    sockets.close();
    server.closeAllConnections();
    server.close();
  });

  it('may be a tracker that trusts another hash service', async () => {
    const other = await createTracker({ openSites: ['http://localhost:1'], ...QUIET });
    const { url } = await other.listen({ port: 0, host: '127.0.0.1' });
    expect((await seen({ tracker: url })).tracker).toMatchObject({ ok: false });
    await other.close();
  });
});
