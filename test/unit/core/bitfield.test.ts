import { describe, expect, it } from 'vitest';
import { fullBitfield } from '../../support/bits.js';
import { Bitfield, byteLengthFor } from '../../../src/core/bitfield.js';

describe('Bitfield', () => {
  it('starts clear', () => {
    const field = new Bitfield(10);
    expect(field.count).toBe(0);
    expect(field.complete).toBe(false);
    expect(field.toBytes()).toEqual(Uint8Array.of(0, 0));
  });

  it('puts bit 0 first, most significant (BEP 3)', () => {
    const field = new Bitfield(10);
    field.set(0);
    field.set(9);
    expect(field.toBytes()).toEqual(Uint8Array.of(0b1000_0000, 0b0100_0000));
  });

  it('says whether setting and clearing changed anything, and counts', () => {
    const field = new Bitfield(3);
    expect(field.set(1)).toBe(true);
    expect(field.set(1)).toBe(false);
    expect(field.count).toBe(1);
    expect(field.clear(1)).toBe(true);
    expect(field.clear(1)).toBe(false);
    expect(field.count).toBe(0);
  });

  it('is complete with its last bit', () => {
    const field = new Bitfield(9);
    for (let i = 0; i < 8; i++) field.set(i);
    expect(field.complete).toBe(false);
    field.set(8);
    expect(field.complete).toBe(true);
    expect(field.toBytes()).toEqual(fullBitfield(9).toBytes());
  });

  it.each([-1, 10, 0.5, Number.NaN, Infinity, 2 ** 32])('has no bit %d', (index) => {
    const field = fullBitfield(10);
    expect(field.has(index)).toBe(false);
    expect(field.clear(index)).toBe(false);
    expect(() => field.set(index)).toThrow(RangeError);
    expect(field.count).toBe(10);
  });

  it('hands out copies', () => {
    const field = new Bitfield(8);
    field.toBytes()[0] = 255;
    expect(field.has(0)).toBe(false);
  });

  it('of nothing is complete', () => {
    expect(new Bitfield(0).complete).toBe(true);
    expect(byteLengthFor(0)).toBe(0);
  });
});

describe('Bitfield.parse', () => {
  it('reads what toBytes wrote', () => {
    const field = new Bitfield(13);
    for (const index of [0, 7, 8, 12]) field.set(index);
    const read = Bitfield.parse(field.toBytes(), 13);
    expect(read?.count).toBe(4);
    expect(read?.toBytes()).toEqual(field.toBytes());
  });

  it('copies: the sender’s buffer may be reused', () => {
    const bytes = Uint8Array.of(0b1000_0000);
    const read = Bitfield.parse(bytes, 8);
    bytes[0] = 0;
    expect(read?.has(0)).toBe(true);
  });

  it.each([0, 1, 3])('refuses %d bytes for 13 bits', (length) => {
    expect(Bitfield.parse(new Uint8Array(length), 13)).toBeUndefined();
  });

  it('refuses each set spare bit', () => {
    for (const spare of [1, 2, 4]) expect(Bitfield.parse(Uint8Array.of(0, spare), 13)).toBeUndefined();
    expect(Bitfield.parse(Uint8Array.of(0, 8), 13)?.has(12)).toBe(true);
  });

  it('has no spare bits when the length is whole bytes', () => {
    expect(Bitfield.parse(Uint8Array.of(255), 8)?.complete).toBe(true);
  });
});
