import { BoundedMap } from '../src/core/bounded-map.js';
import type { Root } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { HASH_LENGTH, VerifiedLayer } from '../src/core/merkle.js';
import { pieceCount } from '../src/core/pieces.js';
import type { PieceStore, Representation } from '../src/store/port.js';
import type { Disk } from './disk.js';
import { within } from './timers.js';

export interface LayersOptions {
  readonly hasher: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly store: PieceStore;
  readonly disk: Disk;
}

/** Layers kept in memory; the largest is 32 MiB, a usual one a few hundred bytes. */
const MAX_LAYERS = 500;
const REQUEST_TIMEOUT = 5_000;

/** Layers checked against their root, from the store, from pages, or from the hash service itself. */
export class Layers {
  readonly #known = new BoundedMap<Root, VerifiedLayer>(MAX_LAYERS);
  readonly #fetching = new Map<Root, Promise<VerifiedLayer | undefined>>();

  readonly #options: LayersOptions;

  constructor(options: LayersOptions) {
    this.#options = options;
  }

  known({ root, cut }: Representation): VerifiedLayer | undefined {
    return this.#known.get(root) ?? VerifiedLayer.ofSinglePiece(root, cut);
  }

  /** The layer from memory or the store. */
  async load(what: Representation): Promise<VerifiedLayer | undefined> {
    const known = this.known(what);
    if (known) return known;
    const { disk, store } = this.#options;
    const stored = await disk.await(store.readLayer(what.root));
    const layer = stored && (await this.offer(what, stored));
    // Nothing that is stored can be checked against a wrong one.
    if (stored && !layer) store.drop(what.root);
    return layer;
  }

  /** Checks `bytes` and keeps them if they are the layer of `what`. */
  async offer(what: Representation, bytes: Bytes): Promise<VerifiedLayer | undefined> {
    const known = this.known(what);
    if (known) return known;
    const layer = await VerifiedLayer.check(this.#options.sha256, what.root, what.cut, bytes);
    if (layer) this.keep(layer);
    return layer;
  }

  keep(layer: VerifiedLayer): void {
    this.#known.set(layer.root, layer);
  }

  /** The layer, if need be from the hash service. For what no page is waiting for. */
  async obtain(what: Representation): Promise<VerifiedLayer | undefined> {
    const layer = await this.load(what);
    if (layer) return layer;
    const fetching = this.#fetching.get(what.root) ?? this.#fetch(what);
    this.#fetching.set(what.root, fetching);
    return fetching.finally(() => this.#fetching.delete(what.root));
  }

  async #fetch(what: Representation): Promise<VerifiedLayer | undefined> {
    const { hasher, fetch, clock } = this.#options;
    const request = fetch(`${hasher}/v1/layers/${what.root}`, { credentials: 'omit' }).then((response) =>
      response.ok ? response.arrayBuffer() : undefined,
    );
    const body = await within(clock, REQUEST_TIMEOUT, request).catch(() => undefined);
    if (body?.byteLength !== pieceCount(what.cut) * HASH_LENGTH) return undefined;
    return this.offer(what, new Uint8Array(body));
  }
}
