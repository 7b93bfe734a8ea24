import { concat, type Bytes, type SyncSha256 } from './bytes.js';
import { foldRow, leafRow } from './merkle-row.js';
import { LEAF_LENGTH, MIN_PIECE_LENGTH } from './pieces.js';

/** Leaves under one minimum piece. */
export const MIN_PIECE_LEAVES = MIN_PIECE_LENGTH / LEAF_LENGTH;

/**
 * What hashing leaves of a slab: a span of a file that starts at a multiple of `MIN_PIECE_LENGTH`, and
 * is as long as such a multiple unless the file ends with it.
 */
export interface SlabHashes {
  /** Bytes of the slab. */
  readonly length: number;
  /** One hash per complete minimum piece, end to end. */
  readonly pieces: Bytes;
  /** The leaves after the last complete minimum piece, end to end. */
  readonly tail: Bytes;
}

/** Hashes one slab. It needs nothing but the bytes, so slabs can be hashed anywhere and in any order. */
export function hashSlab(sha256: SyncSha256, slab: Bytes): SlabHashes {
  const count = Math.floor(slab.byteLength / MIN_PIECE_LENGTH);
  const pieces = Array.from({ length: count }, (_, i) => {
    const piece = slab.subarray(i * MIN_PIECE_LENGTH, (i + 1) * MIN_PIECE_LENGTH);
    return foldRow(sha256, leafRow(sha256, piece), MIN_PIECE_LEAVES, 0);
  });
  const tail = leafRow(sha256, slab.subarray(count * MIN_PIECE_LENGTH));
  return { length: slab.byteLength, pieces: concat(pieces), tail };
}
