import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRevoked } from '../../../src/verify/statements.js';
import { run } from '../../../src/cli/run.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeIo } from '../../support/fake-io.js';
import { RedisServer } from '../../support/redis-server.js';
import { policyOf, purge, signed } from './asks.js';
import { Bench, temporaryDirectory } from './harness.js';

/** Two instances of one hash service: the same keys, the same Redis, clocks of their own. */
async function twoInstances(offset = 0) {
  const redis = await RedisServer.start();
  const a = await Bench.start({ options: { redis: redis.url } });
  const data = await temporaryDirectory();
  await cp(join(a.data, 'keys'), join(data, 'keys'), { recursive: true });
  const clock = new FakeClock();
  clock.jump(offset);
  const b = await Bench.start({ origin: a.origin, data, clock, options: { redis: redis.url } });
  return { a, b, redis };
}

async function peerfold(...args: string[]): Promise<string> {
  const io = new FakeIo();
  expect(await run(args, io)).toBe(0);
  return io.output;
}

describe('with Redis', () => {
  it('a purge at one instance voids what another has signed, and not what it signs from then on', async () => {
    const { a, b } = await twoInstances(20_000);
    const before = await signed(b);
    await purge(a, { urls: [before.sub] });
    await b.clock.advance(1000);
    expect(isRevoked(await policyOf(b), before)).toBe(true);
    expect((await b.live(before)).size).toBe(0);
    const { digest } = await b.ask('/a.bin');
    if (!digest) throw new Error('not signed');
    expect(isRevoked(await policyOf(b), digest)).toBe(false);
    expect(isRevoked(await policyOf(a), digest)).toBe(false);
  });

  it('the command changes what all instances tell', async () => {
    const { a, b, redis } = await twoInstances();
    await peerfold('policy', 'rollout', '0.5', '--redis', redis.url);
    await peerfold('policy', 'purge', '/a.*', '--redis', redis.url);
    for (const bench of [a, b]) {
      await bench.clock.advance(1000);
      const { rollout, revoked } = await policyOf(bench);
      expect([rollout, revoked.map(({ of }) => of)]).toEqual([0.5, ['/a.*']]);
    }
    expect(await peerfold('policy', 'show', '--redis', redis.url)).toContain('rollout  0.5');
  });

  it('the command refuses to write where a service with Redis does not read, until one without it does', async () => {
    const { a, redis } = await twoInstances();
    const data = ['--data', a.data];
    const io = new FakeIo();
    expect(await run(['policy', 'disable', ...data], io)).toBe(2);
    expect(io.errors).toContain(
      `the hash service of ${a.data} has its policy in Redis: name it with --redis`,
    );
    expect(await peerfold('policy', 'show', ...data, '--redis', redis.url)).toMatch(/enabled +yes/);
    await a.hasher.close();
    const alone = await Bench.start({ origin: a.origin, data: a.data });
    expect(await peerfold('policy', 'disable', ...data)).toContain(`disabled in ${a.data}`);
    await alone.clock.advance(1000);
    expect(await policyOf(alone)).toMatchObject({ enabled: false });
  });

  it('the command says that Redis is not there, without its password', async () => {
    const io = new FakeIo();
    const args = ['policy', 'show', '--redis', 'redis://:geheim@127.0.0.1:1'];
    expect(await run(args, io)).toBe(2);
    expect(io.errors).toContain('Redis at 127.0.0.1:1 cannot be used');
    expect(io.errors).not.toContain('geheim');
  });
});
