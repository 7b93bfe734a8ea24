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
 */
export function cover<C extends Candidate>(
  candidates: readonly C[],
  roots: number,
  k: number,
  dice: Dice,
): C[] {
  const held = candidates.filter(({ has }) => has.length > 0);
  const rest = held.map((item) => ({ item, weight: item.score * (1 + MIXING * (2 * dice() - 1)) }));
  const worth = new Float64Array(roots).fill(1);
  const chosen: C[] = [];
  const byDraw = k > 1 && rest.length > k ? 1 : 0;
  while (chosen.length < k - byDraw && rest.length > 0) {
    const best = take(rest, indexOfBest(rest, worth));
    if (!best) break;
    for (const position of best.item.has) worth[position] = (worth[position] ?? 0) * WORTH_OF_ANOTHER;
    chosen.push(best.item);
  }
  const drawn = byDraw ? take(rest, Math.floor(dice() * rest.length)) : undefined;
  return drawn ? [...chosen, drawn.item] : chosen;
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
