import { describe, expect, it } from 'vitest';
import { LeastRecentlyUsedMap } from '../../../src/core/bounded-map.js';
import { FetchQueue } from '../../../hasher-service/catalogue/fetch-queue.js';
import { Lanes } from '../../../hasher-service/catalogue/lanes.js';
import { isBearer } from '../../../hasher-service/signing/bearer-tokens.js';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { settle } from '../../support/fake-clock.js';

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

describe('Lanes', () => {
  const LIVE = 'https://www.example.com/live/7.m4s' as CanonicalUrl;
  const PLAIN = 'https://www.example.com/media/film.mp4' as CanonicalUrl;

  it('let live URLs pass a lane that is full of others', async () => {
    const lanes = new Lanes({ live: ['/live/*'], concurrency: 1, maxWaiting: 1 });
    const run = (url: CanonicalUrl, job: () => Promise<unknown>) => lanes.laneOf(url).run(job);
    const endless = new Promise<never>(() => undefined);
    void run(PLAIN, () => endless);
    void run(PLAIN, () => endless);
    expect(run(PLAIN, () => endless)).toBeUndefined();
    await expect(run(LIVE, () => Promise.resolve('signed'))).resolves.toBe('signed');
    expect([lanes.running, lanes.waiting]).toEqual([1, 1]);
  });

  it('know live URLs by their patterns', () => {
    const lanes = new Lanes({ live: ['*.ts', 'https://cdn.example/live/*'], concurrency: 1, maxWaiting: 1 });
    const isLive = (url: string) => lanes.isLive(url as CanonicalUrl);
    expect([isLive('https://a.example/x/1.ts'), isLive('https://cdn.example/live/1')]).toEqual([true, true]);
    expect([isLive('https://a.example/x/1.ts2'), isLive('https://a.example/live/1')]).toEqual([false, false]);
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
