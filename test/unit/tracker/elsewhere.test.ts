import { beforeAll, describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { nodeName, nodeOf } from '../../../tracker-service/nodes/names.js';
import type { Profile } from '../../../tracker-service/nodes/port.js';
import { FakeClock } from '../../support/fake-clock.js';
import { HubOthers, NodeHub } from '../../support/node-hub.js';
import {
  FakeConnection,
  SITE,
  Signer,
  TrackerWorld,
  prefix,
  type Client,
} from '../../support/tracker-world.js';

const LEASE = 3_600_000;
const [a, b] = [prefix(1), prefix(2)];

let signer: Signer;
beforeAll(async () => {
  signer = await Signer.create();
});

interface Fleet {
  readonly hub: NodeHub;
  readonly clock: FakeClock;
  readonly nodes: readonly TrackerWorld[];
  readonly others: readonly HubOthers[];
}

/** Several nodes in one process, over a hub, on one clock. */
async function fleet(count: number, limits = {}): Promise<Fleet> {
  const [hub, clock] = [new NodeHub(), new FakeClock()];
  const others: HubOthers[] = [];
  const nodes: TrackerWorld[] = [];
  for (let i = 1; i <= count; i++) {
    const node = new Uint8Array([i, i, i]);
    const own = new HubOthers({ hub, node: nodeName(node), clock, holdersPerRoot: 64, lease: LEASE });
    const world = new TrackerWorld(signer, limits, [], [], { clock, node, others: own });
    world.vouch(a, b);
    await own.open(world.core);
    others.push(own);
    nodes.push(world);
  }
  return { hub, clock, nodes, others };
}

async function pair(limits = {}) {
  const made = await fleet(2, limits);
  const [here, there] = made.nodes;
  if (!here || !there) throw new Error('two nodes');
  return { ...made, here, there };
}

async function shown(client: Client, roots = [a], live = 0) {
  await client.say({ t: 'want', q: 1, roots, k: 6, live });
  return client.last('peers')?.peers ?? [];
}

describe('nodes', () => {
  it('name holders at other nodes, with key, admission, what they hold, and a pass', async () => {
    const { here, there, clock } = await pair();
    const holder = await there.holder([b]);
    const asker = await here.joined();
    expect(await shown(asker, [a, b])).toEqual([]);
    // Here the hash service had not been asked yet; now it has.
    await clock.advance(50);
    const [peer] = await shown(asker, [a, b]);
    expect(peer).toMatchObject({ pid: holder.pid, key: holder.identity.publicKey });
    expect(peer?.admission).toMatch(/^ey/);
    expect(peer?.has).toBe('QA');
    expect(nodeOf(holder.pid)).not.toBe(nodeOf(asker.pid));
  });

  it('push new holders at other nodes to whoever still wants them', async () => {
    const { here, there, clock } = await pair();
    const asker = await here.joined();
    await shown(asker, [a], 60);
    const holder = await there.holder([a]);
    await clock.advance(500);
    expect(asker.last('peers')?.peers).toMatchObject([{ pid: holder.pid }]);
  });

  it('answer a want that was closed meanwhile with nobody who holds something else', async () => {
    const { here, others } = await pair();
    const [own] = others;
    if (!own) throw new Error('two nodes');
    const asker = await here.joined();
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const find = own.find.bind(own);
    own.find = (site, roots) => gate.then(() => find(site, roots, 8));
    const answered = asker.say({ t: 'want', q: 1, roots: [a], k: 6, live: 60 });
    // Nobody else had heard of the root, so that another one is known by its number now.
    await asker.say({ t: 'cancel', q: 1 });
    await here.holder([b]);
    goOn();
    await answered;
    expect(asker.all('peers')).toEqual([{ t: 'peers', q: 1, peers: [] }]);
  });

  it('relay signals between them, there and back', async () => {
    const { here, there, clock } = await pair();
    const [holder, asker] = [await there.holder([a]), await here.holder([b])];
    await shown(asker);
    await clock.advance(50);
    const [peer] = await shown(asker);
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass: peer?.pass ?? '', box: 'offer' }] });
    await clock.advance(10);
    const offer = holder.last('signal');
    expect(offer).toMatchObject({ from: asker.pid, key: asker.identity.publicKey, box: 'offer' });
    expect(offer?.admission).toMatch(/^ey/);
    await holder.say({ t: 'signal', list: [{ to: asker.pid, pass: offer?.pass ?? '', box: 'answer' }] });
    await clock.advance(10);
    expect(asker.last('signal')).toMatchObject({ from: holder.pid, box: 'answer' });
  });

  it('honour no pass of another node, and none for another pair', async () => {
    const { here, there, clock } = await pair();
    const [holder, asker] = [await there.holder([a]), await here.joined()];
    await shown(asker);
    await clock.advance(50);
    const [peer] = await shown(asker);
    const thief = await here.joined();
    const twin = await there.joined();
    for (const client of [thief, twin]) {
      await client.say({ t: 'signal', list: [{ to: holder.pid, pass: peer?.pass ?? '', box: 'x' }] });
      expect(client.last('error')).toMatchObject({ re: 'signal', code: 'bad-pass' });
    }
    await clock.advance(10);
    expect(holder.all('signal')).toEqual([]);
  });

  it('tell of a peer that has left meanwhile, or does not read', async () => {
    const { here, there, clock } = await pair();
    const [gone, busy] = [await there.holder([a]), await there.holder([a])];
    const asker = await here.joined();
    await shown(asker);
    await clock.advance(50);
    const peers = await shown(asker);
    busy.connection.bufferedAmount = 100_000;
    await gone.say({ t: 'bye' });
    const list = peers.map(({ pid, pass }) => ({ to: pid, pass, box: 'x' }));
    expect(list).toHaveLength(2);
    await asker.say({ t: 'signal', list });
    await clock.advance(20);
    expect(new Set(asker.all('error').map(({ code }) => code))).toEqual(new Set(['gone', 'full']));
  });

  it('do not name those who dropped, and name them again when they are back', async () => {
    const { here, there, clock } = await pair();
    const [holder, asker] = [await there.holder([a]), await here.joined()];
    await shown(asker);
    await clock.advance(50);
    holder.drop();
    expect(await shown(asker)).toEqual([]);
    await holder.rejoin();
    expect(await shown(asker)).toMatchObject([{ pid: holder.pid }]);
    await holder.say({ t: 'have', seq: 2, add: [], del: [a] });
    expect(await shown(asker)).toEqual([]);
  });

  it('clear away who left without a word', async () => {
    const { here, there, clock, hub } = await pair();
    const [holder, other] = [await there.holder([a]), await there.holder([a])];
    const asker = await here.joined();
    await shown(asker);
    await clock.advance(50);
    const isKept = () => hub.holders.get(`${SITE}|${a}`)?.has(holder.pid);
    hub.profiles.delete(`${SITE}|${holder.pid}`);
    expect(isKept()).toBe(true);
    expect(await shown(asker)).toMatchObject([{ pid: other.pid }]);
    expect(isKept()).toBe(false);
  });

  it('take nobody for gone when no profile can be had at all', async () => {
    const { here, there, clock, hub, others } = await pair();
    const [holder, asker] = [await there.holder([a]), await here.joined()];
    await shown(asker);
    await clock.advance(50);
    // What a look-up that fails comes to: nobody is known, and nobody is known to be gone.
    if (others[0]) others[0].profiles = () => Promise.resolve(new Map<PeerId, Profile>());
    expect(await shown(asker)).toEqual([]);
    expect(hub.holders.get(`${SITE}|${a}`)?.has(holder.pid)).toBe(true);
  });

  it('forget a dead node, and tell who signals its visitors', async () => {
    const { here, there, clock, hub, others } = await pair();
    const [holder, asker] = [await there.holder([a]), await here.joined()];
    await shown(asker);
    await clock.advance(50);
    const [peer] = await shown(asker);
    await others[1]?.close();
    hub.beats.set(nodeOf(holder.pid), clock.ticks());
    await clock.advance(13_000);
    expect(await shown(asker)).toEqual([]);
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass: peer?.pass ?? '', box: 'x' }] });
    await clock.advance(20);
    expect(asker.last('error')).toMatchObject({ re: 'signal', code: 'gone' });
  });

  it('go on alone while nothing is shared, and are told everything again afterwards', async () => {
    const { here, there, clock, hub } = await pair();
    const [far, near] = [await there.holder([a]), await here.holder([b])];
    hub.isDown = true;
    const asker = await here.joined();
    expect(await shown(asker, [a, b])).toMatchObject([{ pid: near.pid }]);
    const late = await there.holder([a]);
    hub.flush();
    hub.isDown = false;
    for (let i = 0; i < 3; i++) await clock.advance(4_000);
    await shown(asker, [a, b]);
    await clock.advance(50);
    const pids = (await shown(asker, [a, b])).map(({ pid }) => pid);
    expect(new Set(pids)).toEqual(new Set([near.pid, far.pid, late.pid]));
  });

  it('ask no other node for what has holders enough at home', async () => {
    const { here, there } = await pair();
    await there.holder([a]);
    for (let i = 0; i < 6; i++) await here.holder([a]);
    const asker = await here.joined();
    await asker.say({ t: 'want', q: 1, roots: [a], k: 6, live: 0 });
    const nodes = (asker.last('peers')?.peers ?? []).map(({ pid }) => nodeOf(pid));
    expect(new Set(nodes)).toEqual(new Set([nodeOf(asker.pid)]));
    expect(nodes).toHaveLength(6);
  });

  it('share complaints: a peer that sent wrong bytes sinks everywhere', async () => {
    const { here, there, clock } = await pair();
    const [bad, good] = [await there.holder([a]), await there.holder([a])];
    const askers = [await here.joined(), await here.joined(), await here.joined()];
    for (const asker of askers) {
      await shown(asker);
      await clock.advance(50);
      await shown(asker);
      await asker.say({ t: 'report', pid: bad.pid, ok: 0, bad: 1, slow: 0, bytes: 0 });
    }
    await clock.advance(20);
    const late = await here.joined();
    const first = (await shown(late))[0]?.pid;
    expect(first).toBe(good.pid);
  });

  it('keep one identity from meeting many peers, wherever these are', async () => {
    const { here, there, clock } = await pair({ introductionsPerMinute: 4 });
    for (let i = 0; i < 10; i++) await there.holder([a], new FakeConnection({ place: { address: 10 + i } }));
    const asker = await here.joined();
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      for (const { pid } of await shown(asker)) seen.add(pid);
      await clock.advance(100);
    }
    expect(seen.size).toBeLessThanOrEqual(4);
    expect(seen.size).toBeGreaterThan(0);
  });

  it('hold back strangers from elsewhere who call one of theirs too often', async () => {
    const { here, there, clock } = await pair({ offersPerSecond: 1, newSocketsPerSecond: 1000 });
    const popular = await there.holder([a]);
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 12; i++) {
      const caller = await here.joined();
      await shown(caller);
      if (i === 0) await clock.advance(50);
      const [peer] = await shown(caller);
      await caller.say({ t: 'signal', list: [{ to: popular.pid, pass: peer?.pass ?? '', box: 'x' }] });
      await clock.advance(2);
      codes.push(caller.last('error')?.code);
    }
    expect(popular.all('signal').length).toBeGreaterThanOrEqual(6);
    expect(popular.all('signal').length).toBeLessThanOrEqual(8);
    expect(codes.slice(-3)).toEqual(['rate', 'rate', 'rate']);
  });

  it('believe nothing about sites that nobody here is at', async () => {
    const { here } = await pair();
    here.core.message({ t: 'news', site: SITE, roots: [a] });
    here.core.message({ t: 'report', site: SITE, pid: (await here.joined()).pid, bad: 1, slow: 0 });
    expect(here.tally.troubles).toEqual([]);
  });
});
