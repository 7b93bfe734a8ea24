import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { channelOf, keys } from '../../../tracker-service/nodes/redis/keys.js';
import { writeMember } from '../../../tracker-service/nodes/redis/member.js';
import { RedisOthers } from '../../../tracker-service/nodes/redis/redis-others.js';
import { nodeName } from '../../../tracker-service/nodes/names.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { Fleet, SETTINGS, placeOf, profileOf, type TestNode } from '../../support/nodes-conformance.js';
import { seededBytes } from '../../support/random.js';
import { RedisServer } from '../../support/redis-server.js';
import { quiet } from '../../support/scribe.js';
import { SITE, prefix } from '../../support/tracker-world.js';

const random = seededBytes(46);
const ROOT = prefix(1);
const HOLDERS = keys.holders(SITE, ROOT);

async function setUp() {
  const server = await RedisServer.start();
  let answers = true;
  const fleet = new Fleet({
    make: (node, clock, settings) =>
      new RedisOthers({ urls: server.urls, node, clock, random, log: quiet, ...settings }),
    async settled() {
      for (let round = 0; round < 3; round++) {
        if (answers) await server.tell('PING');
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    down: () => server.end(),
    up: () => server.begin(),
    async flush() {
      await server.tell('FLUSHALL');
    },
  });
  const freeze = () => {
    answers = false;
    server.freeze();
  };
  const thaw = () => {
    server.thaw();
    answers = true;
  };
  return { server, fleet, freeze, thaw };
}

async function isFound({ others }: TestNode, pid: PeerId): Promise<boolean> {
  return (await others.find(SITE, [ROOT], 16)).some((holding) => holding.pid === pid);
}

describe('what others may write to Redis', () => {
  it('is passed over in sets of holders', async () => {
    const { server, fleet } = await setUp();
    const [a, b] = await fleet.nodes(2);
    const one = a.visitor([ROOT]);
    await fleet.until(async () => expect(await isFound(b, one.pid)).toBe(true));
    const garbage = [
      '',
      'x',
      'a.b.c.d.e',
      `${'z'.repeat(100_000)}.1.1.1.1`,
      `${a.name}AAAAAAAA.1.2.3.-4`,
      '\u0000\n',
    ];
    for (const member of garbage) await server.tell('ZADD', HOLDERS, String(fleet.clock.now() + 1e9), member);
    expect(await b.others.find(SITE, [ROOT], 16)).toEqual([{ pid: one.pid, place: placeOf(1), has: [0] }]);
  });

  it('costs nothing else when a key is not what it should be', async () => {
    const { server, fleet } = await setUp();
    const [a, b] = await fleet.nodes(2);
    await server.tell('SET', HOLDERS, 'a text');
    await server.tell('SET', keys.watchers(SITE, prefix(2)), 'a text');
    const one = a.visitor([ROOT, prefix(2), prefix(3)]);
    a.others.watch(SITE, [prefix(2)], fleet.clock.now() + 60_000);
    await fleet.until(async () =>
      expect(await b.others.find(SITE, [ROOT, prefix(2), prefix(3)], 16)).toEqual([
        { pid: one.pid, place: placeOf(1), has: [1, 2] },
      ]),
    );
    await server.tell('DEL', keys.profile(SITE, one.pid));
    await server.tell('ZADD', keys.profile(SITE, one.pid), '1', 'x');
    expect(await b.others.profiles(SITE, [one.pid])).toEqual(new Map());
    // Nor is anybody taken for gone whose profile cannot be read.
    const gone: PeerId[] = [];
    const nobody = profileOf(a.name).pid;
    await b.others.profiles(SITE, [one.pid, nobody], (pid) => gone.push(pid));
    expect(gone).toEqual([nobody]);
    expect(b.others.status()).toEqual({ living: 1 });
  });

  it('is passed over on the channel', async () => {
    const { server, fleet } = await setUp();
    const [a, b] = await fleet.nodes(2);
    const good = { t: 'report', site: SITE, pid: profileOf(b.name).pid, bad: 1, slow: 0 } as const;
    const texts = [
      '',
      'x',
      '\n\n',
      '{}',
      'null',
      '{"t":"news"}',
      `${'y'.repeat(600_000)}\n${JSON.stringify({ ...good, bad: 3 })}`,
      `x\n${JSON.stringify(good)}\n{`,
    ];
    for (const text of texts) await server.tell('SPUBLISH', channelOf(b.name), text);
    a.others.send(b.name, { ...good, bad: 2 });
    await fleet.until(() => expect(b.messages).toEqual([good, { ...good, bad: 2 }]));
  });

  it('is passed over in profiles, and in the list of nodes', async () => {
    const { server, fleet } = await setUp();
    const [a, b] = await fleet.nodes(2);
    const one = a.visitor([ROOT]);
    await server.tell('HSET', keys.nodes, 'not a name', '1', '__proto__', '2', 'zzzz', 'q'.repeat(100_000));
    await fleet.pass(10_000);
    await server.tell('SET', keys.profile(SITE, one.pid), '{"key":7}');
    expect(await b.others.profiles(SITE, [one.pid, 'zzzzAAAAAAAA' as PeerId])).toEqual(new Map());
    expect(await isFound(b, one.pid)).toBe(true);
  });

  it('keeps a node from starting when it is in the place of the secret', async () => {
    const { server, fleet } = await setUp();
    await server.tell('SET', keys.placeSecret, 'x');
    await expect(fleet.join()).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('secret'),
    });
  });
});

