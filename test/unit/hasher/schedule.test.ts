import { describe, expect, it } from 'vitest';
import {
  endOf,
  inOrder,
  neededKeys,
  signingKey,
  waitingKeys,
  type KeyInfo,
} from '../../../hasher-service/signing/schedule.js';

const DAY = 24 * 3600_000;

function key(kid: string, activeFrom: number): KeyInfo {
  return { kid, alg: 'Ed25519', created: 0, activeFrom };
}

const [a, b, c] = [key('a', 1000), key('b', 2000), key('c', 3000)];

describe('of several keys', () => {
  it.each([
    [1000, 'a'],
    [1999, 'a'],
    [2000, 'b'],
    [9999, 'c'],
    [0, 'a'],
  ])('at %i the last whose time has come signs: %s', (now, kid) => {
    expect(signingKey([c, a, b], now)?.kid).toBe(kid);
  });

  it('those that come later wait', () => {
    expect(waitingKeys([c, a, b], 1500)).toEqual([b, c]);
    expect(waitingKeys([c, a, b], 0)).toEqual([b, c]);
    expect(waitingKeys([c, a, b], 3000)).toEqual([]);
  });

  it('each is needed for a day and a minute after the next began to sign', () => {
    expect(endOf([a, b, c], a)).toBe(2000 + DAY + 60_000);
    expect(endOf([a, b, c], c)).toBeUndefined();
    expect(neededKeys([a, b, c], 2000 + DAY + 59_999)).toEqual([a, b, c]);
    expect(neededKeys([a, b, c], 2000 + DAY + 60_000)).toEqual([b, c]);
    expect(neededKeys([a, b, c], 10 * DAY)).toEqual([c]);
  });

  it('instances find the same in whatever order they read them', () => {
    const twins = [key('x', 1000), key('y', 1000), key('w', 1000)];
    expect(inOrder(twins).map(({ kid }) => kid)).toEqual(['w', 'x', 'y']);
    expect(inOrder(twins.toReversed())).toEqual(inOrder(twins));
    expect(signingKey(twins, 1000)?.kid).toBe('y');
  });
});

it('without keys nothing signs', () => {
  const none: KeyInfo[] = [];
  expect(signingKey(none, 0)).toBeUndefined();
  expect([...waitingKeys(none, 0), ...neededKeys(none, 0)]).toEqual([]);
});
