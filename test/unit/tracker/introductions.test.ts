import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import type { RootPrefix } from '../../../src/core/brands.js';
import { fromBase64Url } from '../../../src/protocol/base64.js';
import type { Introduction } from '../../../src/protocol/tracker.js';
import {
  FakeConnection,
  OTHER_SITE,
  Signer,
  TrackerWorld,
  prefix,
  type Client,
} from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(() => {
  world = new TrackerWorld(signer);
});

const [a, b, c] = [prefix(1), prefix(2), prefix(3)];

async function want(client: Client, roots: readonly RootPrefix[], live = 0, k = 6, q = 1): Promise<void> {
  await client.say({ t: 'want', q, roots, k, live });
}

function shown(client: Client): Introduction[] {
  return client.all('peers').flatMap(({ peers }) => peers);
}

function positions(introduction: Introduction | undefined, count: number): number[] {
  const field = Bitfield.parse(fromBase64Url(introduction?.has ?? '') ?? new Uint8Array(), count);
  if (!field) throw new Error('not a bitfield of that length');
  return Array.from({ length: count }, (_, i) => i).filter((i) => field.has(i));
}

describe('a site with too few visitors', () => {
  beforeEach(() => {
    world = new TrackerWorld(signer, { minAudience: 3 });
  });

  it('shows nobody to anybody, and whoever still wants hears of it when there are enough', async () => {
    const holder = await world.holder([a]);
    const asker = await world.joined();
    await want(asker, [a], 30);
    expect(asker.last('peers')).toEqual({ t: 'peers', q: 1, peers: [] });
    await world.holder([b]);
    await world.clock.advance(500);
    expect(shown(asker).map(({ pid }) => pid)).toEqual([holder.pid]);
  });

  it('pushes nothing of what comes meanwhile', async () => {
    const asker = await world.joined();
    await want(asker, [a], 30);
    await world.holder([a]);
    await world.clock.advance(500);
    expect(shown(asker)).toEqual([]);
  });

  it('has its audience counted alone', async () => {
    await world.holder([a]);
    for (let i = 0; i < 4; i++) await world.joinedOf(OTHER_SITE);
    const asker = await world.joined();
    await want(asker, [a]);
    expect(shown(asker)).toEqual([]);
  });
});