describe('what is left in Redis', () => {
  it('of a dead node is cleared away when it is met, and of nodes at rest all expires', async () => {
    const { server, fleet } = await setUp();
    // So long that nothing goes by expiring.
    const [a, b] = await fleet.nodes(2, { lease: 1e8 });
    const one = a.visitor([ROOT]);
    const two = b.visitor([ROOT]);
    a.others.watch(SITE, [ROOT], fleet.clock.now() + 60_000);
    await fleet.until(async () => expect(await isFound(b, one.pid)).toBe(true));
    const everything = (await server.tell('KEYS', '*')) as string[];
    expect(everything).toHaveLength(6);
    for (const key of everything.filter((name) => name !== keys.placeSecret))
      expect(await server.tell('PTTL', key)).toBeGreaterThan(0);
    const c = await fleet.join();
    await fleet.until(() => expect(b.others.status().living).toBe(2));
    a.kill();
    await fleet.pass(20_000);
    expect(await isFound(b, one.pid)).toBe(false);
    expect(c.others.status().living).toBe(1);
    await fleet.until(async () =>
      expect(await server.tell('ZRANGE', HOLDERS, '0', '-1')).toEqual([writeMember(two.pid, placeOf(1))]),
    );
    expect(await server.tell('HEXISTS', keys.nodes, a.name)).toBe(0);
  });

  it('by a visitor that left while Redis was away is taken back afterwards', async () => {
    const { server, fleet, freeze, thaw } = await setUp();
    const [a, b] = await fleet.nodes(2);
    const one = a.visitor([ROOT]);
    await fleet.until(async () => expect(await isFound(b, one.pid)).toBe(true));
    freeze();
    await fleet.clock.advance(7_000);
    expect(a.others.status().away).toBeDefined();
    a.tellings.pop();
    a.others.hide(SITE, one.pid);
    a.others.remove(SITE, one.pid, placeOf(1), [ROOT]);
    thaw();
    await fleet.until(async () =>
      expect(await server.tell('EXISTS', HOLDERS, keys.profile(SITE, one.pid))).toBe(0),
    );
  });
});

describe('a Redis that does not answer', () => {
  it('delays one look-up, not the next, and is back when it answers', async () => {
    const { fleet, freeze, thaw } = await setUp();
    const [a, b] = await fleet.nodes(2);
    const one = a.visitor([ROOT]);
    await fleet.until(async () => expect(await isFound(b, one.pid)).toBe(true));
    freeze();
    const waiting = b.others.find(SITE, [ROOT], 16);
    await fleet.clock.advance(100);
    expect(await waiting).toEqual([]);
    const atOnce: unknown[] = [];
    void b.others.find(SITE, [ROOT], 16).then((found) => atOnce.push(found));
    void b.others.profiles(SITE, [one.pid]).then((found) => atOnce.push(found));
    await settle();
    expect(atOnce).toEqual([[], new Map()]);
    await fleet.clock.advance(7_000);
    expect(b.others.status().away).toBeDefined();
    thaw();
    await fleet.until(() => expect(b.others.status()).toEqual({ living: 1 }));
    await fleet.until(async () => expect(await isFound(b, one.pid)).toBe(true));
  });

  it('at the start is said, without the password', async () => {
    const clock = new FakeClock();
    const urls = ['redis://user:geheim@127.0.0.1:1'];
    const node = nodeName(random(3));
    const others = new RedisOthers({ urls, node, clock, random, log: quiet, ...SETTINGS });
    const opened = others.open({ message() {}, undelivered() {}, retell: () => [] });
    const failed = expect(opened).rejects.toMatchObject({ code: 'bad-config' });
    const silent = expect(opened).rejects.not.toMatchObject({ message: expect.stringContaining('geheim') });
    await clock.advance(5_000);
    await Promise.all([failed, silent]);
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });
});

describe('a message to a node', () => {
  it('that has died a moment ago comes back at once', async () => {
    const { server, fleet } = await setUp();
    const [a] = await fleet.nodes(1);
    const dead = fleet.make();
    await server.tell('HSET', keys.nodes, dead.name, '1');
    await fleet.until(() => expect(a.others.status().living).toBe(1));
    const message = { t: 'report', site: SITE, pid: profileOf(dead.name).pid, bad: 1, slow: 0 } as const;
    a.others.send(dead.name, message);
    await fleet.clock.advance(10);
    await fleet.world.settled();
    expect(a.returned).toEqual([{ node: dead.name, message }]);
    expect(a.others.status().living).toBe(1);
  });
});
