import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHasher, newKey } from '../../../hasher-service/index.js';
import { prefixOf, type Root } from '../../../src/core/brands.js';
import { parseRootsResponse } from '../../../src/protocol/hasher.js';
import { Child, buildChild } from '../../support/child.js';
import { Visitor } from '../../support/hasher-visitor.js';
import { seededBytes } from '../../support/random.js';
import { RedisServer } from '../../support/redis-server.js';
import { eventually } from '../../support/until.js';
import { startOrigin, temporaryDirectory } from './harness.js';

const INSTANCE = await buildChild('instance');
const PICTURE = seededBytes(4)(300_000);
const ROOTS_TOKEN = 'a token only for tests';
const OPERATOR_TOKEN = 'an operator only in tests';
const MINUTE = 60_000;

/** Instances of one site's hash service in processes of their own: the same keys, the same Redis. */
class Fleet {
  private constructor(
    readonly origin: Awaited<ReturnType<typeof startOrigin>>,
    readonly redis: RedisServer,
    readonly keys: string,
  ) {}

  static async start(): Promise<Fleet> {
    const keys = await temporaryDirectory();
    await newKey(keys, { alg: 'Ed25519' });
    return new Fleet(await startOrigin(), await RedisServer.start(), keys);
  }

  /** One more, whose clock is off by so many milliseconds. */
  async join(offset = 0): Promise<Visitor> {
    const data = await temporaryDirectory();
    await cp(this.keys, data, { recursive: true });
    const options = {
      sites: [this.origin.url],
      data,
      port: 0,
      allowPrivate: true,
      redis: this.redis.url,
      rootsToken: ROOTS_TOKEN,
      operatorToken: OPERATOR_TOKEN,
      requestsPerSecond: 10_000,
      // Origin, visitors and instances share this machine: nothing here is about slow origins.
      originTimeout: 60_000,
      logLevel: 'silent',
    };
    const child = new Child(INSTANCE, [JSON.stringify(options), String(offset)]);
    return new Visitor(await child.line(0), this.origin.url);
  }

