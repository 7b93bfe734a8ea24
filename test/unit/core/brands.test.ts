import { describe, expect, it } from 'vitest';
import {
  isByteLength,
  isPeerId,
  isRoot,
  isRootPrefix,
  prefixOf,
  type Root,
} from '../../../src/core/brands.js';

const NOT_TEXT = [undefined, null, 0, {}, [], ['a'.repeat(64)], Symbol.iterator, true];

describe('isRoot', () => {
  const root = '0123456789abcdef'.repeat(4);

  it('accepts 64 lower-case digits', () => {
    expect(isRoot(root)).toBe(true);
  });

  it.each([
    root.slice(1),
    `${root}0`,
    root.toUpperCase(),
    `${root}\n`,
    ` ${root.slice(1)}`,
    'g'.repeat(64),
    '',
  ])('refuses %j', (value) => {
    expect(isRoot(value)).toBe(false);
  });

  it('refuses what is not text', () => {
    for (const value of [...NOT_TEXT, { toString: () => root }, Object(root)])
      expect(isRoot(value)).toBe(false);
  });

  it('has a prefix of half its digits', () => {
    const prefix = prefixOf(root as Root);
    expect(prefix).toBe('0123456789abcdef'.repeat(2));
    expect(isRootPrefix(prefix)).toBe(true);
    expect(isRootPrefix(root)).toBe(false);
    expect(isRoot(prefix)).toBe(false);
  });
});

describe('isPeerId', () => {
  it.each(['abcdefgh', 'A-Z_a-z0-9', 'x'.repeat(64)])('accepts %j', (value) => {
    expect(isPeerId(value)).toBe(true);
  });

  it.each(['', 'short', 'x'.repeat(65), 'with space', 'with/slash', 'with.dot', 'newline1\n', 'ümläuteäö'])(
    'refuses %j',
    (value) => {
      expect(isPeerId(value)).toBe(false);
    },
  );

  it('refuses what is not text', () => {
    for (const value of NOT_TEXT) expect(isPeerId(value)).toBe(false);
  });
});

describe('isByteLength', () => {
  it.each([0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER])('accepts %d', (value) => {
    expect(isByteLength(value)).toBe(true);
  });

  it.each([-1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 53, '1', null, undefined, 1n, {}])(
    'refuses %s',
    (value) => {
      expect(isByteLength(value)).toBe(false);
    },
  );
});
