import { describe, expect, it } from 'vitest';
import type { ByteLength, PieceIndex, Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes.js';
import { VerifiedLayer, hashWhole, pieceHash, rootOfLayer, splitLayer } from '../../../src/core/merkle.js';
import { pieceCount, type Cut } from '../../../src/core/pieces.js';
import { pieceLayer, piecesRoot } from '../../support/bep52.js';
import { sha256 } from '../../support/sha256.js';

const PIECE = 65536;

function contentOf(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8) * 7 + (i >> 16) * 13);
}

function cutOf(length: number, piece = PIECE): Cut {
  return { length: length as ByteLength, piece: piece as ByteLength };
}

function pieceOf(content: Bytes, index: number): Bytes {
  return content.slice(index * PIECE, (index + 1) * PIECE);
}

/** Roots of `contentOf(length)`, computed once by a program in another language from the BEP's text. */
const KNOWN_ROOTS: readonly (readonly [length: number, root: string])[] = [
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [16383, 'edca85df79038995a58a29cde47a400ca9ea42705a52c68bc6b54662d0056e5e'],
  [16384, 'c85be998ed1656d19fe8482f1191453f9806de55b305213736d8ffad240739fc'],
  [16385, '0a057fb4022b5706c242106efaa171fc7fd5492239f0935f4ddd980fde8455f8'],
  [32769, '1eeb41e1ba92bedd5edf56cd54ceffd2cbdc75d0cc2b400df51e9a33cdad17bb'],
  [65535, 'a359d80b1e43b7ebb872b5bd0d577f0d0414b4f803689e632302130f11165939'],
  [65536, 'a55ad6f7e3a051d5412b39a0b8e7276cb197f6c3ffa8186a87d54f209580ed3a'],
  [65537, 'd3ba2ad3b22589b7cfbb12ac6205d5064f5a795b971571376fbfec0159af385b'],
  [131073, 'bab466912753275606830141d4633bcaca3aa81399ef5db2100cc8fa840fcde6'],
  [327680, '108b10ecc01319b6d9a4cbf3b184249879101bdf063c48b8d8e80e75c929ee2e'],
  [1048577, 'e2e22ef37f4ad0cf1937aecc894fe0d78d8c8ed79c3e2c21db96f1bba462a74a'],
];

describe('roots', () => {
  it.each(KNOWN_ROOTS)('of %d bytes', async (length, root) => {
    const { root: computed, layer } = await hashWhole(sha256, cutOf(length), contentOf(length));
    expect(computed).toBe(root);
    expect(layer).toHaveLength(pieceCount(cutOf(length)));
  });

  it.each(KNOWN_ROOTS)('the second implementation agrees on %d bytes', (length, root) => {
    expect(piecesRoot(contentOf(length))).toBe(root);
  });

  it('of up to 16 KiB is the SHA-256 of the bytes', async () => {
    for (const length of [1, 100, 16384]) {
      const { root } = await hashWhole(sha256, cutOf(length), contentOf(length));
      expect(root).toBe(toHex(sha256(contentOf(length))));
    }
  });

  it('do not depend on how the bytes are cut', async () => {
    const length = 5 * PIECE + 12345;
    const roots = await Promise.all(
      [PIECE, 2 * PIECE, 4 * PIECE, 8 * PIECE, 16 * PIECE].map(async (piece) => {
        const { root } = await hashWhole(sha256, cutOf(length, piece), contentOf(length));
        return root;
      }),
    );
    expect(new Set(roots)).toEqual(new Set([piecesRoot(contentOf(length))]));
  });

  it('are the same with a hash that answers later', async () => {
    const length = 3 * PIECE + 1;
    const later = async (data: Bytes): Promise<Bytes> => Promise.resolve(sha256(data));
    const { root } = await hashWhole(later, cutOf(length), contentOf(length));
    expect(root).toBe(piecesRoot(contentOf(length)));
  });

  it('are the same with WebCrypto', async () => {
    const length = 2 * PIECE + 5;
    const subtle = async (data: Bytes): Promise<Bytes> =>
      new Uint8Array(await crypto.subtle.digest('SHA-256', data));
    const { root } = await hashWhole(subtle, cutOf(length), contentOf(length));
    expect(root).toBe(piecesRoot(contentOf(length)));
  });
});

describe('layers', () => {
  it.each([2, 3, 5, 6, 7, 8, 9, 13])('of %d pieces are the tree’s row at piece height', async (count) => {
    const length = (count - 1) * PIECE + 1 + ((count * 20011) % PIECE);
    const { layer } = await hashWhole(sha256, cutOf(length), contentOf(length));
    expect(layer.map((hash) => toHex(hash))).toEqual(pieceLayer(contentOf(length), PIECE));
  });

  it('give the root of a file too long to hold', async () => {
    const cut = cutOf(5 * 2 ** 30 + 1, 2 ** 20);
    const layer = Array.from({ length: pieceCount(cut) }, (_, i) => sha256(Uint8Array.of(i & 255, i >> 8)));
    expect(layer).toHaveLength(5121);
    expect(await rootOfLayer(sha256, cut, layer)).toBe(rootByHand(layer, 8192, 6));
  });

  it.each([0, 2, 4])('of %d hashes have no root when 3 are needed', async (count) => {
    const layer = Array.from({ length: count }, () => new Uint8Array(32));
    await expect(rootOfLayer(sha256, cutOf(3 * PIECE), layer)).rejects.toThrow(RangeError);
  });

  it('split only when they fit exactly', () => {
    const cut = cutOf(2 * PIECE + 1);
    const hashes = splitLayer(cut, contentOf(96));
    expect(hashes?.map((hash) => hash.byteLength)).toEqual([32, 32, 32]);
    expect(hashes?.[1]).toEqual(contentOf(96).slice(32, 64));
    for (const length of [0, 32, 95, 97, 128])
      expect(splitLayer(cut, new Uint8Array(length))).toBeUndefined();
  });
});

