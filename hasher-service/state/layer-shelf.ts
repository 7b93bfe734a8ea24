import type { Bytes } from '../../src/core/bytes.js';
import type { Root } from '../../src/core/brands.js';

/** Layers in memory, up to a number of bytes: those that were used longest ago give way. */
export class LayerShelf {
  readonly #layers = new Map<Root, Bytes>();
  #size = 0;

  constructor(private readonly limit: number) {}

  get(root: Root): Bytes | undefined {
    const layer = this.#layers.get(root);
    if (layer) {
      this.#layers.delete(root);
      this.#layers.set(root, layer);
    }
    return layer;
  }

  put(root: Root, layer: Bytes): void {
    this.#remove(root);
    this.#layers.set(root, layer);
    this.#size += layer.byteLength;
    for (const oldest of this.#layers.keys()) {
      if (this.#size <= this.limit) return;
      this.#remove(oldest);
    }
  }

  #remove(root: Root): void {
    this.#size -= this.#layers.get(root)?.byteLength ?? 0;
    this.#layers.delete(root);
  }
}
