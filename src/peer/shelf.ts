import type { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { Root, UrlHash } from '../core/brands.js';
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
  readonly #tokens = new Map<UrlHash, { readonly root: Root; readonly token: string }>();

  constructor(public open: boolean) {}

  put(root: Root, cut: Cut, bits: Bitfield, layer?: Bytes): void {
    const known = layer ?? this.#shared.get(root)?.layer;
    this.#shared.set(root, { root, cut, bits, ...(known ? { layer: known } : {}) });
  }

  /** What is signed about the URL whose pieces these are. False when they are not here. */
  state(root: Root, url: UrlHash, token: string): boolean {
    if (!this.#shared.has(root)) return false;
    this.#tokens.set(url, { root, token });
    return true;
  }

  /** False when it was not there. */
  remove(root: Root): boolean {
    for (const [url, named] of this.#tokens) if (named.root === root) this.#tokens.delete(url);
    return this.#shared.delete(root);
  }

  find(root: Root): Shared | undefined {
    return this.open ? this.#shared.get(root) : undefined;
  }

  tokenOf(url: UrlHash): string | undefined {
    return this.open ? this.#tokens.get(url)?.token : undefined;
  }
}
