import type { Dice } from '../core/dice.js';
import type { Candidates } from '../holders/candidates.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import { CLOSEST, type Place } from './place.js';

/** Scores are mixed by this share either way, so that not everybody is sent to the same few peers. */
const MIXING = 0.25;
/** The most that a wanted root is worth: of the closest peer of weight 1 in luck. */
const MOST_WORTH = CLOSEST * (1 + MIXING);

/**
 * The best candidates for somebody at `place`, in no particular order: those that hold most of what is wanted,
 * weighed by how good and how close they are, and a little by chance. Candidates of weight 0 are left out.
 * Returns slots. Of thousands only the best are worth a closer look; a heap finds them in one pass, and who
 * holds too little to get into it, wherever and however good it is, is not looked at: weights are at most 1.
 */
export function bestOf(
  candidates: Candidates,
  peers: PeerNumbers<unknown>,
  { place, most, dice }: { readonly place: Place; readonly most: number; readonly dice: Dice },
): number[] {
  const best = new SmallestFirst(most);
  for (let slot = 0; slot < candidates.count; slot++) {
    const gain = candidates.gainAt(slot);
    if (gain * MOST_WORTH <= best.floor) continue;
    const worth = peers.worthTo(place, candidates.peerAt(slot));
    if (worth > 0) best.offer(slot, gain * worth * mixed(dice));
  }
  return best.slots;
}

/** A factor by chance. */
export function mixed(dice: Dice): number {
  return 1 + MIXING * (2 * dice() - 1);
}

/** The `most` slots with the highest scores, in a binary heap whose root is the one to give way next. */
class SmallestFirst {
  readonly slots: number[] = [];
  readonly #scores: number[] = [];

  constructor(private readonly most: number) {}

  /** What a score must exceed. */
  get floor(): number {
    return this.slots.length < this.most ? 0 : (this.#scores[0] ?? 0);
  }

  offer(slot: number, score: number): void {
    const size = this.slots.length;
    if (size < this.most) this.#rise(size, slot, score);
    else if (score > (this.#scores[0] ?? 0)) this.#sink(slot, score);
  }

  #rise(from: number, slot: number, score: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if ((this.#scores[parent] ?? 0) <= score) break;
      this.#put(at, this.slots[parent] ?? 0, this.#scores[parent] ?? 0);
      at = parent;
    }
    this.#put(at, slot, score);
  }

  /** Takes the place of the root. */
  #sink(slot: number, score: number): void {
    const size = this.slots.length;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= size) break;
      const right = left + 1;
      const child = right < size && (this.#scores[right] ?? 0) < (this.#scores[left] ?? 0) ? right : left;
      if ((this.#scores[child] ?? 0) >= score) break;
      this.#put(at, this.slots[child] ?? 0, this.#scores[child] ?? 0);
      at = child;
    }
    this.#put(at, slot, score);
  }

  #put(at: number, slot: number, score: number): void {
    this.slots[at] = slot;
    this.#scores[at] = score;
  }
}
