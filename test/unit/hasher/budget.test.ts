import { describe, expect, it } from 'vitest';
import { Budget, type BudgetOptions, type Limit } from '../../../hasher-service/catalogue/budget.js';
import { RateLimit } from '../../../hasher-service/rate-limit.js';
import { FakeClock } from '../../support/fake-clock.js';

const HOUSE = '192.0.2.1';

function limitOf(perSecond: number, clock = new FakeClock()): RateLimit {
  return new RateLimit({ clock, perSecond, burst: perSecond * 10 });
}

describe('RateLimit', () => {
  it('lets a burst pass, then the rate', async () => {
    const clock = new FakeClock();
    const limit = limitOf(2, clock);
    expect(Array.from({ length: 20 }, () => limit.take(HOUSE))).toEqual(Array(20).fill(0));
    expect(limit.take(HOUSE)).toBe(500);
    await clock.advance(500);
    expect(limit.take(HOUSE)).toBe(0);
    expect(limit.take(HOUSE)).toBe(500);
    expect(limit.take('192.0.2.2')).toBe(0);
  });

  it('counts a household once, whatever its address', () => {
    const limit = limitOf(1);
    for (let i = 0; i < 10; i++) limit.take(`2001:db8::${i + 1}`);
    expect(limit.take('2001:db8::ffff')).toBeGreaterThan(0);
    expect(limit.take('2001:db8:0:1::1')).toBe(0);
    for (let i = 0; i < 10; i++) limit.take(HOUSE);
    expect(limit.take(`::ffff:${HOUSE}`)).toBeGreaterThan(0);
  });

  it('counts what is no address as one', () => {
    const limit = limitOf(1);
    for (let i = 0; i < 10; i++) expect(limit.take(`${':'.repeat(60)}${i}`)).toBe(0);
    expect(limit.take(':'.repeat(10_000))).toBeGreaterThan(0);
  });

  it('counts those without an address as one', () => {
    const limit = limitOf(1);
    for (let i = 0; i < 10; i++) expect(limit.take(undefined)).toBe(0);
    expect(limit.take(undefined)).toBe(1000);
  });

  it('says when several turns will have come, and takes back what was taken in vain', () => {
    const limit = limitOf(1);
    for (let i = 0; i < 10; i++) limit.take(HOUSE);
    expect([limit.take(HOUSE, 1), limit.take(HOUSE, 4), limit.take(HOUSE, 999)]).toEqual([
      1000, 4000, 10_000,
    ]);
    limit.refund(HOUSE);
    expect([limit.take(HOUSE), limit.take(HOUSE)]).toEqual([0, 1000]);
  });
});

describe('Budget', () => {
  function start(options: Partial<BudgetOptions> = {}) {
    const clock = new FakeClock();
    const refused: Limit[] = [];
    const budget = new Budget({
      clock,
      coldFetchesPerMinute: 60,
      originFetchesPerSecond: 4,
      originBytesPerSecond: 1000,
      refused: (limit) => refused.push(limit),
      ...options,
    });
    return { clock, budget, refused };
  }
  const spend = (count: number, pay: () => number): number[] => Array.from({ length: count }, pay);

  it('gives each address so many unknown URLs, and hints that come true', async () => {
    const { clock, budget, refused } = start();
    const asker = budget.asker(HOUSE);
    expect(spend(60, () => asker.pay())).toEqual(Array(60).fill(0));
    // The first will be affordable in a second, the third one two seconds later.
    expect(spend(3, () => asker.pay())).toEqual([1000, 2000, 3000]);
    expect(budget.asker('192.0.2.2').pay()).toBe(0);
    await clock.advance(3000);
    expect(spend(4, () => budget.asker(HOUSE).pay())).toEqual([0, 0, 0, 1000]);
    expect(refused).toEqual(Array(4).fill('address'));
  });

  it('gives no hint that parsers would not take', () => {
    const { budget } = start({ coldFetchesPerMinute: 1 });
    const asker = budget.asker(HOUSE);
    asker.pay();
    expect(Math.max(...spend(100, () => asker.pay()))).toBe(60_000);
  });

  it('gives an address back what it paid for a URL that had a token', () => {
    const { budget } = start();
    const asker = budget.asker(HOUSE);
    spend(60, () => asker.pay());
    asker.refund();
    expect(spend(2, () => asker.pay())).toEqual([0, 1000]);
  });

  it('bounds all looks together, and keeps a reserve for renewals', async () => {
    const { clock, budget, refused } = start();
    const strangers = spend(100, () => budget.payLook(false));
    expect(strangers.filter((wait) => wait === 0)).toHaveLength(30);
    expect(new Set(strangers.slice(30))).toEqual(new Set([5000]));
    expect(spend(10, () => budget.payLook(true))).toEqual(Array(10).fill(0));
    expect(budget.payLook(true)).toBe(5000);
    expect(new Set(refused)).toEqual(new Set(['fetches']));
    await clock.advance(60_000);
    expect(spend(31, () => budget.payLook(false)).filter((wait) => wait === 0)).toHaveLength(30);
  });

  it('over any time lets no more through than what was saved up and the rate', async () => {
    const { clock, budget } = start();
    let looks = 0;
    for (let second = 0; second < 100; second++) {
      looks += spend(50, () => budget.payLook(second % 2 === 0)).filter((wait) => wait === 0).length;
      await clock.advance(1000);
    }
    expect(looks).toBeLessThanOrEqual(40 + 4 * 100);
    expect(looks).toBeGreaterThan(4 * 98);
  });

  it('bounds the bytes, which are known afterwards', async () => {
    const { clock, budget, refused } = start();
    budget.payBytes(15_000);
    expect(budget.payLook(false)).toBe(7500);
    expect(budget.payLook(true)).toBe(5000);
    expect(refused).toEqual(['bytes', 'bytes']);
    await clock.advance(5000);
    expect(budget.payLook(true)).toBe(0);
    expect(budget.payLook(false)).toBe(5000);
    await clock.advance(2500);
    expect(budget.payLook(false)).toBe(0);
  });

  it('lets one huge file stop the others for a minute at most', () => {
    const { budget } = start();
    for (let i = 0; i < 10; i++) budget.payBytes(2 ** 40);
    expect(budget.payLook(true)).toBe(60_000);
  });
});
