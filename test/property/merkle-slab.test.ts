import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteLength } from '../../src/core/brands.js';
import { toHex, type Bytes } from '../../src/core/bytes.js';
import { hashWhole } from '../../src/core/merkle.js';
import { MerkleAssembler, type Hashed } from '../../src/core/merkle-assembler.js';
import { hashSlab } from '../../src/core/merkle-slab.js';
import { MIN_PIECE_LENGTH, pieceLengthFor } from '../../src/core/pieces.js';
import { pieceLayer, piecesRoot } from '../support/bep52.js';
import { LARGE_VECTOR, VECTORS, type Vector } from '../support/bep52-vectors.js';
import { holds } from '../support/property.js';
import { seededBytes } from '../support/random.js';
import { sha256 } from '../support/sha256.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const LEAF = 16 * KIB;

/** Cheap bytes that differ everywhere: a seeded block repeated with its place written into it. */
function bytesOf(length: number, seed: number): Bytes {
  const block = seededBytes(seed)(KIB);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += KIB) bytes.set(block.subarray(0, Math.min(KIB, length - at)), at);
  for (let at = 0; at + 4 <= length; at += KIB) view.setUint32(at, at ^ seed);
  return bytes;
}

/** Hashes `bytes` in slabs, each as many minimum pieces long as `pieces` says. */
function inSlabs(bytes: Bytes, pieces: (slab: number) => number): Hashed | undefined {
  const assembler = new MerkleAssembler(sha256);
  for (let at = 0, slab = 0; at < bytes.byteLength; slab++) {
    const end = at + pieces(slab) * MIN_PIECE_LENGTH;
    assembler.add(hashSlab(sha256, bytes.subarray(at, end)));
    at = end;
  }
  return assembler.finish();
}

/** Compares with the browser's implementation and with the one that was written for the tests alone. */
async function expectSame(bytes: Bytes, pieces: (slab: number) => number): Promise<void> {
  const cut = {
    length: bytes.byteLength as ByteLength,
    piece: pieceLengthFor(bytes.byteLength as ByteLength),
  };
  const whole = await hashWhole(sha256, cut, bytes);
  const hashed = inSlabs(bytes, pieces);
  expect(hashed?.cut).toEqual(cut);
  expect(hashed?.root).toBe(whole.root);
  expect(hashed?.root).toBe(piecesRoot(bytes));
  expect(hashed?.layer.map(toHex)).toEqual(whole.layer.map(toHex));
  if (cut.length > cut.piece) expect(hashed?.layer.map(toHex)).toEqual(pieceLayer(bytes, cut.piece));
}

describe('slabs', () => {
  const around = (unit: number, max: number) =>
    fc
      .tuple(fc.integer({ min: 0, max }), fc.integer({ min: -1, max: 1 }))
      .map(([count, delta]) => Math.max(1, count * unit + delta));

  it('of any lengths give the hash of the whole', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 700 * KIB }), around(LEAF, 44), around(MIN_PIECE_LENGTH, 12)),
        fc.nat(),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        async (length, seed, lengths) => {
          await expectSame(bytesOf(length, seed), (slab) => lengths[slab % lengths.length] ?? 1);
        },
      ),
      150,
    ));

  it.each([
    ...[1, 2, 4, 8, 16].flatMap((leaves) => [-1, 0, 1].map((delta) => leaves * LEAF + delta)),
    ...[-LEAF, -1, 0, 1, LEAF, 255 * KIB, MIB + 3].map((delta) => 4 * MIB + delta),
    ...[5, 8, 16, 32].flatMap((mib) => [-1, 0, 1].map((delta) => mib * MIB + delta)),
    ...[-1, 0, 1, LEAF, 256 * KIB, MIB + 17].map((delta) => 64 * MIB + delta),
    100_000_000,
  ])('agree around every boundary: %i bytes', async (length) => {
    await expectSame(bytesOf(length, length), (slab) => 1 + (slab % 7));
  });

  it('may be hashed in any order', () => {
    const bytes = bytesOf(5 * MIB + 7, 3);
    const starts = [4, 0, 5, 2, 1, 3].map((mib) => mib * MIB);
    const hashes = new Map(
      starts.map((start) => [start, hashSlab(sha256, bytes.subarray(start, start + MIB))] as const),
    );
    const assembler = new MerkleAssembler(sha256);
    for (const start of starts.toSorted((a, b) => a - b)) {
      const next = hashes.get(start);
      if (next) assembler.add(next);
    }
    expect(assembler.finish()?.root).toBe(piecesRoot(bytes));
  });

  it('end with the first that ends within a minimum piece', () => {
    const assembler = new MerkleAssembler(sha256);
    assembler.add(hashSlab(sha256, new Uint8Array(MIN_PIECE_LENGTH + 1)));
    expect(() => {
      assembler.add(hashSlab(sha256, new Uint8Array(1)));
    }).toThrow(RangeError);
  });

  it('have no root when there are none, or nothing in them', () => {
    expect(new MerkleAssembler(sha256).finish()).toBeUndefined();
    expect(inSlabs(new Uint8Array(0), () => 1)).toBeUndefined();
    const assembler = new MerkleAssembler(sha256);
    assembler.add(hashSlab(sha256, new Uint8Array(0)));
    expect(assembler.finish()).toBeUndefined();
  });
});

describe('published roots', () => {
  it.each(VECTORS)('$torrent', async ({ length, root, piece, layer, fill }) => {
    const bytes = new Uint8Array(length);
    fill(bytes, 0);
    const whole = await hashWhole(
      sha256,
      { length: length as ByteLength, piece: piece as ByteLength },
      bytes,
    );
    expect([whole.root, inSlabs(bytes, () => 3)?.root, piecesRoot(bytes)]).toEqual([root, root, root]);
    for (const [index, hash] of Object.entries(layer)) expect(toHex(at(whole.layer, index))).toBe(hash);
  });

  it('of a file of nearly a gigabyte, one slab at a time', () => {
    const { length, piece, root, layer } = LARGE_VECTOR;
    const hashed = hashVector(LARGE_VECTOR);
    expect(hashed?.cut).toEqual({ length, piece });
    expect(hashed?.root).toBe(root);
    for (const [index, hash] of Object.entries(layer))
      expect(toHex(at(hashed?.layer ?? [], index))).toBe(hash);
  });
});

function hashVector({ length, fill }: Vector): Hashed | undefined {
  const assembler = new MerkleAssembler(sha256);
  const buffer = new Uint8Array(4 * MIB);
  for (let start = 0; start < length; start += buffer.byteLength) {
    const slab = buffer.subarray(0, Math.min(buffer.byteLength, length - start));
    fill(slab, start);
    assembler.add(hashSlab(sha256, slab));
  }
  return assembler.finish();
}

function at(layer: readonly Bytes[], index: string): Bytes {
  return layer[Number(index)] ?? new Uint8Array(0);
}
