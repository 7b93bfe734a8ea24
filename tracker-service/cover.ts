import type { PeerId } from '../src/core/brands.js';
import type { Dice } from './dice.js';

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
  const rest = candidates.filter((candidate) => candidate.has.length > 0);
  const weights = new Map(rest.map((c) => [c, c.score * (1 + MIXING * (2 * dice() - 1))]));
  const worth = new Float64Array(roots).fill(1);
  const chosen: C[] = [];
  const byDraw = k > 1 && rest.length > k ? 1 : 0;
  while (chosen.length < k - byDraw && rest.length > 0) {
    const best = take(
      rest,
      indexOfBest(rest, (c) => gainOf(c, worth) * (weights.get(c) ?? 0)),
    );
    if (!best) break;
    for (const position of best.has) worth[position] = (worth[position] ?? 0) * WORTH_OF_ANOTHER;
    chosen.push(best);
  }
  const drawn = byDraw ? take(rest, Math.floor(dice() * rest.length)) : undefined;
  return drawn ? [...chosen, drawn] : chosen;
}

function gainOf(candidate: Candidate, worth: Float64Array): number {
  let gain = 0;
  for (const position of candidate.has) gain += worth[position] ?? 0;
  return gain;
}

function indexOfBest<C>(candidates: readonly C[], value: (candidate: C) => number): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  candidates.forEach((candidate, i) => {
    const here = value(candidate);
    if (here > most) [best, most] = [i, here];
  });
  return best;
}

/** Removes one item in constant time; the order of the rest does not matter. */
function take<C>(candidates: C[], index: number): C | undefined {
  const taken = candidates[index];
  const last = candidates.pop();
  if (last && index < candidates.length) candidates[index] = last;
  return taken;
}
