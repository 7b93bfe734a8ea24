import { describe, expect, it, onTestFinished } from 'vitest';
import { channels, keys, nameOf } from '../../../hasher-service/state/redis-keys.js';
import { RedisLink } from '../../../hasher-service/state/redis-link.js';
import { RedisState } from '../../../hasher-service/state/redis-state.js';
import type { Clock } from '../../../src/core/clock.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededBytes } from '../../support/random.js';
import { RedisServer } from '../../support/redis-server.js';
import { eventually } from '../../support/until.js';
import { SITE, Scribe, quiet, urlOf } from '../../support/scribe.js';
import { sha256 } from '../../support/sha256.js';
import { Ear, describeState } from '../../support/state-conformance.js';
import { temporaryDirectory } from './harness.js';

const NEVER = new AbortController().signal;
let instances = 0;

/** Another instance on a server, not yet opened. */
function instance(server: RedisServer, scribe: Scribe, clock: Clock): { link: RedisLink; state: RedisState } {
  const link = new RedisLink({ url: server.url, clock, log: quiet });
  const owner = `instance-${instances++}`;
  return { link, state: new RedisState({ link, clock, signer: scribe.signer, sha256, log: quiet, owner }) };
}

describeState('Redis', async (clock) => {
  const server = await RedisServer.start();
  const scribe = await Scribe.open(await temporaryDirectory(), clock);
  const client = await server.client();
  return {
    scribe,
    async make() {
      const { link, state } = instance(server, scribe, clock);
      await link.open();
      return state;
    },
    async plant(site, url, jws) {
      await client.set(keys.statement(nameOf(site, url)), `${clock.now()} ${jws}`);
    },
    async plantLayer(root, bytes) {
      if (bytes) await client.set(keys.layer(root), Buffer.from(bytes));
      else await client.del(keys.layer(root));
    },
  };
});

/** One Redis, and instances on it that hear of everything. */
async function fleet() {
  const clock = new FakeClock();
  const server = await RedisServer.start();
  const scribe = await Scribe.open(await temporaryDirectory(), clock);
  const join = async () => {
    const { link, state } = instance(server, scribe, clock);
    const ear = new Ear();
    onTestFinished(() => state.close());
    await link.open();
    await state.open(ear);
    await state.recall(NEVER);
    return { state, ear };
  };
  return { clock, server, scribe, join };
}

async function keep(state: RedisState, { token, layer }: Awaited<ReturnType<Scribe['token']>>) {
  await state.writeLayer(token.claims.root, layer);
  return state.write(token);
}

const bytes = seededBytes(11);