describe('have', () => {
  it('is acknowledged with its number', async () => {
    const client = await world.joined();
    await client.say({ t: 'have', seq: 77, add: [a], del: [] });
    expect(client.last('ok')).toEqual({ t: 'ok', seq: 77 });
  });

  it('asks the hash service about all new roots of a moment in one request, and then no more', async () => {
    world.vouch(a, b);
    const [one, two] = [await world.joined(), await world.joined()];
    await one.say({ t: 'have', seq: 1, add: [a], del: [] });
    await two.say({ t: 'have', seq: 1, add: [a, b], del: [] });
    await world.clock.advance(50);
    expect(world.authority.asked).toEqual([{ site: 'https://www.example.com', roots: [a, b] }]);
    const three = await world.holder([a, b]);
    await want(three, [a, b]);
    expect(world.authority.asked).toHaveLength(1);
    expect(world.core.census()).toMatchObject({ roots: 2, entries: 5 });
  });

  it('of a root that is not vouched for is dropped and given to nobody', async () => {
    const liar = await world.joined();
    await liar.say({ t: 'have', seq: 1, add: [a], del: [] });
    const asker = await world.joined();
    await want(asker, [a], 30);
    await world.clock.advance(50);
    await want(asker, [a], 30);
    await world.clock.advance(500);
    expect(shown(asker)).toEqual([]);
    expect(world.core.census()).toMatchObject({ roots: 0, entries: 0 });
  });

  it('waits while the hash service is down and counts when it is back', async () => {
    world.authority.down = true;
    const holder = await world.holder([a]);
    const asker = await world.joined();
    await want(asker, [a], 60);
    await world.clock.advance(10_000);
    expect(shown(asker)).toEqual([]);
    expect(world.tally.troubles.length).toBeGreaterThan(1);
    expect(world.tally.troubles.length).toBeLessThan(8);
    world.authority.down = false;
    await world.clock.advance(20_000);
    expect(shown(asker).map(({ pid }) => pid)).toEqual([holder.pid]);
  });

  it('can be taken back, also while it waits', async () => {
    world.vouch(a, b);
    const holder = await world.joined();
    await holder.say({ t: 'have', seq: 1, add: [a, b], del: [] });
    await holder.say({ t: 'have', seq: 2, add: [], del: [a] });
    await world.clock.advance(50);
    await holder.say({ t: 'have', seq: 3, add: [], del: [b] });
    const asker = await world.joined();
    await want(asker, [a, b]);
    expect(asker.last('peers')).toEqual({ t: 'peers', q: 1, peers: [] });
  });

  it('is bounded for each visitor', async () => {
    world = new TrackerWorld(signer, { rootsPerVisitor: 3 });
    const holder = await world.holder([a, b]);
    await holder.say({ t: 'have', seq: 2, add: [a, b, c], del: [] });
    expect(holder.last('ok')).toMatchObject({ seq: 2 });
    await holder.say({ t: 'have', seq: 3, add: [prefix(4)], del: [] });
    expect(holder.last('error')).toMatchObject({ re: 'have', code: 'full' });
    expect(holder.last('ok')).toMatchObject({ seq: 2 });
  });

  it('stops counting when the vouching lapses, and counts again when it is renewed', async () => {
    world.authority.vouch(world.clock.now() / 1000 + 100, a);
    const holder = await world.joined();
    await holder.say({ t: 'have', seq: 1, add: [a], del: [] });
    await world.clock.advance(50);
    const asker = await world.joined();
    await world.clock.advance(80_000);
    holder.session.heard();
    asker.session.heard();
    await world.clock.advance(21_000);
    await want(asker, [a], 30);
    expect(shown(asker)).toEqual([]);
    world.vouch(a);
    await world.clock.advance(20_000);
    expect(shown(asker).map(({ pid }) => pid)).toEqual([holder.pid]);
  });

  it('of a withdrawn root is forgotten within minutes, long before the token ends', async () => {
    const holder = await world.holder([a]);
    world.authority.live.clear();
    const asker = await world.joined();
    for (let second = 0; second < 300; second += 60) {
      await world.clock.advance(60_000);
      holder.session.heard();
      asker.session.heard();
      await want(asker, [a]);
    }
    await world.clock.advance(1_000);
    await want(asker, [a]);
    expect(asker.last('peers')?.peers).toEqual([]);
    expect(world.core.census()).toMatchObject({ roots: 0, entries: 0 });
  });
});

