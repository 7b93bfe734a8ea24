import type { PeerId } from '../../src/core/brands.js';
import type { Dice } from '../core/dice.js';

/** A peer that could be shown: which wanted roots it holds, and how good it is for the asker (> 0). */
export interface Candidate {
  readonly pid: PeerId;
  readonly has: readonly number[];
  readonly score: number;
}

/** A root's second holder is worth a quarter of its first, the third a sixteenth. */
const WORTH_OF_ANOTHER = 1 / 4;
/** Scores are mixed by this share either way, so that not everybody is sent to the same few peers. */
const MIXING = 0.25;

/**
 * Greedy cover: at most `k` peers, best first, that between them hold as many of the wanted roots as
 * possible, from several peers where there are several. When not everybody fits, the last place goes
 * to a peer drawn at random, so that newcomers and the badly scored get a chance to prove themselves.
 * Only those about to be chosen are asked for with `accept`, which may cost more than the rest.
 */
export function cover<C extends Candidate>(
  candidates: readonly C[],
  { roots, k, dice, accept = () => true }: CoverOptions<C>,
): C[] {
  const held = candidates.filter(({ has }) => has.length > 0);
  const rest = held.map((item) => ({ item, weight: item.score * (1 + MIXING * (2 * dice() - 1)) }));
  const worth = new Float64Array(roots).fill(1);
  const chosen: C[] = [];
  while (chosen.length < k && rest.length > 0) {
    // The last place, if there are others left who want it.
    const isDrawn = k > 1 && chosen.length === k - 1 && rest.length > 1;
    const taken = take(rest, isDrawn ? Math.floor(dice() * rest.length) : indexOfBest(rest, worth));
    if (!taken || !accept(taken.item)) continue;
    for (const position of taken.item.has) worth[position] = (worth[position] ?? 0) * WORTH_OF_ANOTHER;
    chosen.push(taken.item);
  }
  return chosen;
}

export interface CoverOptions<C> {
  /** How many roots are wanted. */
  readonly roots: number;
  readonly k: number;
  readonly dice: Dice;
  readonly accept?: (candidate: C) => boolean;
}

interface Weighed {
  readonly item: Candidate;
  readonly weight: number;
}

function indexOfBest(candidates: readonly Weighed[], worth: Float64Array): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  candidates.forEach(({ item, weight }, i) => {
    let gain = 0;
    for (const position of item.has) gain += worth[position] ?? 0;
    if (gain * weight > most) [best, most] = [i, gain * weight];
  });
  return best;
}

/** Removes one item in constant time; the order of the rest does not matter. */
function take<T>(items: T[], index: number): T | undefined {
  const taken = items[index];
  const last = items.pop();
  if (last && index < items.length) items[index] = last;
  return taken;
}