describe('several instances', () => {
  it('hear at once what one of them says', async () => {
    const { scribe, join } = await fleet();
    const [a, b] = [await join(), await join()];
    const said = await scribe.token('/a', bytes(1000));
    await keep(a.state, said);
    await eventually(() => expect(b.ear.isLive(said.token.claims.root)).toBe(true));
    const withdrawn = await scribe.refusal('/a', 'reported', { ver: said.token.claims.ver + 1 });
    await b.state.write(withdrawn);
    await eventually(() => expect(a.ear.highest).toBe(withdrawn.claims.ver));
  });

  it('believe no message that is not signed', async () => {
    const { server, scribe, join, clock } = await fleet();
    const { ear } = await join();
    const client = await server.client();
    const stranger = await Scribe.open(await temporaryDirectory(), clock);
    const { token } = await stranger.token('/a', bytes(1000), { ver: clock.now() + 99 });
    for (const message of ['', 'x', 'x y', `x ${token.jws}`, `x ${'A'.repeat(100_000)}`])
      await client.publish(channels.said, message);
    await client.publish(channels.ended, 'x');
    const ours = await scribe.token('/b', bytes(1000));
    await client.publish(channels.said, `x ${ours.token.jws}`);
    await eventually(() => expect(ear.isLive(ours.token.claims.root)).toBe(true));
    expect(ear.isLive(token.claims.root)).toBe(false);
    expect(ear.highest).toBe(ours.token.claims.ver);
  });

  it('work alone: the others wait for what one says', async () => {
    const { scribe, join } = await fleet();
    const members = [await join(), await join(), await join()];
    const said = await scribe.token('/a', bytes(1000));
    const works: number[] = [];
    await Promise.all(
      members.map(({ state, ear }, i) =>
        state
          .alone(SITE, urlOf('/a'), () => work(i), NEVER)
          .then(() => {
            expect(ear.isLive(said.token.claims.root)).toBe(works[0] !== i);
          }),
      ),
    );
    async function work(i: number) {
      works.push(i);
      await keep(members[i]?.state as RedisState, said);
    }
    expect(works).toHaveLength(1);
  });

  it('learn before they work what was said since they asked', async () => {
    const { server, scribe, join } = await fleet();
    const { state, ear } = await join();
    const said = await scribe.token('/a', bytes(1000));
    // As if the message had not come yet.
    const client = await server.client();
    await client.set(keys.layer(said.token.claims.root), Buffer.concat(said.layer));
    const value = `${said.token.claims.ver} ${said.token.jws}`;
    await client.set(keys.statement(nameOf(SITE, urlOf('/a'))), value);
    let wasLive = false;
    const work = () => Promise.resolve(void (wasLive = ear.isLive(said.token.claims.root)));
    await state.alone(SITE, urlOf('/a'), work, NEVER);
    expect(wasLive).toBe(true);
  });

  it('work one after the other when the first one fails', async () => {
    const { join } = await fleet();
    const [a, b] = [await join(), await join()];
    const order: string[] = [];
    let fail: (() => void) | undefined;
    const first = a.state.alone(
      SITE,
      urlOf('/a'),
      () =>
        new Promise((_resolve, reject) => {
          order.push('a');
          fail = () => {
            reject(new Error('no'));
          };
        }),
      NEVER,
    );
    await eventually(() => expect(fail).toBeDefined());
    const second = b.state.alone(SITE, urlOf('/a'), () => Promise.resolve(void order.push('b')), NEVER);
    fail?.();
    await expect(first).rejects.toThrow('no');
    await second;
    expect(order).toEqual(['a', 'b']);
  });

  it('take over from one that died, when its lease has ended', async () => {
    const { server, join, clock } = await fleet();
    const client = await server.client();
    const lease = keys.lease(nameOf(SITE, urlOf('/a')));
    await client.set(lease, 'a dead one', { expiration: { type: 'PX', value: 3_600_000 } });
    const { state } = await join();
    let isDone = false;
    const work = () => Promise.resolve(void (isDone = true));
    const done = state.alone(SITE, urlOf('/a'), work, NEVER);
    for (let second = 0; second < 3; second++) {
      // Answers come in the order of the questions: after this one the lease was asked for.
      await state.reserve(clock.now());
      expect(isDone).toBe(false);
      await clock.advance(1000);
    }
    await client.del(lease);
    await eventually(async () => {
      await state.reserve(clock.now());
      await clock.advance(1000);
      expect(isDone).toBe(true);
    });
    await done;
    expect(await client.exists(lease)).toBe(0);
  });

  it('renew a lease while the work goes on', async () => {
    const { server, join, clock } = await fleet();
    const client = await server.client();
    const lease = keys.lease(nameOf(SITE, urlOf('/a')));
    const { state } = await join();
    let finish: (() => void) | undefined;
    const done = state.alone(SITE, urlOf('/a'), () => new Promise((resolve) => (finish = resolve)), NEVER);
    await eventually(() => expect(finish).toBeDefined());
    for (let round = 0; round < 3; round++) {
      await client.pExpire(lease, 100);
      await clock.advance(3000);
      await eventually(async () => expect(await client.pTTL(lease)).toBeGreaterThan(5000));
    }
    finish?.();
    await done;
    expect(clock.pending).toBe(0);
  });

  it('stop waiting when they are told to', async () => {
    const { join, clock } = await fleet();
    const [a, b] = [await join(), await join()];
    let finish: (() => void) | undefined;
    const first = a.state.alone(SITE, urlOf('/a'), () => new Promise((resolve) => (finish = resolve)), NEVER);
    await eventually(() => expect(finish).toBeDefined());
    const end = new AbortController();
    const second = b.state.alone(SITE, urlOf('/a'), () => Promise.reject(new Error('not yours')), end.signal);
    await eventually(() => expect(clock.pending).toBeGreaterThan(1));
    end.abort();
    await second;
    finish?.();
    await first;
  });

  it('agree on the highest version used, whatever their clocks say', async () => {
    const { scribe, join, clock } = await fleet();
    const a = await join();
    const ahead = await scribe.refusal('/a', 'missing', { ver: clock.now() + 300_000 });
    await a.state.write(ahead);
    const b = await join();
    expect(b.ear.highest).toBe(ahead.claims.ver);
    await a.state.reserve(ahead.claims.ver + 5);
    await b.state.alone(SITE, urlOf('/b'), () => Promise.resolve(), NEVER);
    expect(b.ear.highest).toBe(ahead.claims.ver + 5);
  });

  it.each(['x', '-1', '1e30', '9007199254740993', '123456789012345678'])(
    'do not believe a highest version of %s',
    async (value) => {
      const { server, join, clock } = await fleet();
      const client = await server.client();
      await client.set(keys.high, value);
      const { state, ear } = await join();
      expect(ear.highest).toBeLessThanOrEqual(clock.now());
      await state.reserve(clock.now());
      expect((await join()).ear.highest).toBe(clock.now());
    },
  );

  it('leave nothing behind that does not end by itself', async () => {
    const { server, scribe, join } = await fleet();
    const { state } = await join();
    await keep(state, await scribe.token('/a', bytes(1000)));
    await state.write(await scribe.refusal('/b', 'missing'));
    await state.write(await scribe.refusal('/c', 'private', { life: 300 }));
    const client = await server.client();
    const lives = new Map<string, number>();
    for (const key of await client.keys('*')) lives.set(key, await client.pTTL(key));
    expect(lives.size).toBe(6);
    for (const life of lives.values()) expect(life).toBeGreaterThan(0);
    const lifeOf = (path: string) => lives.get(keys.statement(nameOf(SITE, urlOf(path)))) ?? 0;
    expect(lifeOf('/a')).toBeGreaterThan(24 * 3600_000);
    expect(lifeOf('/a')).toBeLessThanOrEqual(25 * 3600_000);
    expect(lifeOf('/c')).toBeLessThanOrEqual(300_000);
  });

  it('lengthen the life of a layer with that of its tokens', async () => {
    const { server, scribe, join, clock } = await fleet();
    const { state } = await join();
    const said = await scribe.token('/a', bytes(1000), { life: 60 });
    await keep(state, said);
    const client = await server.client();
    const layer = keys.layer(said.token.claims.root);
    const first = await client.pTTL(layer);
    const longer = await scribe.renewed(said.token, { ver: clock.now() + 1, life: 7200 });
    await state.write(longer);
    expect(await client.pTTL(layer)).toBeGreaterThan(first + 3600_000);
    await state.writeLayer(said.token.claims.root, said.layer);
    expect(await client.pTTL(layer)).toBeGreaterThan(first + 3600_000);
  });
});

