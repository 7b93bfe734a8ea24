import { concat, toHex, type Bytes, type Sha256 } from './bytes.js';
import type { PieceIndex, Root } from './brands.js';
import { LEAF_LENGTH, isPieceIndex, pieceCount, pieceSize, type Cut } from './pieces.js';

/**
 * BitTorrent v2's per-file Merkle tree (BEP 52): SHA-256 over 16 KiB leaves, the leaf layer padded
 * with zero hashes to a power of two. A *layer* is one row of that tree, here always the row whose
 * nodes cover one piece; hashes past the end of the file are not stored, they follow from the height.
 */
export const HASH_LENGTH = 32;

/** Stands for leaves past the end of a file. */
export const ZERO_HASH: Bytes = new Uint8Array(HASH_LENGTH);

async function parentOf(sha256: Sha256, left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat([left, right]));
}

/** Hash of a subtree of `height` levels that lies wholly past the end of the file. */
async function paddingAt(sha256: Sha256, height: number): Promise<Bytes> {
  let hash = ZERO_HASH;
  for (let level = 0; level < height; level++) hash = await parentOf(sha256, hash, hash);
  return hash;
}

/** Root over `nodes`, each the root of a subtree of `height` levels, padded to `width` nodes. */
async function fold(sha256: Sha256, nodes: readonly Bytes[], width: number, height: number): Promise<Bytes> {
  let row = nodes;
  let padding = row.length < width ? await paddingAt(sha256, height) : ZERO_HASH;
  for (let remaining = width; remaining > 1; remaining /= 2) {
    const above: Bytes[] = [];
    for (let i = 0; i < row.length; i += 2) {
      above.push(await parentOf(sha256, row[i] ?? padding, row[i + 1] ?? padding));
    }
    if (row.length < remaining) padding = await parentOf(sha256, padding, padding);
    row = above;
  }
  return row[0] ?? padding;
}

export function powerOfTwoAtLeast(count: number): number {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}

async function leavesOf(sha256: Sha256, bytes: Bytes): Promise<Bytes[]> {
  const count = Math.ceil(bytes.byteLength / LEAF_LENGTH);
  const leaf = async (i: number): Promise<Bytes> =>
    sha256(bytes.subarray(i * LEAF_LENGTH, (i + 1) * LEAF_LENGTH));
  return Promise.all(Array.from({ length: count }, (_, i) => leaf(i)));
}

/**
 * The layer node of one piece. `cut` decides its height: a file of a single piece has no layer, its
 * node is the root itself, over no more leaves than the file needs.
 */
export async function pieceHash(sha256: Sha256, cut: Cut, bytes: Bytes): Promise<Bytes> {
  const leaves = await leavesOf(sha256, bytes);
  const whole = cut.length <= cut.piece;
  const width = whole ? powerOfTwoAtLeast(leaves.length) : cut.piece / LEAF_LENGTH;
  return fold(sha256, leaves, width, 0);
}

/** The root above a complete layer. `layer` holds one hash per piece, in order. */
export async function rootOfLayer(sha256: Sha256, cut: Cut, layer: readonly Bytes[]): Promise<Root> {
  if (layer.length !== pieceCount(cut) || layer.length === 0) {
    throw new RangeError(`a layer of ${pieceCount(cut)} hashes is needed, got ${layer.length}`);
  }
  const height = Math.log2(cut.piece / LEAF_LENGTH);
  return toHex(await fold(sha256, layer, powerOfTwoAtLeast(layer.length), height)) as Root;
}

/** Splits a layer's wire form (hashes end to end); `undefined` unless it fits `cut` exactly. */
export function splitLayer(cut: Cut, bytes: Uint8Array): Bytes[] | undefined {
  if (bytes.byteLength !== pieceCount(cut) * HASH_LENGTH) return undefined;
  return Array.from(
    { length: pieceCount(cut) },
    (_, i) => new Uint8Array(bytes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH)),
  );
}

/**
 * A layer that was checked against its root: the only thing pieces are ever compared with.
 * A file of one piece has no layer; its root is its only hash.
 */
export class VerifiedLayer {
  private constructor(
    readonly root: Root,
    readonly cut: Cut,
    readonly hashes: readonly Bytes[],
  ) {}

  /** Checks `bytes` against `root`; `undefined` when they do not belong to it. */
  static async check(
    sha256: Sha256,
    root: Root,
    cut: Cut,
    bytes: Uint8Array,
  ): Promise<VerifiedLayer | undefined> {
    if (pieceCount(cut) <= 1) return VerifiedLayer.ofSinglePiece(root, cut);
    const hashes = splitLayer(cut, bytes);
    if (!hashes || (await rootOfLayer(sha256, cut, hashes)) !== root) return undefined;
    return new VerifiedLayer(root, cut, hashes);
  }

  static ofSinglePiece(root: Root, cut: Cut): VerifiedLayer | undefined {
    return pieceCount(cut) === 1 ? new VerifiedLayer(root, cut, []) : undefined;
  }

  /** Whether `bytes` are piece `index` of this representation: right size, right hash. */
  async matches(sha256: Sha256, index: PieceIndex, bytes: Bytes): Promise<boolean> {
    if (!isPieceIndex(this.cut, index) || bytes.byteLength !== pieceSize(this.cut, index)) return false;
    const expected = this.hashes[index];
    return toHex(await pieceHash(sha256, this.cut, bytes)) === (expected ? toHex(expected) : this.root);
  }

  /** The wire form: hashes end to end. */
  toBytes(): Bytes {
    return concat(this.hashes);
  }
}

/** Root and layer of a whole representation held in memory. */
export async function hashWhole(
  sha256: Sha256,
  cut: Cut,
  bytes: Bytes,
): Promise<{ root: Root; layer: Bytes[] }> {
  const layer: Bytes[] = [];
  for (let at = 0; at < bytes.byteLength; at += cut.piece) {
    layer.push(await pieceHash(sha256, cut, bytes.subarray(at, at + cut.piece)));
  }
  const only = pieceCount(cut) === 1 ? layer[0] : undefined;
  return { root: only ? (toHex(only) as Root) : await rootOfLayer(sha256, cut, layer), layer };
}
