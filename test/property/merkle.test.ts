import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ByteLength, PieceIndex, Root } from '../../src/core/brands.js';
import { VerifiedLayer, hashWhole } from '../../src/core/merkle.js';
import { concat, toHex } from '../../src/core/bytes.js';
import { pieceCount, pieceSpan, type Cut } from '../../src/core/pieces.js';
import { pieceLayer, piecesRoot } from '../support/bep52.js';
import { holds } from '../support/property.js';
import { seededBytes } from '../support/random.js';
import { sha256 } from '../support/sha256.js';

const LEAF = 16384;

/** Lengths around every edge: of a leaf, of a piece, of a power of two, and between. */
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 700_000 }),
  fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -2, max: 2 }))
    .map(([leaves, off]) => Math.max(1, leaves * LEAF + off)),
);
const pieceLengths = fc.constantFrom(65_536, 131_072, 262_144, 1_048_576);

function cutOf(length: number, piece: number): Cut {
  return { length: length as ByteLength, piece: piece as ByteLength };
}

it('root and layer are those of a second implementation, at any length and piece length', () =>
  holds(
    fc.asyncProperty(lengths, pieceLengths, fc.nat(), async (length, piece, seed) => {
      const bytes = seededBytes(seed)(length);
      const { root, layer } = await hashWhole(sha256, cutOf(length, piece), bytes);
      expect(root).toBe(piecesRoot(bytes));
      if (length > piece) expect(layer.map((hash) => toHex(hash))).toEqual(pieceLayer(bytes, piece));
    }),
    60,
  ));

it('a verified layer accepts exactly the pieces of its content', () =>
  holds(
    fc.asyncProperty(lengths, fc.nat(), fc.nat(), fc.nat(), async (length, seed, at, bit) => {
      const cut = cutOf(length, 65_536);
      const bytes = seededBytes(seed)(length);
      const { root, layer } = await hashWhole(sha256, cut, bytes);
      const verified = await VerifiedLayer.check(sha256, root, cut, concat(layer));
      const index = (at % pieceCount(cut)) as PieceIndex;
      const { start, end } = pieceSpan(cut, index);
      const piece = bytes.slice(start, end);
      expect(await verified?.matches(sha256, index, piece)).toBe(true);
      const spot = at % piece.byteLength;
      piece[spot] = (piece[spot] ?? 0) ^ (1 << (bit % 8));
      expect(await verified?.matches(sha256, index, piece)).toBe(false);
    }),
    60,
  ));

it('no other layer is accepted for a root', () =>
  holds(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 2, max: 6 }),
      async (bytes, pieces) => {
        const cut = cutOf(pieces * 65_536, 65_536);
        const root = 'ab'.repeat(32) as Root;
        expect(await VerifiedLayer.check(sha256, root, cut, bytes)).toBeUndefined();
      },
    ),
  ));
