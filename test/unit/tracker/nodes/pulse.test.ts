import { describe, expect, it } from 'vitest';
import type { NodeName } from '../../../../tracker-service/nodes/names.js';
import { Pulse } from '../../../../tracker-service/nodes/redis/pulse.js';
import { Roll } from '../../../../tracker-service/nodes/redis/roll.js';
import { FakeClock } from '../../../support/fake-clock.js';

const SELF = 'self' as NodeName;

/** A Redis as far as heartbeats go. */
function setUp() {
  const clock = new FakeClock();
  const redis = { list: new Map<string, string>(), answers: true, listeners: 0, subscriptions: 0 };
  const events: string[] = [];
  const execute = ([name, , field = '', value = '']: string[]): unknown => {
    if (name === 'HSET') {
      const isNew = redis.list.has(field) ? 0 : 1;
      redis.list.set(field, value);
      return isNew;
    }
    if (name === 'HDEL') redis.list.delete(field);
    return name === 'HGETALL' ? Object.fromEntries(redis.list) : 0;
  };
  const send = (_key: string, command: string[]): Promise<unknown> =>
    redis.answers ? Promise.resolve(execute(command)) : new Promise(() => undefined);
  const wire = {
    isReady: true,
    send,
    publish: () => Promise.resolve(redis.listeners),
    subscribe: () => {
      redis.listeners = 1;
      redis.subscriptions++;
      return Promise.resolve();
    },
    unsubscribe: () => Promise.resolve(),
    connect: () => Promise.resolve(),
    close: () => undefined,
  };
  const link = {
    isUp: true,
    wire,
    send,
    note: () => undefined,
    rise: () => events.push('rise'),
    fall: () => events.push('fall'),
  };
  const beaten = (lost: boolean) => events.push(lost ? 'lost' : 'beaten');
  const pulse = new Pulse({
    link,
    clock,
    self: SELF,
    roll: new Roll(SELF, clock),
    hear: () => undefined,
    beaten,
  });
  const taken = () => events.splice(0);
  return { clock, redis, pulse, taken };
}

describe('the heartbeat', () => {
  it('comes every four seconds, and says at first that nothing was told', async () => {
    const { clock, redis, pulse, taken } = setUp();
    await pulse.beat();
    expect(taken()).toEqual(['rise', 'lost']);
    await clock.advance(8_000);
    expect(taken()).toEqual(['rise', 'beaten', 'rise', 'beaten']);
    expect(redis.list.get('self')).toBe('3');
  });

  it('notices that everything was lost', async () => {
    const { clock, redis, pulse, taken } = setUp();
    await pulse.beat();
    redis.list.clear();
    taken();
    await clock.advance(4_000);
    expect(taken()).toEqual(['rise', 'lost']);
  });

  it('that is not answered puts the link down; after long silence the others may have forgotten us', async () => {
    const { clock, redis, pulse, taken } = setUp();
    await pulse.beat();
    redis.answers = false;
    taken();
    await clock.advance(4_000 + 2_000);
    expect(taken()).toEqual(['fall']);
    redis.answers = true;
    await clock.advance(1_000);
    expect(taken()).toEqual(['rise', 'beaten']);
    redis.answers = false;
    await clock.advance(16_000);
    redis.answers = true;
    await clock.advance(3_000);
    expect(taken().filter((event) => event !== 'fall')).toEqual(['rise', 'lost']);
  });

  it('makes a subscription anew that reaches nobody, and only then', async () => {
    const { clock, redis, pulse } = setUp();
    await pulse.beat();
    await clock.advance(8_000);
    expect(redis.subscriptions).toBe(1);
    redis.listeners = 0;
    await clock.advance(4_000);
    expect(redis.subscriptions).toBe(2);
  });

  it('clears dead nodes from the list, and itself at the end', async () => {
    const { clock, redis, pulse } = setUp();
    redis.list.set('dead', '7');
    await pulse.beat();
    await clock.advance(8_000);
    expect([...redis.list.keys()].sort()).toEqual(['dead', 'self']);
    await clock.advance(8_000);
    expect([...redis.list.keys()]).toEqual(['self']);
    await pulse.stop();
    expect(redis.list.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
