import type { Dice } from '../core/dice.js';
import type { Candidates } from '../holders/candidates.js';
import { mixed } from './ranking.js';

export interface CoverOptions {
  readonly k: number;
  readonly dice: Dice;
  /** How good a candidate is for the asker (> 0). */
  readonly worth: (slot: number) => number;
  /** A closer look at one that is about to be chosen: what of its worth remains, at most 1. Asked once of each. */
  readonly closer?: (slot: number) => number;
  readonly accept?: (slot: number) => boolean;
}

/** A root's second holder is worth a quarter of its first, the third a sixteenth. */
const WORTH_OF_ANOTHER = 1 / 4;

/**
 * Greedy cover: at most `k` of the candidates in these slots, best first, that between them hold as many of
 * the wanted roots as possible, from several peers where there are several. When not everybody fits, the last
 * place goes to a peer drawn at random, so that newcomers and the badly scored get a chance to prove
 * themselves. Only those about to be chosen are asked for with `closer` and `accept`, which may cost more
 * than the rest: a closer look never makes one better, so whoever is best after it is the best of all.
 */
export function cover(candidates: Candidates, slots: readonly number[], options: CoverOptions): number[] {
  const { k, dice, worth, closer = () => 1, accept = () => true } = options;
  const race = new Race(candidates, slots, (slot) => worth(slot) * mixed(dice));
  const chosen: number[] = [];
  while (chosen.length < k && race.size > 0) {
    // The last place, if there are others left who want it.
    const isDrawn = k > 1 && chosen.length === k - 1 && race.size > 1;
    const at = isDrawn ? Math.floor(dice() * race.size) : race.best();
    if (!isDrawn && !race.lookAt(at, closer)) continue;
    const slot = race.remove(at);
    if (!accept(slot)) continue;
    race.follow(slot);
    chosen.push(slot);
  }
  return chosen;
}

/** Those that may still be chosen, and how much each would add to what the chosen hold. */
class Race {
  readonly #slots: number[] = [];
  readonly #weights: number[] = [];
  /** What each adds: the worth of the positions it holds, summed up. */
  readonly #gains: number[] = [];
  readonly #seen: boolean[] = [];
  /** Which positions 0, 1, 2 … of the chosen hold: a row of bits for each count. */
  readonly #held: number[] = [];

  constructor(
    private readonly candidates: Candidates,
    slots: readonly number[],
    weigh: (slot: number) => number,
  ) {
    for (const slot of slots) {
      const gain = candidates.gainAt(slot);
      if (gain === 0) continue;
      this.#slots.push(slot);
      this.#weights.push(weigh(slot));
      this.#gains.push(gain);
      this.#seen.push(false);
    }
    for (let word = 0; word < candidates.words; word++) this.#held.push(-1);
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Which one adds most, by its place here. */
  best(): number {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < this.#slots.length; at++) {
      const score = (this.#gains[at] ?? 0) * (this.#weights[at] ?? 0);
      if (score > most) [best, most] = [at, score];
    }
    return best;
  }

  /** Whether one is still worth what it was, after a closer look. */
  lookAt(at: number, closer: (slot: number) => number): boolean {
    if (this.#seen[at]) return true;
    this.#seen[at] = true;
    const remains = closer(this.#slots[at] ?? 0);
    this.#weights[at] = (this.#weights[at] ?? 0) * remains;
    return remains >= 1;
  }

  /** Takes one out and returns its slot; the last one takes its place. */
  remove(at: number): number {
    take(this.#weights, at);
    take(this.#gains, at);
    take(this.#seen, at);
    return take(this.#slots, at) ?? 0;
  }

  /** What the chosen one in `slot` holds is worth less from now on. */
  follow(slot: number): void {
    for (let at = 0; at < this.#slots.length; at++)
      this.#gains[at] = (this.#gains[at] ?? 0) - this.#lostBy(this.#slots[at] ?? 0, slot);
    const { candidates } = this;
    const { words } = candidates;
    for (let word = 0; word < words; word++) this.#held.push(0);
    for (let cell = this.#held.length - words - 1; cell >= 0; cell--) {
      const moved = (this.#held[cell] ?? 0) & candidates.bitsAt(slot, cell % words);
      this.#held[cell] = (this.#held[cell] ?? 0) ^ moved;
      this.#held[cell + words] = (this.#held[cell + words] ?? 0) | moved;
    }
  }

  #lostBy(slot: number, chosen: number): number {
    const { candidates } = this;
    const { words } = candidates;
    let lost = 0;
    for (let word = 0; word < words; word++) {
      const shared = candidates.bitsAt(slot, word) & candidates.bitsAt(chosen, word);
      if (shared === 0) continue;
      let worth = 1;
      for (let cell = word; cell < this.#held.length; cell += words) {
        lost += worth * bitCount(shared & (this.#held[cell] ?? 0));
        worth *= WORTH_OF_ANOTHER;
      }
    }
    return lost * (1 - WORTH_OF_ANOTHER);
  }
}

/** Removes one item in constant time; the order of the rest does not matter. */
function take<T>(items: T[], index: number): T | undefined {
  const taken = items[index];
  const last = items.pop();
  if (last !== undefined && index < items.length) items[index] = last;
  return taken;
}

/** How many bits are set: in pairs, then in fours, then in bytes, which one product sums up. */
function bitCount(bits: number): number {
  let counts = bits - ((bits >>> 1) & 0x5555_5555);
  counts = (counts & 0x3333_3333) + ((counts >>> 2) & 0x3333_3333);
  return Math.imul((counts + (counts >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