/** Pads a layer to `width` nodes of subtrees with `height` levels of zero hashes, then folds it. */
function rootByHand(layer: readonly Bytes[], width: number, height: number): string {
  const join = (a: Bytes, b: Bytes): Bytes => sha256(Uint8Array.of(...a, ...b));
  let padding: Bytes = new Uint8Array(32);
  for (let level = 0; level < height; level++) padding = join(padding, padding);
  let row = [...layer, ...Array.from({ length: width - layer.length }, () => padding)];
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      join(row[2 * i] ?? padding, row[2 * i + 1] ?? padding),
    );
  }
  return toHex(row[0] ?? padding);
}

describe('VerifiedLayer', () => {
  const length = 4 * PIECE + 777;
  const cut = cutOf(length);
  const content = contentOf(length);
  const root = piecesRoot(content) as Root;
  const wire = fromHex(pieceLayer(content, PIECE).join('')) ?? new Uint8Array();

  async function checked(): Promise<VerifiedLayer> {
    const layer = await VerifiedLayer.check(sha256, root, cut, wire);
    if (!layer) throw new Error('the layer must be accepted');
    return layer;
  }

  it('accepts the layer that belongs to the root, and gives it back', async () => {
    expect((await checked()).toBytes()).toEqual(wire);
  });

  it('refuses a layer with any one bit changed', async () => {
    for (let at = 0; at < wire.byteLength; at += 7) {
      const changed = wire.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await VerifiedLayer.check(sha256, root, cut, changed)).toBeUndefined();
    }
  });

  it('refuses a layer of another size, order, or another root', async () => {
    const swapped = wire.slice();
    swapped.copyWithin(0, 32, 64);
    swapped.set(wire.subarray(0, 32), 32);
    for (const wrong of [wire.slice(32), wire.slice(0, -1), new Uint8Array(0), swapped]) {
      expect(await VerifiedLayer.check(sha256, root, cut, wrong)).toBeUndefined();
    }
    const other = '0'.repeat(64) as Root;
    expect(await VerifiedLayer.check(sha256, other, cut, wire)).toBeUndefined();
  });

  it('refuses inner nodes passed off as a layer of larger pieces', async () => {
    const larger = cutOf(length, 2 * PIECE);
    expect(await VerifiedLayer.check(sha256, root, larger, wire)).toBeUndefined();
    expect(await VerifiedLayer.check(sha256, root, larger, wire.slice(0, 96))).toBeUndefined();
  });

  it('recognises every piece, the short last one too', async () => {
    const layer = await checked();
    for (let index = 0; index < 5; index++) {
      expect(await layer.matches(sha256, index as PieceIndex, pieceOf(content, index))).toBe(true);
    }
  });

  it('refuses a changed, short, long, padded or misplaced piece', async () => {
    const layer = await checked();
    const piece = pieceOf(content, 1);
    const changed = piece.slice();
    changed[40_000] = (changed[40_000] ?? 0) ^ 0x80;
    const padded = new Uint8Array(PIECE);
    padded.set(pieceOf(content, 4));
    const attempts: [number, Bytes][] = [
      [1, changed],
      [1, piece.slice(0, -1)],
      [1, Uint8Array.of(...piece, 0)],
      [1, new Uint8Array(0)],
      [0, piece],
      [2, piece],
      [4, padded],
      [4, pieceOf(content, 4).slice(0, -1)],
    ];
    for (const [index, bytes] of attempts) {
      expect(await layer.matches(sha256, index as PieceIndex, bytes)).toBe(false);
    }
  });

  it.each([-1, 5, 0.5, Number.NaN, 2 ** 32])('has no piece %d', async (index) => {
    const layer = await checked();
    expect(await layer.matches(sha256, index as PieceIndex, pieceOf(content, 0))).toBe(false);
  });

  it('does not take a leaf, or the two hashes below a node, for a piece', async () => {
    const small = cutOf(PIECE);
    const whole = contentOf(PIECE);
    const layer = VerifiedLayer.ofSinglePiece(piecesRoot(whole) as Root, small);
    const leaves = [0, 1, 2, 3].map((i) => sha256(whole.slice(i * 16384, (i + 1) * 16384)));
    const below = Uint8Array.of(...leaves.flatMap((leaf) => [...leaf]));
    expect(await layer?.matches(sha256, 0 as PieceIndex, below)).toBe(false);
    expect(await layer?.matches(sha256, 0 as PieceIndex, whole)).toBe(true);
  });

  it.each([1, 16384, 16385, 40_000, PIECE])('needs no layer for one piece of %d bytes', async (size) => {
    const whole = contentOf(size);
    const only = await VerifiedLayer.check(sha256, piecesRoot(whole) as Root, cutOf(size), new Uint8Array(0));
    expect(await only?.matches(sha256, 0 as PieceIndex, whole)).toBe(true);
    const changed = whole.slice();
    changed[size - 1] = (changed[size - 1] ?? 0) ^ 1;
    expect(await only?.matches(sha256, 0 as PieceIndex, changed)).toBe(false);
  });

  it('is not made for an empty representation, nor as a single piece of several', async () => {
    expect(await VerifiedLayer.check(sha256, root, cutOf(0), new Uint8Array(0))).toBeUndefined();
    expect(VerifiedLayer.ofSinglePiece(root, cut)).toBeUndefined();
  });

  it('hashes a short last piece as if the rest of its leaves were zero hashes', async () => {
    const last = await pieceHash(sha256, cut, pieceOf(content, 4));
    expect(toHex(last)).toBe(pieceLayer(content, PIECE)[4]);
  });
});