  /** Which of these roots an instance tells trackers are live. */
  async live(instance: Visitor, ...roots: Root[]): Promise<string[]> {
    const response = await fetch(`${instance.hasher}/v1/roots`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ROOTS_TOKEN}`, 'content-type': 'text/plain' },
      body: JSON.stringify({ site: this.origin.url, roots: roots.map(prefixOf) }),
    });
    return parseRootsResponse(await response.json())?.live.map(({ root }) => root) ?? [];
  }
}

describe('three instances on one Redis', { timeout: 60_000 }, () => {
  it('ask the origin once for what a thousand visitors ask for at once', async () => {
    const fleet = await Fleet.start();
    fleet.origin.serve('/a', PICTURE);
    const instances = await Promise.all([fleet.join(), fleet.join(), fleet.join()]);
    const thousand = Array.from({ length: 334 }, () =>
      instances.map((instance) => instance.ask('/a')),
    ).flat();
    const answers = await Promise.all(thousand);
    expect(new Set(answers.map(({ jws }) => jws)).size).toBe(1);
    expect(answers[0]?.digest?.len).toBe(PICTURE.byteLength);
    expect(fleet.origin.requests).toHaveLength(1);
    for (const instance of instances) {
      const layer = await instance.get(`/v1/layers/${answers[0]?.digest?.root}`);
      expect((await layer.arrayBuffer()).byteLength).toBe(5 * 32);
    }
  });

  it('share refusals, also short ones', async () => {
    const fleet = await Fleet.start();
    const [a, b] = await Promise.all([fleet.join(), fleet.join()]);
    const refused = await a.ask('/nowhere');
    expect(refused.refusal?.code).toBe('missing');
    expect((await b.ask('/nowhere')).jws).toBe(refused.jws);
    expect(fleet.origin.requests).toHaveLength(1);
  });

  it('know what was said before their start, without asking', async () => {
    const fleet = await Fleet.start();
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    for (const path of paths) fleet.origin.serve(path, PICTURE.slice(0, 1000 + Number(path.slice(1))));
    const first = await fleet.join();
    const answers = await Promise.all(paths.map((path) => first.ask(path)));
    const roots = answers.flatMap(({ digest }) => (digest ? [digest.root] : []));
    const second = await fleet.join();
    expect((await fleet.live(second, ...roots)).length).toBe(20);
    expect((await second.ask('/7')).jws).toBe(answers[7]?.jws);
    expect(fleet.origin.requests).toHaveLength(20);
  });

  it('let versions rise although their clocks differ by minutes', async () => {
    const fleet = await Fleet.start();
    const [right, ahead, behind] = await Promise.all([
      fleet.join(),
      fleet.join(5 * MINUTE),
      fleet.join(-5 * MINUTE),
    ]);
    fleet.origin.serve('/a', PICTURE, { 'cache-control': 'max-age=1' });
    const vers: number[] = [];
    for (const instance of [ahead, right, behind, right, ahead, behind]) {
      const { ver } = await instance.said('/a', (said) => said > (vers.at(-1) ?? 0));
      vers.push(ver);
    }
    expect(vers).toEqual([...new Set(vers)].sort((x, y) => x - y));
    expect(vers).toHaveLength(6);
  });

  it('go on without Redis, and come together again by themselves', async () => {
    const fleet = await Fleet.start();
    for (const path of ['/a', '/b', '/c']) fleet.origin.serve(path, PICTURE.slice(path.charCodeAt(1)));
    const [a, b] = await Promise.all([fleet.join(), fleet.join()]);
    const shared = await a.ask('/a');
    await eventually(async () => expect(await fleet.live(b, ...rootsOf(shared))).toHaveLength(1));
    await fleet.redis.end();
    // From memory, without a look of its own.
    expect((await b.ask('/a')).jws).toBe(shared.jws);
    const alone = await a.ask('/b');
    expect(alone.digest).toBeDefined();
    expect((await a.get(`/v1/layers/${alone.digest?.root}`)).status).toBe(200);
    const unsure = await b.get(`/v1/layers/${shared.digest?.root}`);
    expect([unsure.status, unsure.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await b.ask('/a')).jws).toBe(shared.jws);
    const trouble = await a.get('/readyz');
    expect([trouble.status, await trouble.json()]).toEqual([
      200,
      { status: 'degraded', why: expect.stringContaining('Redis') },
    ]);
    await fleet.redis.begin();
    await eventually(async () => {
      expect(await (await b.get('/readyz')).json()).toEqual({ status: 'ready' });
      expect(await fleet.live(b, ...rootsOf(alone))).toHaveLength(1);
    });
    expect((await b.ask('/b')).jws).toBe(alone.jws);
    expect(fleet.origin.seen('/a')).toHaveLength(1);
    expect(fleet.origin.seen('/b')).toHaveLength(1);
    const [fromA, fromB] = await Promise.all([a.ask('/c'), b.ask('/c')]);
    expect(fromA.jws).toBe(fromB.jws);
    expect(fleet.origin.seen('/c')).toHaveLength(1);
  });

  it('all follow a purge that one of them was told of, whatever their clocks say', async () => {
    const fleet = await Fleet.start();
    fleet.origin.serve('/a', PICTURE);
    const [told, other] = await Promise.all([fleet.join(-MINUTE / 2), fleet.join()]);
    const before = await other.ask('/a');
    expect((await told.ask('/a')).jws).toBe(before.jws);
    const response = await fetch(`${told.hasher}/v1/purge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'text/plain' },
      body: JSON.stringify({ site: fleet.origin.url, urls: [`${fleet.origin.url}/a`] }),
    });
    expect(response.status).toBe(200);
    await eventually(async () => {
      const after = await other.ask('/a');
      expect(after.digest?.ver).toBeGreaterThan(before.digest?.ver ?? Infinity);
      expect((await told.ask('/a')).jws).toBe(after.jws);
    });
  });

  it('tell Redis no secret', async () => {
    const fleet = await Fleet.start();
    fleet.origin.serve('/a', PICTURE);
    const instance = await fleet.join();
    const client = await fleet.redis.client();
    const seen: string[] = [];
    const monitor = await fleet.redis.client();
    await monitor.monitor((line) => seen.push(line));
    await instance.ask('/a');
    for (const key of await client.keys('*')) seen.push(JSON.stringify(await client.dump(key)));
    const [file = ''] = await readdir(join(fleet.keys, 'keys'));
    const { d } = JSON.parse(await readFile(join(fleet.keys, 'keys', file), 'utf8')) as { d: string };
    expect(seen.join('\n')).toContain('peerfold');
    expect(seen.join('\n')).not.toContain(d);
    expect(seen.join('\n')).not.toContain(ROOTS_TOKEN);
  });
});

describe('a service that cannot start', () => {
  const options = { sites: ['https://www.example.com'], logLevel: 'silent' } as const;

  it.each(['http://127.0.0.1', '127.0.0.1:6379', ''])('says what a URL of Redis is: %s', async (redis) => {
    const data = await temporaryDirectory();
    await expect(createHasher({ ...options, data, redis })).rejects.toThrow(
      /redis: a URL such as redis:\/\//,
    );
  });

  it('says that Redis cannot be reached', async () => {
    const server = await RedisServer.start();
    await server.end();
    const data = await temporaryDirectory();
    await expect(createHasher({ ...options, data, redis: server.url })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
    });
  });

  it('leaves no connection behind', async () => {
    const server = await RedisServer.start();
    const data = await temporaryDirectory();
    await writeFile(join(data, 'roots-token'), 'anybody may read this', { mode: 0o644 });
    await expect(createHasher({ ...options, data, redis: server.url })).rejects.toThrow(/mode 644/);
    const client = await server.client();
    await eventually(async () => expect(await client.clientList()).toHaveLength(1));
  });
});

function rootsOf({ digest }: { digest?: { root: Root } }): Root[] {
  return digest ? [digest.root] : [];
}