describe('want', () => {
  it('names the holder with key, admission, a pass and the roots it holds', async () => {
    const holder = await world.holder([a, c]);
    const asker = await world.joined();
    await want(asker, [a, b, c]);
    const [introduction] = shown(asker);
    expect(introduction).toMatchObject({ pid: holder.pid, key: holder.identity.publicKey });
    expect(introduction?.admission).toMatch(/^ey/);
    expect(positions(introduction, 3)).toEqual([0, 2]);
  });

  it('is answered with an empty list when nobody holds anything', async () => {
    const asker = await world.joined();
    await want(asker, [a], 0, 6, 9);
    expect(asker.last('peers')).toEqual({ t: 'peers', q: 9, peers: [] });
    await want(asker, [], 10, 6, 10);
    expect(asker.last('peers')).toEqual({ t: 'peers', q: 10, peers: [] });
  });

  it('never names the asker', async () => {
    const holder = await world.holder([a]);
    await want(holder, [a], 10);
    await world.clock.advance(500);
    expect(shown(holder)).toEqual([]);
  });

  it('covers the roots with few peers and names at most k', async () => {
    for (const roots of [[a], [b], [c], [a, b, c], [a], [b]]) await world.holder(roots);
    const asker = await world.joined();
    await want(asker, [a, b, c], 0, 2);
    const peers = shown(asker);
    expect(peers).toHaveLength(2);
    expect(positions(peers[0], 3)).toEqual([0, 1, 2]);
  });

  it('names nobody of another site', async () => {
    await world.holder([a]);
    world.authority.asked.length = 0;
    const stranger = await world.client(new FakeConnection({ origin: OTHER_SITE }));
    const admission = await signer.admission(world.clock.now(), stranger.identity.publicKey, {
      site: OTHER_SITE,
    });
    await stranger.join({ site: OTHER_SITE, admission });
    await want(stranger, [a], 30);
    await stranger.say({ t: 'have', seq: 1, add: [a], del: [] });
    await world.clock.advance(500);
    expect(shown(stranger)).toEqual([]);
    expect(world.authority.asked).toEqual([{ site: OTHER_SITE, roots: [a] }]);
    expect(world.core.census().sites).toBe(2);
  });

  it('names nobody who has dropped, left or whose admission has ended', async () => {
    const [dropped, left] = [await world.holder([a]), await world.holder([b])];
    dropped.drop();
    await left.say({ t: 'bye' });
    expect(left.connection.closedWith).toMatchObject({ code: 1000 });
    const asker = await world.joined();
    await want(asker, [a, b]);
    expect(shown(asker)).toEqual([]);
    expect(world.core.census()).toMatchObject({ entries: 1, roots: 1 });
  });

  it('prefers peers with headroom and without complaints', async () => {
    const full = await world.holder([a]);
    await full.say({ t: 'load', up: 3 });
    const idle = await world.holder([a]);
    const asker = await world.joined();
    await want(asker, [a], 0, 2);
    expect(shown(asker).map(({ pid }) => pid)).toEqual([idle.pid, full.pid]);
  });

  it('prefers the same network and still names others', async () => {
    const near = new FakeConnection({ place: { address: 5, network: 50 } });
    const far = new FakeConnection({ place: { address: 6, network: 60 } });
    const mine = new FakeConnection({ place: { address: 5, network: 50 } });
    const [distant, neighbour] = [await world.holder([a], far), await world.holder([a], near)];
    const asker = await world.joined(mine);
    let first = 0;
    for (let q = 0; q < 20; q++) {
      await world.clock.advance(2_000);
      await want(asker, [a], 0, 2, q);
      const peers = asker.last('peers')?.peers ?? [];
      expect(new Set(peers.map(({ pid }) => pid))).toEqual(new Set([distant.pid, neighbour.pid]));
      if (peers[0]?.pid === neighbour.pid) first++;
    }
    expect(first).toBeGreaterThan(14);
  });

  it('prefers peers it has not named a moment ago', async () => {
    for (let i = 0; i < 4; i++) await world.holder([a]);
    const asker = await world.joined();
    for (let q = 0; q < 4; q++) await want(asker, [a], 0, 1, q);
    expect(new Set(shown(asker).map(({ pid }) => pid)).size).toBe(4);
  });

  it('shows a single identity few different peers in a minute, however often it asks', async () => {
    world = new TrackerWorld(signer, { introductionsPerMinute: 10 });
    const holders = [];
    for (let i = 0; i < 30; i++) holders.push(await world.holder([a]));
    const asker = await world.joined();
    const seen = new Set<string>();
    for (let q = 0; q < 200; q++) {
      if (q % 50 === 49) await asker.rejoin();
      await want(asker, [a], 0, 12, q);
      await world.clock.advance(100);
      for (const { pid } of shown(asker)) seen.add(pid);
    }
    expect(seen.size).toBeLessThanOrEqual(10 + 4);
    expect(seen.size).toBeGreaterThan(5);
  });

  it('does not refill the allowance of a key that comes back as a new peer', async () => {
    world = new TrackerWorld(signer, { introductionsPerMinute: 2, offersPerSecond: 1000 });
    for (let i = 0; i < 6; i++) await world.holder([a]);
    const asker = await world.joined();
    await want(asker, [a]);
    expect(shown(asker)).toHaveLength(2);
    asker.welcome = undefined;
    asker.drop();
    await asker.rejoin();
    await want(asker, [a]);
    expect(asker.last('peers')?.peers).toEqual([]);
  });

  it('shows a lone holder to a crowd at a pace that it survives, and everybody in the end', async () => {
    world = new TrackerWorld(signer, { offersPerSecond: 2 });
    const holder = await world.holder([a]);
    const crowd: Client[] = [];
    for (let i = 0; i < 30; i++) crowd.push(await world.joined());
    for (const client of crowd) await want(client, [a], 60);
    const served = () => crowd.filter((client) => shown(client).length > 0).length;
    expect(served()).toBe(12);
    await world.clock.advance(2_000);
    expect(served()).toBe(16);
    await world.clock.advance(8_000);
    expect(served()).toBe(30);
    expect(shown(crowd[29] ?? holder)[0]?.pid).toBe(holder.pid);
  });
});

