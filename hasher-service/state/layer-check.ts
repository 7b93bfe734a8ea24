import type { Bytes, Sha256 } from '../../src/core/bytes.js';
import type { ByteLength, Root } from '../../src/core/brands.js';
import { HASH_LENGTH, rootOfLayer, splitLayer } from '../../src/core/merkle.js';
import { MAX_PIECE_LENGTH, MIN_PIECE_LENGTH, type Cut } from '../../src/core/pieces.js';

/**
 * Whether `bytes` are the layer of `root`. Who knows only the root does not know at which height the
 * layer lies, which decides how a row is padded: then any piece length will do.
 */
export async function isLayerOf(sha256: Sha256, root: Root, bytes: Bytes, cut?: Cut): Promise<boolean> {
  for (const candidate of cut ? [cut] : cutsFor(bytes.byteLength / HASH_LENGTH)) {
    const layer = splitLayer(candidate, bytes);
    if (layer && layer.length > 0 && (await rootOfLayer(sha256, candidate, layer)) === root) return true;
  }
  return false;
}

function cutsFor(count: number): Cut[] {
  const cuts: Cut[] = [];
  for (let piece = MIN_PIECE_LENGTH; piece <= MAX_PIECE_LENGTH; piece = (piece * 2) as ByteLength)
    cuts.push({ piece, length: (count * piece) as ByteLength });
  return cuts;
}
