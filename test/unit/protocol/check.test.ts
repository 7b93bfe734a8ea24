import { describe, expect, it } from 'vitest';
import {
  isBase64Url,
  isCompactJws,
  isListOf,
  isObject,
  isText,
  isWhole,
  parseObject,
} from '../../../src/protocol/check.js';
import { NOT_OBJECTS } from '../../support/hostile.js';

describe('parseObject', () => {
  it('reads an object', () => {
    expect(parseObject('{"a":[1]}', 9)).toEqual({ a: [1] });
  });

  it('looks at the size before the content', () => {
    expect(parseObject('{"a":[1]}', 8)).toBeUndefined();
  });

  it.each(NOT_OBJECTS)('refuses %j', (text) => {
    expect(parseObject(text, 100)).toBeUndefined();
  });

  it('survives nesting as deep as the bound allows', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(() => parseObject(deep, 300_000)).not.toThrow();
  });

  it('takes no field from a prototype, and pollutes none', () => {
    const value = parseObject('{"__proto__":{"polluted":1}}', 100);
    expect(value?.['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});

describe('isObject', () => {
  it('knows objects from everything else', () => {
    expect(isObject({})).toBe(true);
    for (const value of [null, undefined, [], 'x', 1, true]) expect(isObject(value)).toBe(false);
  });
});

describe('isText', () => {
  it('wants 1 to max characters', () => {
    expect(['', 'a', 'abc', 'abcd'].map((text) => isText(text, 3))).toEqual([false, true, true, false]);
    for (const value of [null, 1, ['a'], Object('a')]) expect(isText(value, 3)).toBe(false);
  });
});

describe('isWhole', () => {
  it('wants an integer within the bounds', () => {
    expect([1, 2, 3, 4, 5].map((value) => isWhole(value, 2, 4))).toEqual([false, true, true, true, false]);
    for (const value of [2.5, Number.NaN, Infinity, '3', null, 3n, [3]])
      expect(isWhole(value, 2, 4)).toBe(false);
  });

  it('never accepts what a number cannot hold exactly', () => {
    expect(isWhole(2 ** 53, 0, Infinity)).toBe(false);
  });
});

describe('isListOf', () => {
  const isOne = (value: unknown): value is 1 => value === 1;

  it('checks length and every item', () => {
    expect(isListOf([], 2, isOne)).toBe(true);
    expect(isListOf([1, 1], 2, isOne)).toBe(true);
    expect(isListOf([1, 1, 1], 2, isOne)).toBe(false);
    expect(isListOf([1, 2], 2, isOne)).toBe(false);
  });

  it('refuses holes, which structured clone carries', () => {
    const sparse: unknown = structuredClone(Object.assign([], { 1: 1, length: 2 }));
    expect(sparse).toHaveLength(2);
    expect(isListOf(sparse, 2, isOne)).toBe(false);
    expect(isListOf(new Array(2), 2, isOne)).toBe(false);
  });

  it('refuses a long list without visiting it', () => {
    expect(isListOf(new Array(2 ** 32 - 1), 2, isOne)).toBe(false);
  });

  it('refuses what only looks like a list', () => {
    for (const value of [{ length: 0 }, 'x', null, new Uint8Array(1)])
      expect(isListOf(value, 9, isOne)).toBe(false);
  });
});

describe('isBase64Url and isCompactJws', () => {
  it('accept their alphabets', () => {
    expect(isBase64Url('A-Z_az09', 8)).toBe(true);
    expect(isCompactJws('aA.b-.c_', 8)).toBe(true);
  });

  it.each(['', 'a+b', 'a/b', 'a=', 'a b', 'a\n', 'ä', 'a.b', 'x'.repeat(9)])(
    'refuse %j as base64url',
    (text) => {
      expect(isBase64Url(text, 8)).toBe(false);
    },
  );

  it.each(['', 'a', 'a.b', 'a.b.c.d', '.b.c', 'a..c', 'a.b.', 'a.b.c\n', 'a.b.c=', 'aaaa.bb.cc'])(
    'refuse %j as a JWS',
    (text) => {
      expect(isCompactJws(text, 9)).toBe(false);
    },
  );
});
