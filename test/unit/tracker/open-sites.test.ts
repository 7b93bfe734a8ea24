import { beforeAll, describe, expect, it } from 'vitest';
import { createTracker, trackerConfig } from '../../../tracker-service/index.js';
import { MAX_OPEN_ROOTS, OpenRoots } from '../../../tracker-service/admission/open-sites.js';
import { hashServicesOf } from '../../../tracker-service/sites.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  FakeConnection,
  OTHER_SITE,
  SITE,
  Signer,
  TrackerWorld,
  prefix,
  type Client,
} from '../../support/tracker-world.js';

let signer: Signer;
beforeAll(async () => {
  signer = await Signer.create();
});

function openWorld(limits = {}): TrackerWorld {
  return new TrackerWorld(signer, limits, [SITE]);
}

async function visitor(world: TrackerWorld, connection?: FakeConnection): Promise<Client> {
  const client = await world.client(connection);
  await client.bareHello();
  await client.prove();
  return client;
}

async function holder(world: TrackerWorld, ...numbers: number[]): Promise<Client> {
  const client = await visitor(world);
  await client.say({ t: 'have', seq: 1, add: numbers.map(prefix), del: [] });
  await world.clock.advance(50);
  return client;
}

describe('an open site', () => {
  it('has its pages admitted by what their browser says of them, after the same proof', async () => {
    const world = openWorld();
    const client = await world.client();
    await client.bareHello();
    expect(client.last('welcome')).toBeUndefined();
    await client.prove();
    expect(client.last('welcome')).toBeDefined();
    const thief = await world.client();
    await thief.bareHello();
    await thief.say({ t: 'proof', nonce: 'A'.repeat(43) });
    expect(thief.last('error')).toMatchObject({ re: 'proof', code: 'bad-proof' });
    expect(thief.connection.closedWith?.code).toBe(4401);
  });

  it.each([
    ['pages of other sites', 'https://evil.example'],
    ['pages of a site whose name begins alike', `${SITE}.evil.example`],
    ['pages without an origin', 'null'],
    ['what names no origin', null],
  ])('is not for %s', async (_, origin) => {
    const world = openWorld();
    const client = await world.client(new FakeConnection({ origin }));
    await client.bareHello();
    expect(client.last('error')).toMatchObject({ re: 'hello', code: 'wrong-site' });
    expect(client.connection.closedWith?.code).toBe(4403);
  });

  it('opens no other site: there an admission is needed as ever', async () => {
    const world = openWorld();
    const bare = await world.client(new FakeConnection({ origin: OTHER_SITE }));
    await bare.bareHello(OTHER_SITE);
    expect(bare.last('error')).toMatchObject({ code: 'bad-admission' });
    const closed = new TrackerWorld(signer);
    const client = await closed.client();
    await client.bareHello();
    expect(client.last('error')).toMatchObject({ code: 'bad-admission' });
    expect((await closed.joined()).welcome).toBeDefined();
  });

  it('has its visitors introduced without anybody vouching for what they hold', async () => {
    const world = openWorld();
    const a = await holder(world, 1, 2);
    const b = await visitor(world, new FakeConnection({ place: { address: 2 } }));
    await b.say({ t: 'want', q: 1, roots: [prefix(1), prefix(3)], k: 4, live: 60 });
    await world.clock.advance(200);
    const peers = b.all('peers').flatMap((message) => message.peers);
    expect(peers.map(({ pid, key }) => ({ pid, key }))).toEqual([{ pid: a.pid, key: a.identity.publicKey }]);
    expect(peers[0]).not.toHaveProperty('admission');
    expect(world.authority.asked).toEqual([]);
  });

  it('lets its visitors stay for as long as they show signs of life', async () => {
    const world = openWorld();
    const a = await holder(world, 1);
    for (let minute = 0; minute < 30; minute++) {
      await world.clock.advance(60_000);
      a.session.heard();
    }
    expect(a.connection.closedWith).toBeUndefined();
    const b = await visitor(world, new FakeConnection({ place: { address: 2 } }));
    await b.say({ t: 'want', q: 1, roots: [prefix(1)], k: 4, live: 60 });
    await world.clock.advance(1000);
    expect(b.all('peers').flatMap((message) => message.peers)).toHaveLength(1);
    await world.clock.advance(120_000);
    expect(a.connection.closedWith?.code).toBe(4409);
  });

  it('has the limits of any other', async () => {
    const world = openWorld({ rootsPerVisitor: 2 });
    const client = await holder(world, 1, 2);
    await client.say({ t: 'have', seq: 2, add: [prefix(3)], del: [] });
    expect(client.last('error')).toMatchObject({ re: 'have', code: 'full' });
    for (let i = 0; i < 1000; i++) await client.say({ t: 'load', up: 1 });
    expect(client.connection.closedWith?.code).toBe(4429);
  });

  it('is told apart from a site with the same roots that somebody vouches for', async () => {
    const world = openWorld();
    const roots = new OpenRoots(new Set([SITE]), world.authority, world.clock);
    world.vouch(prefix(2));
    const live = await roots.liveRoots(OTHER_SITE, [prefix(1), prefix(2)]);
    expect(live.map(({ root }) => root)).toEqual([prefix(2)]);
    expect(await roots.liveRoots(SITE, [prefix(1)])).toHaveLength(1);
  });
});

