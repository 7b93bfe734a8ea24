import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { createTracker, type Tracker, type TrackerOptions } from '../../../tracker-service/index.js';
import { SITE, SocketVisitor } from './socket-visitor.js';
import { startTinyHasher, type TinyHasher } from './tiny-hasher.js';

const TOKEN = 'a token that only the two of them know';
const root = 'ab'.repeat(16) as RootPrefix;

let hasher: TinyHasher;
let tracker: Tracker;
let url: string;
let operations: string;

async function start(options: Partial<TrackerOptions> = {}): Promise<void> {
  tracker = await createTracker({
    hasher: hasher.url,
    hasherToken: TOKEN,
    operationsPort: 0,
    logLevel: 'silent',
    ...options,
  });
  await listen();
}

async function listen(): Promise<void> {
  const where = await tracker.listen({ port: 0, host: '127.0.0.1' });
  url = where.url;
  operations = where.operations ?? '';
}

const join = () => SocketVisitor.join(url, hasher.url);
const page = (path: string) => fetch(operations + path);
const publicPage = (path: string) => fetch(url.replace('ws:', 'http:') + path);

/** The status with which a socket is turned away, or 101. */
function statusOf(headers: Record<string, string> = {}, protocols = ['peerfold.v1']): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { headers });
    socket.once('open', () => {
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('error', reject);
  });
}

beforeEach(async () => {
  hasher = await startTinyHasher(TOKEN);
});
afterEach(async () => {
  await tracker.close();
  await hasher.close();
});

