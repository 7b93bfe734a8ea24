import type { Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { HASH_LENGTH } from '../core/merkle.js';
import { pieceCount } from '../core/pieces.js';
import { MAX_LAYER_BYTES } from '../protocol/peer.js';
import type { Content } from './contract.js';
import type { Partner } from './links.js';

/** A peer that has not sent a layer (at most 64 KiB) after this long (ms) is not waited for. */
const LAYER_PATIENCE = 1000;

interface Hunt {
  readonly content: Content;
  readonly asked: Set<number>;
  askedAt: number;
}

/** Gets the layers that needs want: one peer asked at a time, the next when it does not deliver. */
export class LayerHunt {
  readonly #hunts = new Map<Root, Hunt>();

  constructor(private readonly clock: Clock) {}

  /** Layers that fit no frame, and files of one piece, which have none, are not hunted. */
  want({ root, cut }: Content): void {
    const length = pieceCount(cut) * HASH_LENGTH;
    if (pieceCount(cut) <= 1 || length > MAX_LAYER_BYTES || this.#hunts.has(root)) return;
    this.#hunts.set(root, {
      content: { root, cut },
      asked: new Set(),
      askedAt: Number.NEGATIVE_INFINITY,
    });
  }

  /** True when this layer was still wanted; it then is no longer. */
  end(root: Root): boolean {
    return this.#hunts.delete(root);
  }

  /** Asks somebody for each layer whose turn it is. */
  review(partners: readonly Partner[]): void {
    for (const hunt of this.#hunts.values()) {
      if (this.clock.ticks() - hunt.askedAt >= LAYER_PATIENCE) this.#ask(hunt, partners);
    }
  }

  /** A peer that is known to hold the root is best; before anybody has said so, one that may. */
  #ask(hunt: Hunt, partners: readonly Partner[]): void {
    const { root } = hunt.content;
    const fresh = partners.filter(({ peer }) => !hunt.asked.has(peer.from));
    const partner =
      fresh.find(({ session }) => session.holdings.hasAny(root)) ??
      fresh.find(({ session }) => session.holdings.awaits(root));
    if (!partner) return;
    hunt.asked.add(partner.peer.from);
    hunt.askedAt = this.clock.ticks();
    partner.session.askLayer(hunt.content);
  }
}
