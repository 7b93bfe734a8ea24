import type { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { Root } from '../core/brands.js';
import type { Cut } from '../core/pieces.js';
import type { Content } from './contract.js';

export interface Shared extends Content {
  readonly bits: Bitfield;
  readonly layer?: Bytes;
}

/**
 * What we offer: a copy of what the worker said may be uploaded. While closed it looks empty, which is
 * how a refusal and ignorance come to look the same.
 */
export class Shelf {
  readonly #shared = new Map<Root, Shared>();

  constructor(public open: boolean) {}

  put(root: Root, cut: Cut, bits: Bitfield, layer?: Bytes): void {
    const known = layer ?? this.#shared.get(root)?.layer;
    this.#shared.set(root, { root, cut, bits, ...(known ? { layer: known } : {}) });
  }

  /** False when it was not there. */
  remove(root: Root): boolean {
    return this.#shared.delete(root);
  }

  find(root: Root): Shared | undefined {
    return this.open ? this.#shared.get(root) : undefined;
  }
}