describe('while Redis is away', () => {
  it('instances go on with what they know, and tell the others afterwards', async () => {
    const { server, scribe, join, clock } = await fleet();
    const [a, b] = [await join(), await join()];
    const before = await scribe.token('/a', bytes(100_000));
    await keep(a.state, before);
    await server.end();
    const meanwhile = await scribe.token('/b', bytes(100_000), { ver: clock.now() + 1 });
    await a.state.alone(SITE, urlOf('/b'), () => keep(a.state, meanwhile).then(() => undefined), NEVER);
    await a.state.reserve(clock.now() + 2);
    expect(await a.state.read(SITE, urlOf('/a'))).toBeUndefined();
    expect(await a.state.readLayer(before.token.claims.root)).toHaveLength(64);
    expect(await a.state.readLayer(meanwhile.token.claims.root)).toHaveLength(64);
    await expect(b.state.readLayer(before.token.claims.root)).rejects.toMatchObject({ code: 'store-failed' });
    await expect(a.state.survey()).resolves.toBe(false);
    expect(a.state.trouble).toMatch(/^Redis fails \(.+\): state is not shared with other instances\.$/);

    await server.begin();
    const late = await join();
    await eventually(() => {
      expect([b, late].map(({ ear }) => ear.isLive(meanwhile.token.claims.root))).toEqual([true, true]);
    });
    await eventually(() => expect(b.state.trouble).toBeUndefined());
    expect(await b.state.readLayer(meanwhile.token.claims.root)).toHaveLength(64);
    expect(late.ear.highest).toBeGreaterThan(clock.now());
  });

  it('of two that said something the higher version counts afterwards', async () => {
    const { server, scribe, join, clock } = await fleet();
    const [a, b] = [await join(), await join()];
    const learnt = { a: [] as unknown[], b: [] as unknown[] };
    a.ear.learn = (statement) => learnt.a.push(statement);
    b.ear.learn = (statement) => learnt.b.push(statement);
    await server.end();
    const low = await scribe.token('/a', bytes(1000), { ver: clock.now() + 1 });
    const high = await scribe.token('/a', bytes(1000), { ver: clock.now() + 2 });
    await keep(a.state, low);
    await keep(b.state, high);
    await server.begin();
    await eventually(() => {
      expect(learnt.a).toContainEqual(high.token);
      expect(learnt.b).toContainEqual(high.token);
    });
    expect(await a.state.read(SITE, urlOf('/a'))).toEqual(high.token);
    const [fresh] = [await join()];
    expect(await fresh.state.read(SITE, urlOf('/a'))).toEqual(high.token);
  });

  it('what was missed is learnt afterwards', async () => {
    const { server, scribe, join } = await fleet();
    const [a, b] = [await join(), await join()];
    const client = await server.client();
    const says = await Promise.all(Array.from({ length: 450 }, (_, i) => scribe.token(`/${i}`, bytes(10))));
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    for (const said of says) await keep(a.state, said);
    await eventually(() => {
      expect(says.filter(({ token }) => !b.ear.isLive(token.claims.root))).toEqual([]);
    });
  });

  it('no visitor waits long for a Redis that answers nothing', async () => {
    const { server, join, clock } = await fleet();
    const { state } = await join();
    server.freeze();
    let isDone = false;
    const work = () => Promise.resolve(void (isDone = true));
    const first = state.alone(SITE, urlOf('/a'), work, NEVER);
    await clock.advance(1999);
    expect(isDone).toBe(false);
    await clock.advance(1);
    await first;
    expect(state.trouble).toContain('no answer in time');
    isDone = false;
    const second = state.alone(SITE, urlOf('/b'), work, NEVER);
    await clock.advance(0);
    expect(isDone).toBe(true);
    await second;
    server.thaw();
    await clock.advance(2000);
    await state.reserve(clock.now());
    expect(state.trouble).toBeUndefined();
  });
});

it('a Redis that refuses to keep anything is as good as none', async () => {
  const { server, scribe, join } = await fleet();
  const { state } = await join();
  const client = await server.client();
  await client.configSet('maxmemory', '1');
  const said = await scribe.token('/a', bytes(1000));
  expect(await keep(state, said)).toEqual(said.token);
  expect(state.trouble).toContain('OOM');
  await client.configSet('maxmemory', '0');
  await state.survey();
  expect(await state.read(SITE, urlOf('/a'))).toEqual(said.token);
  expect(state.trouble).toBeUndefined();
});

it('a Redis that cannot be reached at the start is a fault, told without the password', async () => {
  const server = await RedisServer.start();
  await server.end();
  const url = `redis://user:secret@127.0.0.1:${server.port}`;
  const link = new RedisLink({ url, clock: new FakeClock(), log: quiet });
  const failure: unknown = await link.open().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'bad-config' });
  expect(String(failure)).toContain(`127.0.0.1:${server.port}`);
  expect(String(failure)).not.toContain('secret');
});