describe('the live roots of an open site', () => {
  it('are bounded, since anybody can make up any, and make room once nobody uses them', async () => {
    const clock = new FakeClock();
    const roots = new OpenRoots(new Set([SITE]), undefined, clock);
    const made = (from: number, count: number) => Array.from({ length: count }, (_, i) => prefix(from + i));
    for (let at = 0; at < MAX_OPEN_ROOTS; at += 1000) {
      expect(await roots.liveRoots(SITE, made(at, 1000))).toHaveLength(1000);
    }
    expect(await roots.liveRoots(SITE, made(MAX_OPEN_ROOTS, 10))).toEqual([]);
    await clock.advance(300_000);
    expect(await roots.liveRoots(SITE, made(0, 10))).toHaveLength(10);
    await clock.advance(300_000);
    expect(await roots.liveRoots(SITE, made(MAX_OPEN_ROOTS, 10))).toHaveLength(10);
    // Those that were in use meanwhile are still there; the others went.
    expect((await roots.liveRoots(SITE, made(0, MAX_OPEN_ROOTS))).length).toBe(MAX_OPEN_ROOTS - 10);
  });

  it('of a tracker that has no hash service are those of its open sites alone', async () => {
    const roots = new OpenRoots(new Set([SITE]), undefined, new FakeClock());
    expect(await roots.liveRoots(OTHER_SITE, [prefix(1)])).toEqual([]);
  });
});

describe('the options of a tracker', () => {
  it('name a hash service, or open sites that need none', async () => {
    await expect(createTracker({})).rejects.toThrow(
      'hasher: name the hash service, or open sites that need none',
    );
    expect(trackerConfig.parse({ openSites: [SITE] }).hasher).toEqual([]);
  });

  it.each([
    'https://www.example.com/',
    'www.example.com',
    'https://www.example.com/blog',
    'HTTPS://www.example.com',
    'null',
    '',
  ])('take no %j for a site', async (site) => {
    await expect(createTracker({ openSites: [site] })).rejects.toThrow(/openSites.*is not an origin/);
  });

  it('take a hash service below a path, with or without a slash at its end', () => {
    for (const given of ['https://www.example.com/hash', 'https://www.example.com/hash/']) {
      const { hasher } = trackerConfig.parse({ hasher: given });
      expect(hashServicesOf(hasher, [])).toMatchObject([{ url: 'https://www.example.com/hash' }]);
    }
  });
});
