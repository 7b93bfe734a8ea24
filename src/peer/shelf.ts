import type { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { Root, UrlHash } from '../core/brands.js';
import type { Cut } from '../core/pieces.js';
import type { Content } from './contract.js';

export interface Shared extends Content {
  readonly bits: Bitfield;
  readonly layer?: Bytes;
}

/** `urls`: those whose tokens name it. */
interface Kept extends Shared {
  readonly urls: Set<UrlHash>;
}

/**
 * What we offer: a copy of what the worker said may be uploaded. While closed it looks empty, which is
 * how a refusal and ignorance come to look the same.
 */
export class Shelf {
  readonly #shared = new Map<Root, Kept>();
  readonly #tokens = new Map<UrlHash, { readonly urls: Set<UrlHash>; readonly token: string }>();

  constructor(public open: boolean) {}

  put(root: Root, cut: Cut, bits: Bitfield, layer?: Bytes): void {
    const kept = this.#shared.get(root);
    const known = layer ?? kept?.layer;
    const urls = kept?.urls ?? new Set();
    this.#shared.set(root, { root, cut, bits, urls, ...(known ? { layer: known } : {}) });
  }

  /** What is signed about the URL whose pieces these are. False when they are not here. */
  state(root: Root, url: UrlHash, token: string): boolean {
    const urls = this.#shared.get(root)?.urls;
    if (!urls) return false;
    this.#tokens.get(url)?.urls.delete(url);
    urls.add(url);
    this.#tokens.set(url, { urls, token });
    return true;
  }

  /** False when it was not there. */
  remove(root: Root): boolean {
    for (const url of this.#shared.get(root)?.urls ?? []) this.#tokens.delete(url);
    return this.#shared.delete(root);
  }

  find(root: Root): Shared | undefined {
    return this.open ? this.#shared.get(root) : undefined;
  }

  tokenOf(url: UrlHash): string | undefined {
    return this.open ? this.#tokens.get(url)?.token : undefined;
  }
}
