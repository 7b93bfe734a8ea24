import { describe, expect, it } from 'vitest';
import { LeastRecentlyUsedMap } from '../../../src/core/bounded-map.js';
import { FetchQueue } from '../../../hasher-service/fetch-queue.js';
import { RateLimit } from '../../../hasher-service/rate-limit.js';
import { isBearer } from '../../../hasher-service/signing/roots-token.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

describe('LeastRecentlyUsedMap', () => {
  it('forgets what was used longest ago', () => {
    const map = new LeastRecentlyUsedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  });

  it('replaces without forgetting another', () => {
    const map = new LeastRecentlyUsedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('b', 3);
    expect([map.get('a'), map.get('b')]).toEqual([1, 3]);
    map.delete('a');
    expect(map.size).toBe(1);
  });
});

describe('FetchQueue', () => {
  it('bounds what runs and what waits, and goes on after a failure', async () => {
    const queue = new FetchQueue(2, 1);
    const finish: ((error?: Error) => void)[] = [];
    const job = () =>
      new Promise<void>((resolve, reject) => {
        finish.push((error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    const first = queue.run(job);
    const second = queue.run(job);
    const third = queue.run(job);
    expect([queue.running, queue.waiting, queue.isFull]).toEqual([2, 1, true]);
    expect(queue.run(job)).toBeUndefined();
    finish[0]?.(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await settle();
    expect([queue.running, queue.waiting, finish.length]).toEqual([2, 0, 3]);
    finish[1]?.();
    finish[2]?.();
    await Promise.all([second, third]);
    expect(queue.running).toBe(0);
  });
});

describe('RateLimit', () => {
  it('lets a burst pass, then the rate', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(2, clock);
    expect(Array.from({ length: 20 }, () => limit.take('192.0.2.1'))).toEqual(Array(20).fill(0));
    expect(limit.take('192.0.2.1')).toBe(500);
    await clock.advance(500);
    expect(limit.take('192.0.2.1')).toBe(0);
    expect(limit.take('192.0.2.1')).toBe(500);
    expect(limit.take('192.0.2.2')).toBe(0);
  });

  it('counts a household once, whatever its address', () => {
    const limit = new RateLimit(1, new FakeClock());
    for (let i = 0; i < 10; i++) limit.take(`2001:db8::${i + 1}`);
    expect(limit.take('2001:db8::ffff')).toBeGreaterThan(0);
    expect(limit.take('2001:db8:0:1::1')).toBe(0);
    for (let i = 0; i < 10; i++) limit.take('192.0.2.1');
    expect(limit.take('::ffff:192.0.2.1')).toBeGreaterThan(0);
  });
});

describe('isBearer', () => {
  it.each([
    [true, 'Bearer secret-token'],
    [false, 'Bearer secret-tokeN'],
    [false, 'Bearer secret-token '],
    [false, 'secret-token'],
    [false, ''],
    [false, undefined],
  ])('%s for %j', (expected, header) => {
    expect(isBearer(header, 'secret-token')).toBe(expected);
  });
});
