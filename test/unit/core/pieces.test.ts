import { describe, expect, it } from 'vitest';
import type { ByteLength, PieceIndex } from '../../../src/core/brands.js';
import {
  isPieceIndex,
  isPieceLength,
  pieceCount,
  pieceLengthFor,
  pieceSize,
  pieceSpan,
  piecesOf,
  type Cut,
} from '../../../src/core/pieces.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

function cutOf(length: number, piece = pieceLengthFor(length as ByteLength) as number): Cut {
  return { length: length as ByteLength, piece: piece as ByteLength };
}

describe('pieceLengthFor', () => {
  it.each([
    [1, 64 * KIB],
    [4 * MIB, 64 * KIB],
    [4 * MIB + 1, 256 * KIB],
    [64 * MIB, 256 * KIB],
    [64 * MIB + 1, MIB],
    [2 ** 40, MIB],
  ])('of %d bytes is %d', (length, piece) => {
    expect(pieceLengthFor(length as ByteLength)).toBe(piece);
    expect(isPieceLength(piece)).toBe(true);
  });
});

describe('isPieceLength', () => {
  it.each([64, 128, 256, 512, 1024])('accepts %d KiB', (kib) => {
    expect(isPieceLength(kib * KIB)).toBe(true);
  });

  it.each([0, 1, 16 * KIB, 32 * KIB, 64 * KIB + 1, 64 * KIB - 1, 96 * KIB, 2 * MIB, -64 * KIB, 65536.5])(
    'refuses %d',
    (value) => {
      expect(isPieceLength(value)).toBe(false);
    },
  );

  it.each([Number.NaN, Infinity, '65536', null, undefined, [65536], 65536n])('refuses %s', (value) => {
    expect(isPieceLength(value)).toBe(false);
  });
});

describe('the cut of a representation', () => {
  it.each([
    [1, 1, 1],
    [16383, 1, 16383],
    [16385, 1, 16385],
    [65535, 1, 65535],
    [65536, 1, 65536],
    [65537, 2, 1],
    [3 * 65536, 3, 65536],
    [3 * 65536 + 17, 4, 17],
  ])('%d bytes: %d pieces, the last of %d', (length, count, last) => {
    const cut = cutOf(length);
    expect(pieceCount(cut)).toBe(count);
    expect(pieceSize(cut, (count - 1) as PieceIndex)).toBe(last);
    expect(pieceSpan(cut, (count - 1) as PieceIndex).end).toBe(length);
  });

  it('needs no 32-bit arithmetic beyond 4 GiB', () => {
    const cut = cutOf(5 * GIB + 3);
    expect(pieceCount(cut)).toBe(5 * 1024 + 1);
    expect(pieceSpan(cut, 4096 as PieceIndex)).toEqual({ start: 4 * GIB, end: 4 * GIB + MIB });
    expect(pieceSpan(cut, 5120 as PieceIndex)).toEqual({ start: 5 * GIB, end: 5 * GIB + 3 });
    expect(piecesOf(cut, { start: 4 * GIB - 1, end: 4 * GIB + 1 })).toEqual([4095, 4096]);
  });

  it('holds at the longest content', () => {
    const cut = cutOf(2 ** 40);
    expect(pieceCount(cut)).toBe(2 ** 20);
    expect(pieceSpan(cut, (2 ** 20 - 1) as PieceIndex).end).toBe(2 ** 40);
  });
});

describe('isPieceIndex', () => {
  const cut = cutOf(3 * 65536 + 1);

  it('accepts exactly the pieces there are', () => {
    expect([0, 1, 2, 3].every((index) => isPieceIndex(cut, index))).toBe(true);
  });

  it.each([-1, 4, 0.5, Number.NaN, Infinity, '0', null, undefined, [0]])('refuses %s', (index) => {
    expect(isPieceIndex(cut, index)).toBe(false);
  });
});

describe('piecesOf', () => {
  const cut = cutOf(4 * 65536 + 10);

  it.each([
    [0, 1, [0]],
    [0, 65536, [0]],
    [0, 65537, [0, 1]],
    [65535, 65537, [0, 1]],
    [65536, 131072, [1]],
    [262144, 262154, [4]],
    [0, 262154, [0, 1, 2, 3, 4]],
  ])('[%d, %d) overlaps %j', (start, end, expected) => {
    expect(piecesOf(cut, { start, end })).toEqual(expected);
  });

  it.each([
    [5, 5],
    [5, 4],
    [-5, 0],
    [262154, 262155],
    [2 ** 50, 2 ** 52],
    [Number.NaN, 5],
    [0, Number.NaN],
  ])('[%d, %d) overlaps none', (start, end) => {
    expect(piecesOf(cut, { start, end })).toEqual([]);
  });

  it('never names a piece outside the representation, however large the span', () => {
    expect(piecesOf(cut, { start: -(2 ** 52), end: Infinity })).toEqual([0, 1, 2, 3, 4]);
  });
});
