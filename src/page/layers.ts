import type { Bytes } from '../core/bytes.js';
import type { Root } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Cut } from '../core/pieces.js';

export interface LayersOptions {
  readonly clock: Clock;
  /** Asks the hash service. */
  readonly request: (root: Root, cut: Cut) => Promise<Bytes>;
  /** `from`: the peer that sent it, if one did. */
  readonly deliver: (root: Root, bytes: Bytes, from?: number) => void;
  readonly failed: (error: unknown) => void;
}

/** A peer on a warm link sends its layer within two round trips; then the hash service is asked (ms). */
export const PEER_PATIENCE = 150;

/** Sees to it that a layer that the worker lacks comes: from a peer at best, else from the hash service. */
export class Layers {
  /** `undefined` for a timer: the hash service has been asked. */
  readonly #awaited = new Map<Root, Timer>();

  constructor(private readonly options: LayersOptions) {}

  /** The worker needs it. `peers`: whether there is anybody to wait for. */
  need(root: Root, cut: Cut, peers: boolean): void {
    if (this.#awaited.has(root)) return;
    const timer = this.options.clock.setTimeout(() => void this.#fetch(root, cut), peers ? PEER_PATIENCE : 0);
    this.#awaited.set(root, timer);
  }

  /** Peer number `from` sent it, or else the hash service. */
  came(root: Root, bytes: Bytes, from?: number): void {
    this.options.clock.clearTimeout(this.#awaited.get(root));
    this.#awaited.delete(root);
    this.options.deliver(root, bytes, from);
  }

  close(): void {
    for (const timer of this.#awaited.values()) this.options.clock.clearTimeout(timer);
    this.#awaited.clear();
  }

  async #fetch(root: Root, cut: Cut): Promise<void> {
    this.#awaited.set(root, undefined);
    try {
      const bytes = await this.options.request(root, cut);
      if (this.#awaited.has(root)) this.came(root, bytes);
    } catch (error) {
      this.#awaited.delete(root);
      this.options.failed(error);
    }
  }
}
