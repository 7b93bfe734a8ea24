import { describe, expect, it } from 'vitest';
import { concat, equalBytes, fromHex, toHex } from '../../../src/core/bytes.js';

describe('hexadecimal', () => {
  it('writes every byte as two lower-case digits', () => {
    expect(toHex(Uint8Array.of(0, 1, 15, 16, 171, 255))).toBe('00010f10abff');
    expect(toHex(new Uint8Array(0))).toBe('');
  });

  it('reads both cases', () => {
    expect(fromHex('00aBFf')).toEqual(Uint8Array.of(0, 171, 255));
    expect(fromHex('')).toEqual(new Uint8Array(0));
  });

  it.each(['0', 'abc', 'zz', '0x', ' 00', '00 ', '00\n', '+1', '１１', '0.'])('refuses %j', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });

  it('sees only the bytes of a view, not its buffer', () => {
    const buffer = Uint8Array.of(9, 1, 2, 9);
    expect(toHex(buffer.subarray(1, 3))).toBe('0102');
  });
});

describe('concat', () => {
  it('joins in order and copies', () => {
    const part = Uint8Array.of(1, 2);
    const whole = concat([part, new Uint8Array(0), Uint8Array.of(3)]);
    part[0] = 9;
    expect(whole).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('of nothing is empty', () => {
    expect(concat([])).toEqual(new Uint8Array(0));
  });
});

describe('equalBytes', () => {
  it('compares content and length', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });
});
