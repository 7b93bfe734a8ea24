import type { Dice } from '../core/dice.js';
import type { Candidates } from '../holders/candidates.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { Place } from './place.js';

/** Scores are mixed by this share either way, so that not everybody is sent to the same few peers. */
const MIXING = 0.25;

/**
 * The best candidates for somebody at `place`, best first: those that hold most of what is wanted, weighed
 * by how good and how close they are, and a little by chance. Candidates of weight 0 are left out.
 * Returns slots. Of thousands only the best are worth a closer look; a heap finds them in one pass.
 */
export function bestOf(
  candidates: Candidates,
  peers: PeerNumbers<unknown>,
  { place, most, dice }: { readonly place: Place; readonly most: number; readonly dice: Dice },
): number[] {
  const best = new SmallestFirst(most);
  for (let slot = 0; slot < candidates.count; slot++) {
    const peer = candidates.peerAt(slot);
    const weight = peers.weightOf(peer);
    if (weight === 0) continue;
    const mixed = 1 + MIXING * (2 * dice() - 1);
    best.offer(slot, candidates.gainAt(slot) * weight * peers.closenessTo(place, peer) * mixed);
  }
  return best.slots();
}

/** The `most` slots with the highest scores, in a binary heap whose root is the one to give way next. */
class SmallestFirst {
  readonly #slots: number[] = [];
  readonly #scores: number[] = [];

  constructor(private readonly most: number) {}

  offer(slot: number, score: number): void {
    const size = this.#slots.length;
    if (size < this.most) this.#rise(size, slot, score);
    else if (score > (this.#scores[0] ?? 0)) this.#sink(slot, score);
  }

  /** Best first. */
  slots(): number[] {
    const order = [...this.#slots.keys()].sort((a, b) => (this.#scores[b] ?? 0) - (this.#scores[a] ?? 0));
    return order.map((at) => this.#slots[at] ?? 0);
  }

  #rise(from: number, slot: number, score: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if ((this.#scores[parent] ?? 0) <= score) break;
      this.#put(at, this.#slots[parent] ?? 0, this.#scores[parent] ?? 0);
      at = parent;
    }
    this.#put(at, slot, score);
  }

  /** Takes the place of the root. */
  #sink(slot: number, score: number): void {
    const size = this.#slots.length;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= size) break;
      const right = left + 1;
      const child = right < size && (this.#scores[right] ?? 0) < (this.#scores[left] ?? 0) ? right : left;
      if ((this.#scores[child] ?? 0) >= score) break;
      this.#put(at, this.#slots[child] ?? 0, this.#scores[child] ?? 0);
      at = child;
    }
    this.#put(at, slot, score);
  }

  #put(at: number, slot: number, score: number): void {
    this.#slots[at] = slot;
    this.#scores[at] = score;
  }
}
