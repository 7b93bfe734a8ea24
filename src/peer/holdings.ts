import { BoundedMap } from '../core/bounded-map.js';
import { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { PieceIndex, Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { pieceCount, type Cut } from '../core/pieces.js';
import type { Content } from './contract.js';
import type { Judgement } from './downloads.js';

/** Roots that each side remembers having asked for: a long visit's worth; the oldest are forgotten. */
export const MAX_ASKED = 4096;
/** How long (ms) the answer to an ask is waited for before the peer counts as not holding the root. */
const ANSWER_PATIENCE = 1000;

interface Asked {
  readonly cut: Cut;
  readonly at: number;
  /** `undefined` until the peer answers. */
  bits: Bitfield | undefined;
}

/** What one peer was asked about, and what it said it holds. */
export class Holdings {
  readonly #asked = new BoundedMap<Root, Asked>(MAX_ASKED);

  constructor(private readonly clock: Clock) {}

  /** Notes that these are asked now; returns those that were not before. */
  asking(contents: Iterable<Content>): Root[] {
    const roots: Root[] = [];
    for (const { root, cut } of contents) {
      if (this.#asked.has(root)) continue;
      this.#asked.set(root, { cut, at: this.clock.ticks(), bits: undefined });
      roots.push(root);
    }
    return roots;
  }

  /** Takes a `have`. One for a root that we do not remember asking for is checked and used by nobody. */
  told(root: Root, pieces: number, bytes: Bytes): Judgement {
    const asked = this.#asked.get(root);
    if (!asked) return 'fine';
    const count = pieceCount(asked.cut);
    const bits = pieces === 0 ? new Bitfield(count) : Bitfield.parse(bytes, count);
    if (!bits || (pieces !== 0 && pieces !== count)) return 'hostile';
    asked.bits = bits;
    return 'fine';
  }

  /** The peer refused this piece. */
  lacks(root: Root, index: PieceIndex): void {
    this.#asked.get(root)?.bits?.clear(index);
  }

  has(root: Root, index: PieceIndex): boolean {
    return this.#asked.get(root)?.bits?.has(index) ?? false;
  }

  hasAny(root: Root): boolean {
    return (this.#asked.get(root)?.bits?.count ?? 0) > 0;
  }

  /** Roots of which the peer holds something. */
  roots(): Root[] {
    return [...this.#asked.keys()].filter((root) => this.hasAny(root));
  }

  /** Whether the peer was asked for this root and may still answer. */
  awaits(root: Root): boolean {
    const asked = this.#asked.get(root);
    if (!asked || asked.bits) return false;
    return this.clock.ticks() - asked.at < ANSWER_PATIENCE;
  }
}
