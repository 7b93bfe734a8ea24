import type { ByteLength, PieceIndex, Root } from '../../../src/core/brands.js';
import { concat, type Bytes } from '../../../src/core/bytes.js';
import { hashWhole } from '../../../src/core/merkle.js';
import { pieceCount, pieceLengthFor, pieceSpan, type Cut } from '../../../src/core/pieces.js';
import { seededBytes } from '../random.js';
import { sha256 } from '../sha256.js';

/** Divides no leaf, so that bytes in the wrong place are wrong bytes. */
const TILE = 4093;

/** A file of the simulated site, and what its hash service signs about it. */
export class SiteFile {
  private constructor(
    readonly path: string,
    readonly bytes: Bytes,
    readonly root: Root,
    readonly cut: Cut,
    /** The wire form; empty for a file of one piece. */
    readonly layer: Bytes,
  ) {}

  static async make(path: string, length: number, seed: number): Promise<SiteFile> {
    const bytes = noise(length, seed);
    const cut = { length: length as ByteLength, piece: pieceLengthFor(length as ByteLength) };
    const { root, layer } = await hashWhole(sha256, cut, bytes);
    return new SiteFile(path, bytes, root, cut, layer.length > 1 ? concat(layer) : new Uint8Array());
  }

  get indexes(): PieceIndex[] {
    return Array.from({ length: pieceCount(this.cut) }, (_, i) => i as PieceIndex);
  }

  /** A copy of one piece. */
  piece(index: PieceIndex): Bytes {
    const { start, end } = pieceSpan(this.cut, index);
    return this.bytes.slice(start, end);
  }
}

/** Bytes of which no two leaves are alike; drawing all of them at random would take seconds. */
function noise(length: number, seed: number): Bytes {
  const tile = seededBytes(seed)(TILE);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += TILE) {
    bytes.set(tile.subarray(0, length - at), at);
    bytes[at] = at / TILE;
    bytes[at + 1] = at / TILE / 256;
  }
  return bytes;
}
