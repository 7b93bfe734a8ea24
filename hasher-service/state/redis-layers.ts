import { RESP_TYPES } from 'redis';
import type { Bytes, Sha256 } from '../../src/core/bytes.js';
import type { Root } from '../../src/core/brands.js';
import { PeerfoldError } from '../../src/core/errors.js';
import { MAX_PIECE_COUNT } from '../../src/core/limits.js';
import { HASH_LENGTH } from '../../src/core/merkle.js';
import { isLayerOf } from './layer-check.js';
import { LayerShelf } from './layer-shelf.js';
import { keys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { PUT } from './redis-scripts.js';

/** Layers in memory (bytes): those of a thousand videos, so that most are served while Redis is away. */
const SHELF = 64 * 1024 * 1024;
/** A new layer waits so long (ms) for its token, which then says how long it is needed. */
const LIFE = 3600_000;
const MAX_LENGTH = MAX_PIECE_COUNT * HASH_LENGTH;

/** Layers in Redis; what was used last is at hand in memory. */
export class RedisLayers {
  readonly #shelf = new LayerShelf(SHELF);

  constructor(
    private readonly link: RedisLink,
    private readonly sha256: Sha256,
  ) {}

  /** Rejects when Redis is away and the layer is not at hand: it may well be there. */
  async read(root: Root): Promise<Bytes | undefined> {
    const held = this.#shelf.get(root);
    if (held) return held;
    const answer = await this.link.attempt((client) =>
      client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).getRange(keys.layer(root), 0, MAX_LENGTH),
    );
    if (!answer) throw new PeerfoldError('store-failed', 'Redis is away; the layer may be there.');
    const bytes = new Uint8Array(answer.reply ?? []);
    if (bytes.byteLength === 0) return undefined;
    if (await isLayerOf(this.sha256, root, bytes)) {
      this.#shelf.put(root, bytes);
      return bytes;
    }
    await this.link.attempt((client) => client.del(keys.layer(root)));
    return undefined;
  }

  /** Rejects when the layer would be lost. */
  async write(root: Root, layer: Bytes): Promise<void> {
    this.#shelf.put(root, layer);
    if (!(await this.#send(root, layer)) && !this.#shelf.get(root))
      throw new PeerfoldError('store-failed', 'Redis is away, and the layer is too large to be kept here.');
  }

  /** Whether there is a layer, as far as can be told; what it is worth is seen when it is read. */
  async has(root: Root): Promise<boolean> {
    const answer = await this.link.attempt((client) => client.exists(keys.layer(root)));
    return answer?.reply !== 0;
  }

  /** Sends a layer that Redis has lost, or never had. */
  async sendAgain(root: Root): Promise<'sent' | 'away' | 'not-at-hand'> {
    const layer = this.#shelf.get(root);
    if (!layer) return 'not-at-hand';
    return (await this.#send(root, layer)) ? 'sent' : 'away';
  }

  async #send(root: Root, layer: Bytes): Promise<boolean> {
    const sent = await this.link.run(PUT, [keys.layer(root)], [Buffer.from(layer), String(LIFE)]);
    return sent !== undefined;
  }
}
