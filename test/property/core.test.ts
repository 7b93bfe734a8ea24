import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/core/bitfield.js';
import type { ByteLength } from '../../src/core/brands.js';
import { concat, equalBytes, fromHex, toHex } from '../../src/core/bytes.js';
import {
  isPieceIndex,
  pieceCount,
  pieceLengthFor,
  pieceSize,
  pieceSpan,
  piecesOf,
} from '../../src/core/pieces.js';
import { fromBase64Url, toBase64Url } from '../../src/protocol/base64.js';
import { holds } from '../support/property.js';

describe('bytes', () => {
  it('survive hexadecimal and base64url', () =>
    holds(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(new Uint8Array(bytes));
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(new Uint8Array(bytes));
      }),
    ));

  it('have one base64url spelling', () =>
    holds(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', 'B', 'a', 'b', '0', '1', '-', '_'), maxLength: 12 }),
        (text) => {
          const bytes = fromBase64Url(text);
          if (bytes) expect(toBase64Url(bytes)).toBe(text);
          else expect(Buffer.from(text, 'base64url').toString('base64url')).not.toBe(text);
        },
      ),
      1000,
    ));

  it('join as lists do', () =>
    holds(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), (parts) => {
        expect([...concat(parts)]).toEqual(parts.flatMap((part) => [...part]));
      }),
    ));

  it('are equal when their text is', () =>
    holds(
      fc.property(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 3 }), (a, b) => {
        expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b));
      }),
      2000,
    ));
});

describe('a bitfield', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -2, max: 45 })), { maxLength: 80 });

  it('behaves as a set of indexes, and survives the wire', () =>
    holds(
      fc.property(fc.integer({ min: 0, max: 40 }), steps, (length, todo) => {
        const field = new Bitfield(length);
        const model = new Set<number>();
        for (const [add, index] of todo) {
          if (index < 0 || index >= length) continue;
          expect(add ? field.set(index) : field.clear(index)).toBe(add !== model.has(index));
          if (add) model.add(index);
          else model.delete(index);
        }
        const read = Bitfield.parse(field.toBytes(), length);
        for (const each of [field, read]) {
          expect(each?.count).toBe(model.size);
          expect(each?.complete).toBe(model.size === length);
          for (let i = -2; i < 45; i++) expect(each?.has(i)).toBe(model.has(i));
        }
      }),
    ));

  it('is read from no bytes that it would not write', () =>
    holds(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.integer({ min: 0, max: 48 }), (bytes, length) => {
        const read = Bitfield.parse(bytes, length);
        if (read) expect(read.toBytes()).toEqual(new Uint8Array(bytes));
      }),
      2000,
    ));
});

describe('pieces', () => {
  const lengths = fc.oneof(
    fc.integer({ min: 1, max: 10 * 2 ** 20 }),
    fc.integer({ min: 2 ** 32 - 10, max: 2 ** 32 + 10 }),
    fc.integer({ min: 1, max: 2 ** 40 }),
  );

  it('tile their representation without gap or overlap', () =>
    holds(
      fc.property(lengths, fc.nat(), (length, at) => {
        const cut = { length: length as ByteLength, piece: pieceLengthFor(length as ByteLength) };
        const count = pieceCount(cut);
        const index = at % count;
        if (!isPieceIndex(cut, index)) throw new Error('an index below the count is an index');
        const { start, end } = pieceSpan(cut, index);
        expect(start).toBe(index * cut.piece);
        expect(pieceSize(cut, index)).toBe(end - start);
        expect(end - start).toBeGreaterThan(0);
        expect(end).toBe(index === count - 1 ? length : start + cut.piece);
      }),
      1000,
    ));

  it('of a span are those that share a byte with it', () =>
    holds(
      fc.property(
        fc.integer({ min: 1, max: 400_000 }),
        fc.integer({ min: -10, max: 500_000 }),
        fc.integer({ min: -10, max: 500_000 }),
        (length, start, end) => {
          const cut = { length: length as ByteLength, piece: 65_536 as ByteLength };
          const expected = Array.from({ length: pieceCount(cut) }, (_, i) => i).filter(
            (i) => Math.max(start, i * 65_536) < Math.min(end, (i + 1) * 65_536, length),
          );
          expect(piecesOf(cut, { start, end })).toEqual(expected);
        },
      ),
      1000,
    ));
});