describe('a live want', () => {
  it('is told of new holders, gathered for 100 ms, each once', async () => {
    world.vouch(a, b);
    const asker = await world.joined();
    await want(asker, [a, b], 10);
    const [one, two] = [await world.holder([a]), await world.holder([b])];
    await world.clock.advance(100);
    expect(asker.all('peers')).toHaveLength(2);
    expect(new Set(shown(asker).map(({ pid }) => pid))).toEqual(new Set([one.pid, two.pid]));
    await one.say({ t: 'have', seq: 2, add: [b], del: [] });
    await world.clock.advance(500);
    expect(asker.all('peers')).toHaveLength(2);
  });

  it('keeps the positions of the want in what it pushes', async () => {
    const asker = await world.joined();
    await want(asker, [a, b, c], 10);
    await world.holder([c, b]);
    await world.clock.advance(100);
    expect(positions(shown(asker)[0], 3)).toEqual([1, 2]);
  });

  it.each([
    ['lapses', (client: Client) => world.clock.advance(11_000).then(() => client.session.heard())],
    ['is cancelled', (client: Client) => client.say({ t: 'cancel', q: 1 })],
    ['is replaced', (client: Client) => want(client, [b], 10)],
    ['was not live', () => Promise.resolve(), 0],
  ])('tells nothing more once it %s', async (_name, end, live = 10) => {
    const asker = await world.joined();
    await want(asker, [a], live);
    await end(asker);
    await world.holder([a]);
    await world.clock.advance(500);
    expect(shown(asker)).toEqual([]);
  });

  it('survives the cancelling of an unknown number and of another visitor', async () => {
    const [asker, other] = [await world.joined(), await world.joined()];
    await want(asker, [a], 10);
    await other.say({ t: 'cancel', q: 1 });
    await asker.say({ t: 'cancel', q: 2 });
    await world.holder([a]);
    await world.clock.advance(200);
    expect(shown(asker)).toHaveLength(1);
  });

  it('is closed when four newer ones are open', async () => {
    const asker = await world.joined();
    await want(asker, [a], 60, 6, 0);
    for (let q = 1; q <= 4; q++) await want(asker, [b], 60, 6, q);
    await world.holder([a]);
    await world.clock.advance(500);
    expect(shown(asker)).toEqual([]);
  });

  it('is told about no more than three times the peers it asked for', async () => {
    const asker = await world.joined();
    await want(asker, [a], 60, 2);
    for (let i = 0; i < 10; i++) {
      await world.holder([a]);
      await world.clock.advance(200);
    }
    expect(shown(asker)).toHaveLength(6);
  });

  it('is told nothing while the visitor does not read', async () => {
    const asker = await world.joined();
    await want(asker, [a], 10);
    asker.connection.bufferedAmount = 65 * 1024;
    await world.holder([a]);
    await world.clock.advance(500);
    expect(shown(asker)).toEqual([]);
    expect(asker.connection.closedWith).toBeUndefined();
  });
});

describe('reports', () => {
  it('push a peer down once for each pair that was introduced', async () => {
    const bad = await world.holder([a]);
    const good = await world.holder([a]);
    const victims: Client[] = [];
    for (let i = 0; i < 5; i++) victims.push(await world.joined());
    for (const victim of victims) {
      await want(victim, [a]);
      const report = { t: 'report', pid: bad.pid, ok: 0, bad: 1, slow: 0, bytes: 0 } as const;
      for (let i = 0; i < 3; i++) await victim.say(report);
      expect(victim.last('error')).toBeUndefined();
    }
    const asker = await world.joined();
    await want(asker, [a], 0, 2);
    expect(shown(asker).map(({ pid }) => pid)).toEqual([good.pid, bad.pid]);
  });

  it('about strangers are refused', async () => {
    const [stranger, liar] = [await world.holder([a]), await world.joined()];
    await liar.say({ t: 'report', pid: stranger.pid, ok: 0, bad: 9, slow: 0, bytes: 0 });
    expect(liar.last('error')).toMatchObject({ re: 'report', code: 'bad-pass' });
  });
});