describe('a tracker on real sockets', () => {
  beforeEach(() => start());

  it('introduces two visitors, who then signal each other', async () => {
    hasher.live.add(root);
    const [holder, asker] = [await join(), await join()];
    asker.say({ t: 'want', q: 5, roots: [root], k: 4, live: 60 });
    expect(await asker.next('peers')).toEqual({ t: 'peers', q: 5, peers: [] });
    holder.say({ t: 'have', seq: 1, add: [root], del: [] });
    expect(await holder.next('ok')).toEqual({ t: 'ok', seq: 1 });
    const { peers } = await asker.next('peers');
    expect(peers).toHaveLength(1);
    expect(peers[0]).toMatchObject({ pid: holder.pid, key: holder.identity.publicKey });
    asker.say({ t: 'signal', list: [{ to: holder.pid, pass: peers[0]?.pass ?? '', box: 'offer' }] });
    const offer = await holder.next('signal');
    expect(offer).toMatchObject({ from: asker.pid, key: asker.identity.publicKey, box: 'offer' });
    holder.say({ t: 'signal', list: [{ to: asker.pid, pass: offer.pass, box: 'answer' }] });
    expect(await asker.next('signal')).toMatchObject({ from: holder.pid, box: 'answer' });
    expect(hasher.questions).toEqual([{ site: SITE, roots: [root] }]);
  });

  it('says how it is', async () => {
    await join();
    expect((await page('/healthz')).status).toBe(200);
    expect((await page('/readyz')).status).toBe(200);
    expect((await page('/nothing')).status).toBe(404);
    expect((await page('//')).status).toBe(404);
    expect((await publicPage('/healthz')).status).toBe(200);
    expect((await publicPage('/readyz')).status).toBe(404);
    expect((await publicPage('/metrics')).status).toBe(404);
    const metrics = await (await page('/metrics')).text();
    expect(metrics).toContain('peerfold_tracker_visitors 1');
    expect(metrics).toContain('peerfold_tracker_messages_total{kind="hello"} 1');
    expect(metrics).not.toContain('127.0.0.1');
  });

  it.each([['another token'], []])(
    'is not ready with the token %s, and welcomes visitors',
    async (...tokens) => {
      await tracker.close();
      await start({ hasherToken: tokens });
      const ready = await page('/readyz');
      expect([ready.status, await ready.text()]).toEqual([
        503,
        expect.stringContaining('the token for live roots is not accepted'),
      ]);
      expect((await page('/healthz')).status).toBe(200);
      await join();
    },
  );

  it('is healthy but not ready without its hash service', async () => {
    const visitor = await SocketVisitor.connect(url);
    const admission = await visitor.askAdmission(hasher.url);
    await hasher.close();
    expect((await page('/healthz')).status).toBe(200);
    expect((await page('/readyz')).status).toBe(503);
    visitor.hello(admission);
    expect(await visitor.next('error')).toMatchObject({ code: 'full', retry: 5000 });
    expect(await visitor.closed).toBe(4503);
  });

  it('ends only the session that sends what it must not', async () => {
    const bystander = await join();
    const huge = await join();
    huge.socket.send('x'.repeat(1024 * 1024));
    expect(await huge.closed).toBe(1009);
    const binary = await join();
    binary.socket.send(Buffer.from('{"t":"bye"}'), { binary: true });
    expect(await binary.next('error')).toMatchObject({ code: 'bad-message' });
    const latin = await join();
    latin.socket.send(Buffer.from([0xff, 0xfe, 0x7b]), { binary: false });
    expect(await latin.closed).toBe(1007);
    const nulls = await join();
    for (let i = 0; i < 6; i++) nulls.socket.send('[null]');
    expect(await nulls.closed).toBe(4400);
    bystander.say({ t: 'have', seq: 9, add: [], del: [] });
    expect(await bystander.next('ok')).toEqual({ t: 'ok', seq: 9 });
  });

  it('survives raw nonsense on its port', async () => {
    for (const nonsense of [
      '\r\n\r\n',
      'GET',
      'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(nonsense);
      await new Promise((resolve) => socket.resume().once('close', resolve));
    }
    expect(await statusOf({}, ['other.v1'])).toBe(400);
    expect(await statusOf()).toBe(101);
  });

  it('says goodbye with the time to come back', async () => {
    const visitor = await join();
    const closing = tracker.close();
    expect(await visitor.next('bye')).toMatchObject({ retry: [0, 2002] });
    expect(await visitor.closed).toBe(1001);
    await closing;
    await expect(SocketVisitor.connect(url)).rejects.toThrow();
  });

  it('refuses a taken port with the system’s error', async () => {
    const second = await createTracker({ hasher: hasher.url, operationsPort: 'none', logLevel: 'silent' });
    const port = Number(new URL(url).port);
    await expect(second.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });
});

describe('a tracker of open sites', () => {
  it('needs no hash service to be ready, and introduces their visitors', async () => {
    tracker = await createTracker({ openSites: [SITE], operationsPort: 0, logLevel: 'silent' });
    await listen();
    expect((await page('/readyz')).status).toBe(200);
    const [holder, asker] = [await SocketVisitor.join(url), await SocketVisitor.join(url)];
    holder.say({ t: 'have', seq: 1, add: [root], del: [] });
    await holder.next('ok');
    asker.say({ t: 'want', q: 5, roots: [root], k: 4, live: 60 });
    let found = await asker.next('peers');
    while (found.peers.length === 0) found = await asker.next('peers');
    expect(found.peers[0]?.pid).toBe(holder.pid);
  });

  it('turns others away, whatever they show', async () => {
    tracker = await createTracker({
      openSites: ['https://www.example.com'],
      operationsPort: 0,
      logLevel: 'silent',
    });
    await listen();
    const stranger = await SocketVisitor.connect(url);
    stranger.hello(await stranger.askAdmission(hasher.url));
    expect(await stranger.next('error')).toMatchObject({ code: 'bad-admission' });
    expect(await stranger.closed).toBe(4401);
  });
});

describe('its door', () => {
  it('lets one address have so many sockets', async () => {
    await start({ socketsPerAddress: 3, newSocketsPerSecond: 100 });
    const open = [];
    for (let i = 0; i < 3; i++) open.push(await SocketVisitor.connect(url));
    expect(await statusOf()).toBe(429);
    const [first] = open;
    first?.socket.close();
    await first?.closed;
    await expect.poll(() => statusOf()).toBe(101);
  });

  it('is full for everybody at some point', async () => {
    await start({ maxSockets: 1 });
    await SocketVisitor.connect(url);
    expect(await statusOf()).toBe(503);
  });

  it('sees through the proxies it trusts, and through no others', async () => {
    await start({ socketsPerAddress: 1, newSocketsPerSecond: 100, trustedProxies: ['127.0.0.0/8'] });
    expect(await statusOf({ 'x-forwarded-for': '9.9.9.9, 8.8.8.8' })).toBe(101);
    expect(await statusOf({ 'x-forwarded-for': '1.2.3.4, 8.8.8.8' })).toBe(429);
    expect(await statusOf({ 'x-forwarded-for': '8.8.8.8, 8.8.4.4' })).toBe(101);
    await tracker.close();
    await start({ socketsPerAddress: 1, newSocketsPerSecond: 100 });
    expect(await statusOf({ 'x-forwarded-for': '8.8.8.8' })).toBe(101);
    expect(await statusOf({ 'x-forwarded-for': '8.8.4.4' })).toBe(429);
  });
});

describe('createTracker', () => {
  it('names every wrong option', async () => {
    await start();
    const wrong = createTracker({ hasher: 'nonsense', leaseSeconds: -1 });
    await expect(wrong).rejects.toMatchObject({ code: 'bad-config' });
    await expect(wrong).rejects.toThrow(/hasher: .*leaseSeconds: /);
  });
});
