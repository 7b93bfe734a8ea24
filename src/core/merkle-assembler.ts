import { concat, toHex, type Bytes, type SyncSha256 } from './bytes.js';
import type { ByteLength, Root } from './brands.js';
import { HASH_LENGTH, powerOfTwoAtLeast } from './merkle.js';
import { foldRow } from './merkle-row.js';
import { MIN_PIECE_LEAVES, type SlabHashes } from './merkle-slab.js';
import { LEAF_LENGTH, MIN_PIECE_LENGTH, pieceLengthFor, type Cut } from './pieces.js';

/** What was hashed: the cut that follows from the length, the root, and one hash per piece. */
export interface Hashed {
  readonly cut: Cut;
  readonly root: Root;
  readonly layer: readonly Bytes[];
}

/**
 * BEP 52 root and layer of a file from the hashes of its slabs, in order, when its length is not known
 * beforehand. Pieces start small; when the length outgrows a piece length, the nodes of complete pieces
 * are folded into those of larger ones. So memory holds the layer and no more.
 */
export class MerkleAssembler {
  #length = 0;
  #piece: ByteLength = MIN_PIECE_LENGTH;
  /** One node per complete piece. */
  #layer: Bytes[] = [];
  /** Hashes of the minimum pieces of the piece that is not complete yet. */
  #open: Bytes[] = [];
  /** Leaves of the minimum piece that is not complete: the file ended in it. */
  #tail: Bytes = new Uint8Array(0);

  constructor(private readonly sha256: SyncSha256) {}

  /** Takes the next slab. Throws a `RangeError` when the one before could only be the last. */
  add({ length, pieces, tail }: SlabHashes): void {
    if (this.#length % MIN_PIECE_LENGTH !== 0)
      throw new RangeError('a slab came after one that ends within a minimum piece');
    const start = this.#length;
    for (let at = 0, end = start; at < pieces.byteLength; at += HASH_LENGTH) {
      end += MIN_PIECE_LENGTH;
      this.#addMinPiece(pieces.subarray(at, at + HASH_LENGTH), end);
    }
    this.#length = start + length;
    this.#tail = tail;
  }

  /** Ends the file; `undefined` when it was empty, because empty files have no root. */
  finish(): Hashed | undefined {
    if (this.#length === 0) return undefined;
    if (this.#length <= MIN_PIECE_LENGTH) return this.#single();
    if (this.#tail.byteLength > 0)
      this.#addMinPiece(foldRow(this.sha256, this.#tail, MIN_PIECE_LEAVES, 0), this.#length);
    if (this.#open.length > 0) this.#closePiece();
    const width = powerOfTwoAtLeast(this.#layer.length);
    const root = foldRow(this.sha256, concat(this.#layer), width, heightOf(this.#piece));
    return { cut: this.#cut(), root: toHex(root) as Root, layer: this.#layer };
  }

  /** `end` is the length of the file up to the end of this minimum piece. */
  #addMinPiece(hash: Bytes, end: number): void {
    this.#growPieces(pieceLengthFor(end as ByteLength));
    this.#open.push(hash);
    if (this.#open.length === this.#piece / MIN_PIECE_LENGTH) this.#closePiece();
  }

  #closePiece(): void {
    const width = this.#piece / MIN_PIECE_LENGTH;
    this.#layer.push(foldRow(this.sha256, concat(this.#open), width, heightOf(MIN_PIECE_LENGTH)));
    this.#open = [];
  }

  /** The lengths at which pieces grow are multiples of the larger piece, so complete nodes fold evenly. */
  #growPieces(piece: ByteLength): void {
    if (piece === this.#piece) return;
    const width = piece / this.#piece;
    this.#layer = Array.from({ length: this.#layer.length / width }, (_, i) => {
      const nodes = concat(this.#layer.slice(i * width, (i + 1) * width));
      return foldRow(this.sha256, nodes, width, heightOf(this.#piece));
    });
    this.#piece = piece;
  }

  /** A file of one piece has no padding beyond what its own leaves need. */
  #single(): Hashed {
    const leaves = this.#tail.byteLength / HASH_LENGTH;
    const node = this.#layer[0] ?? foldRow(this.sha256, this.#tail, powerOfTwoAtLeast(leaves), 0);
    return { cut: this.#cut(), root: toHex(node) as Root, layer: [node] };
  }

  #cut(): Cut {
    return { length: this.#length as ByteLength, piece: this.#piece };
  }
}

/** Levels between the leaves and the nodes of pieces of this length. */
function heightOf(piece: ByteLength): number {
  return Math.log2(piece / LEAF_LENGTH);
}
