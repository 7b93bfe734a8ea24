import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentMap } from '../../../src/core/recent-map.js';

describe('a recent map', () => {
  it('keeps the half of its limit that was used last, however it was used', () => {
    const limit = 8;
    const use = fc.record({ key: fc.nat(20), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 200 }), (uses) => {
        const map = new RecentMap<number, string>(limit);
        const recent: number[] = [];
        for (const { key, isRead } of uses) {
          const expected = recent.includes(key) ? `value ${key}` : undefined;
          if (expected !== undefined) expect(map.get(key)).toBe(expected);
          if (!isRead) map.set(key, `value ${key}`);
          if (!isRead || map.get(key) !== undefined) {
            recent.splice(
              0,
              recent.length,
              ...[key, ...recent.filter((other) => other !== key)].slice(0, limit / 2),
            );
          }
          expect(map.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('forgets the others', () => {
    const map = new RecentMap<number, string>(8);
    for (let key = 0; key < 100; key++) map.set(key, 'x');
    expect(map.get(0)).toBeUndefined();
    expect(map.get(90)).toBeUndefined();
    expect(map.get(99)).toBe('x');
  });

  it('holds one value for a key, the last one, until it is deleted', () => {
    const map = new RecentMap<string, number>(4);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect([map.get('a'), map.size]).toEqual([3, 2]);
    map.delete('a');
    map.delete('b');
    expect([map.get('a'), map.get('b'), map.size]).toEqual([undefined, undefined, 0]);
  });
});
