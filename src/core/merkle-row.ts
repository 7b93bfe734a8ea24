import { concat, type Bytes, type SyncSha256 } from './bytes.js';
import { HASH_LENGTH, ZERO_HASH } from './merkle.js';
import { LEAF_LENGTH } from './pieces.js';

/** The leaves of a span that starts at a leaf, as a row: hashes end to end. */
export function leafRow(sha256: SyncSha256, bytes: Bytes): Bytes {
  const row = new Uint8Array(Math.ceil(bytes.byteLength / LEAF_LENGTH) * HASH_LENGTH);
  for (let at = 0, leaf = 0; at < bytes.byteLength; at += LEAF_LENGTH, leaf++) {
    row.set(sha256(bytes.subarray(at, at + LEAF_LENGTH)), leaf * HASH_LENGTH);
  }
  return row;
}

/**
 * Root over a row of at least one hash, each the root of a subtree of `height` levels. The row is padded
 * to `width` hashes, a power of two, with subtrees that lie past the end of the file.
 */
export function foldRow(sha256: SyncSha256, row: Bytes, width: number, height: number): Bytes {
  let above = row;
  let padding = row.byteLength < width * HASH_LENGTH ? emptySubtree(sha256, height) : ZERO_HASH;
  for (let remaining = width; remaining > 1; remaining /= 2) {
    const isOdd = (above.byteLength / HASH_LENGTH) % 2 === 1;
    const isShort = above.byteLength < remaining * HASH_LENGTH;
    above = parentRow(sha256, isOdd ? concat([above, padding]) : above);
    if (isShort) padding = sha256(concat([padding, padding]));
  }
  return above;
}

function emptySubtree(sha256: SyncSha256, height: number): Bytes {
  let root = ZERO_HASH;
  for (let level = 0; level < height; level++) root = sha256(concat([root, root]));
  return root;
}

function parentRow(sha256: SyncSha256, row: Bytes): Bytes {
  const parents = new Uint8Array(row.byteLength / 2);
  for (let at = 0; at < row.byteLength; at += 2 * HASH_LENGTH) {
    parents.set(sha256(row.subarray(at, at + 2 * HASH_LENGTH)), at / 2);
  }
  return parents;
}
