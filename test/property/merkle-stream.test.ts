import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteLength } from '../../src/core/brands.js';
import { toHex, type Bytes } from '../../src/core/bytes.js';
import { hashWhole } from '../../src/core/merkle.js';
import { MerkleStream } from '../../src/core/merkle-stream.js';
import { pieceLengthFor } from '../../src/core/pieces.js';
import { seededBytes, seededRandom } from '../support/random.js';
import { sha256 } from '../support/sha256.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Cheap bytes that differ everywhere: a seeded block repeated with its number written into it. */
function bytesOf(length: number, seed: number): Bytes {
  const block = seededBytes(seed)(KIB);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += KIB) bytes.set(block.subarray(0, Math.min(KIB, length - at)), at);
  for (let at = 0; at + 4 <= length; at += KIB) view.setUint32(at, at ^ seed);
  return bytes;
}

function streamed(bytes: Bytes, chunkLength: () => number) {
  const stream = new MerkleStream(sha256);
  for (let at = 0; at < bytes.byteLength;) {
    const end = Math.min(bytes.byteLength, at + Math.max(1, chunkLength()));
    const chunk = bytes.slice(at, end);
    stream.add(chunk);
    chunk.fill(0xee);
    at = end;
  }
  return stream.finish();
}

async function expectSame(bytes: Bytes, chunkLength: () => number): Promise<void> {
  const length = bytes.byteLength as ByteLength;
  const cut = { length, piece: pieceLengthFor(length) };
  const whole = await hashWhole(sha256, cut, bytes);
  const hashed = streamed(bytes, chunkLength);
  expect(hashed?.cut).toEqual(cut);
  expect(hashed?.root).toBe(whole.root);
  expect(hashed?.layer.map(toHex)).toEqual(whole.layer.map(toHex));
}

describe('MerkleStream', () => {
  it('agrees with the whole-file hash for any length and any chunks', async () => {
    const lengths = fc.oneof(
      fc.integer({ min: 1, max: 400 * KIB }),
      fc
        .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: -1, max: 1 }))
        .map(([leaves, delta]) => leaves * 16 * KIB + delta),
    );
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.integer(),
        fc.integer({ min: 1, max: 70_000 }),
        async (length, seed, chunk) => {
          const random = seededRandom(seed);
          await expectSame(bytesOf(length, seed), () => Math.ceil(random() * chunk));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['the last file of 64 KiB pieces', 4 * MIB],
    ['one byte more', 4 * MIB + 1],
    ['a leaf more', 4 * MIB + 16 * KIB],
    ['an odd number of 256 KiB pieces', 5 * MIB + 3],
    ['a first piece that grew', 4 * MIB + 255 * KIB],
  ])('grows its pieces with the length: %s', async (_name, length) => {
    await expectSame(bytesOf(length, 7), () => 100_000);
  });

  it.each([64 * MIB, 64 * MIB + 1, 65 * MIB + 17])(
    'grows its pieces a second time around %i bytes',
    async (length) => {
      await expectSame(bytesOf(length, 9), () => 1_000_003);
    },
  );

  it('has no root for an empty file', () => {
    expect(streamed(new Uint8Array(), () => 1)).toBeUndefined();
  });
});
