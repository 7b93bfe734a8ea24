import type { PieceIndex, Root } from '../core/brands.js';
import type { Entry } from './record.js';

/** The part of a representation that is not one of its pieces. */
export const LAYER = 'layer';

/** Under which its bytes are stored. */
export function keyOf(root: Root, part: PieceIndex | typeof LAYER): string {
  return `${root}/${part}`;
}

/** Of everything that is stored of a representation. */
export function keysOf({ root, stored, layer }: Entry): string[] {
  const keys = layer ? [keyOf(root, LAYER)] : [];
  for (let i = 0; i < stored.length; i++) if (stored.has(i)) keys.push(keyOf(root, i as PieceIndex));
  return keys;
}
