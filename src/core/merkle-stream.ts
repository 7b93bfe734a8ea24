import { concat, toHex, type Bytes } from './bytes.js';
import type { ByteLength, Root } from './brands.js';
import { LEAF_LENGTH, MIN_PIECE_LENGTH, pieceLengthFor, type Cut } from './pieces.js';

/** SHA-256 that answers at once, as Node's `crypto.hash` does. */
export type SyncSha256 = (data: Bytes) => Bytes;

/** What was hashed: the cut that follows from the length, the root, and one hash per piece. */
export interface Hashed {
  readonly cut: Cut;
  readonly root: Root;
  readonly layer: readonly Bytes[];
}

const ZERO_HASH: Bytes = new Uint8Array(32);

/**
 * BEP 52 root and layer of bytes that arrive in chunks of any size and whose length is not known
 * beforehand. Pieces start small; when the length outgrows a piece length, finished nodes are folded
 * into larger ones. So memory holds one leaf and the layer, never the bytes.
 */
export class MerkleStream {
  readonly #leaf: Bytes = new Uint8Array(LEAF_LENGTH);
  #filled = 0;
  #length = 0;
  #piece: ByteLength = MIN_PIECE_LENGTH;
  /** Leaves of the piece that is not complete yet. */
  #leaves: Bytes[] = [];
  /** One node per complete piece. */
  #nodes: Bytes[] = [];

  constructor(private readonly sha256: SyncSha256) {}

  /** Bytes taken so far. */
  get length(): number {
    return this.#length;
  }

  /** Takes the next bytes; they may be reused by the caller afterwards. */
  add(bytes: Bytes): void {
    let at = 0;
    while (at < bytes.byteLength) at += this.#take(bytes.subarray(at));
  }

  /** Ends the stream; `undefined` when it was empty, because empty files have no root. */
  finish(): Hashed | undefined {
    if (this.#filled > 0) this.#closeLeaf(this.#leaf.subarray(0, this.#filled));
    if (this.#length === 0) return undefined;
    const cut = { length: this.#length as ByteLength, piece: this.#piece };
    if (this.#length <= this.#piece) return { cut, ...this.#single() };
    if (this.#leaves.length > 0) this.#closePiece();
    const root = this.#fold(this.#nodes, powerOfTwoAtLeast(this.#nodes.length), this.#height());
    return { cut, root: toHex(root) as Root, layer: this.#nodes };
  }

  #take(bytes: Bytes): number {
    if (this.#filled === 0 && bytes.byteLength >= LEAF_LENGTH) {
      this.#closeLeaf(bytes.subarray(0, LEAF_LENGTH));
      return LEAF_LENGTH;
    }
    const part = bytes.subarray(0, LEAF_LENGTH - this.#filled);
    this.#leaf.set(part, this.#filled);
    this.#filled += part.byteLength;
    if (this.#filled === LEAF_LENGTH) this.#closeLeaf(this.#leaf);
    return part.byteLength;
  }

  #closeLeaf(bytes: Bytes): void {
    this.#length += bytes.byteLength;
    this.#filled = 0;
    this.#growPieces(pieceLengthFor(this.#length as ByteLength));
    this.#leaves.push(this.sha256(bytes));
    if (this.#leaves.length === this.#piece / LEAF_LENGTH) this.#closePiece();
  }

  #closePiece(): void {
    this.#nodes.push(this.#fold(this.#leaves, this.#piece / LEAF_LENGTH, 0));
    this.#leaves = [];
  }

  /** The lengths at which pieces grow are multiples of the larger piece, so complete nodes fold evenly. */
  #growPieces(piece: ByteLength): void {
    if (piece === this.#piece) return;
    const width = piece / this.#piece;
    const groups = Array.from({ length: this.#nodes.length / width }, (_, group) =>
      this.#nodes.slice(group * width, (group + 1) * width),
    );
    this.#nodes = groups.map((group) => this.#fold(group, width, this.#height()));
    this.#piece = piece;
  }

  /** A file of one piece has no padding beyond what its own leaves need. */
  #single(): Pick<Hashed, 'root' | 'layer'> {
    const hash = this.#nodes[0] ?? this.#fold(this.#leaves, powerOfTwoAtLeast(this.#leaves.length), 0);
    return { root: toHex(hash) as Root, layer: [hash] };
  }

  #height(): number {
    return Math.log2(this.#piece / LEAF_LENGTH);
  }

  /** Root over `nodes`, each `height` levels above the leaves, padded with empty subtrees to `width`. */
  #fold(nodes: readonly Bytes[], width: number, height: number): Bytes {
    let row = nodes;
    let padding = ZERO_HASH;
    for (let level = 0; level < height; level++) padding = this.#parent(padding, padding);
    for (let remaining = width; remaining > 1; remaining /= 2) {
      const above: Bytes[] = [];
      for (let i = 0; i < row.length; i += 2) {
        above.push(this.#parent(row[i] ?? padding, row[i + 1] ?? padding));
      }
      padding = this.#parent(padding, padding);
      row = above;
    }
    return row[0] ?? padding;
  }

  #parent(left: Bytes, right: Bytes): Bytes {
    return this.sha256(concat([left, right]));
  }
}

function powerOfTwoAtLeast(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}
