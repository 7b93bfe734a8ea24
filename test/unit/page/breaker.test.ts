import { beforeEach, describe, expect, it } from 'vitest';
import { Breaker } from '../../../src/page/breaker.js';
import type { TransferReport } from '../../../src/protocol/bridge.js';
import { FakeClock } from '../../support/fake-clock.js';
import { transferReport } from '../../support/reports.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const LATE: Partial<TransferReport> = { fallback: 'deadline' };

let clock: FakeClock;
let breaker: Breaker;
let requests = 0;

beforeEach(() => {
  clock = new FakeClock();
  breaker = new Breaker(clock);
});

/** Asks for something new and reports how that went; false when peers may not be asked. */
function request(bytes: Parameters<typeof transferReport>[0]): boolean {
  const url = `https://site.example/${requests++}.jpg`;
  if (!breaker.allows(url)) return false;
  breaker.learn(transferReport({ url, ...bytes }));
  return true;
}

const miss = (): boolean => request({ http: 9, ...LATE });
const hit = (): boolean => request({ peer: 9 });
const unheld = (): boolean => request({ http: 9, fallback: 'no-peers' });

/** Lets peers miss until they are given a rest. */
function trip(): void {
  for (let i = 0; i < 4; i++) expect(miss()).toBe(true);
  expect(breaker.allows('https://site.example/next.jpg')).toBe(false);
}

describe('peers are given a rest', () => {
  it('after four misses in a row', () => {
    for (const outcome of [miss, miss, miss, hit, miss, miss, miss]) expect(outcome()).toBe(true);
    expect(miss()).toBe(true);
    expect(hit()).toBe(false);
  });

  it('after twelve misses among the latest twenty', () => {
    // Three misses for each hit: never four in a row, twelve with the fifteenth.
    for (let i = 0; i < 15; i++) expect((i % 4 === 3 ? hit : miss)()).toBe(true);
    expect(hit()).toBe(false);
  });

  it('but not while they do well more often than not', () => {
    for (let i = 0; i < 200; i++) expect((i % 2 === 0 ? hit : miss)()).toBe(true);
  });

  it('not because nobody holds what is asked for, which leaves a row of misses as it is', () => {
    for (let i = 0; i < 30; i++) expect(unheld()).toBe(true);
    for (const outcome of [miss, miss, unheld, miss, unheld, miss]) expect(outcome()).toBe(true);
    expect(hit()).toBe(false);
  });

  it.each([
    ['most had come from them in time', { peer: 9, http: 4, ...LATE }],
    ['the origin gave nothing either', { ...LATE, origin: { after: 9, failed: true } }],
    ['the store was enough', { store: 9 }],
    ['the page was told that there is no token', { http: 9, fallback: 'no-token' as const }],
  ])('not when %s', (_, report) => {
    for (let i = 0; i < 30; i++) expect(request(report)).toBe(true);
  });

  it('not by transfers that they were not asked for', () => {
    for (let i = 0; i < 30; i++) breaker.learn(transferReport({ url: `${i}`, http: 9, ...LATE }));
    expect(hit()).toBe(true);
  });
});

describe('a rest', () => {
  it('ends with one trial, whose success ends it for all', async () => {
    trip();
    await clock.advance(30 * SECOND - 1);
    expect(breaker.allows('a')).toBe(false);
    await clock.advance(1);
    expect(breaker.allows('a')).toBe(true);
    expect(breaker.allows('b')).toBe(false);
    // The worker may ask twice about one request.
    expect(breaker.allows('a')).toBe(true);
    breaker.learn(transferReport({ url: 'a', peer: 9 }));
    for (let i = 0; i < 3; i++) expect(miss()).toBe(true);
    expect(hit()).toBe(true);
  });

  it('is followed by one twice as long, up to ten minutes, while trials fail', async () => {
    trip();
    for (const seconds of [30, 60, 120, 240, 480, 600, 600]) {
      await clock.advance(seconds * SECOND - 1);
      expect(miss()).toBe(false);
      await clock.advance(1);
      expect(miss()).toBe(true);
    }
  });

  it('starts short again once peers did well', async () => {
    trip();
    await clock.advance(30 * SECOND);
    expect(miss()).toBe(true);
    await clock.advance(MINUTE);
    expect(hit()).toBe(true);
    trip();
    await clock.advance(30 * SECOND);
    expect(hit()).toBe(true);
  });

  it('goes to the next trial when one says nothing about peers', async () => {
    trip();
    await clock.advance(30 * SECOND);
    for (let i = 0; i < 3; i++) expect(unheld()).toBe(true);
    expect(hit()).toBe(true);
  });

  it('goes to the next trial when one is never heard of again', async () => {
    trip();
    await clock.advance(30 * SECOND);
    expect(breaker.allows('lost')).toBe(true);
    await clock.advance(20 * SECOND - 1);
    expect(hit()).toBe(false);
    await clock.advance(1);
    expect(hit()).toBe(true);
  });

  it('is not changed by what was under way before it', async () => {
    const under = ['a', 'b', 'c'];
    for (const url of under) breaker.allows(url);
    trip();
    breaker.learn(transferReport({ url: 'a', peer: 9 }));
    for (const url of under) breaker.learn(transferReport({ url, http: 9, ...LATE }));
    expect(hit()).toBe(false);
    await clock.advance(30 * SECOND);
    expect(hit()).toBe(true);
  });
});
