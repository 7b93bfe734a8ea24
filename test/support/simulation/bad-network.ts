import type { Clock } from '../../../src/core/clock.js';
import type { MemoryNetwork } from '../memory-link.js';

/** How often (ms) the network loses a link for no reason, and what share of these close at once. */
const LOSS_EVERY = 400;
const CLEAN_CUTS = 0.5;
/** Milliseconds until ICE notices that nothing comes any more, at least and at most. */
const LEAST_DARK = 3000;
const MOST_DARK = 12_000;

/** How long it takes others to notice that somebody is gone without a word (ms). */
export function darkness(random: () => number): number {
  return LEAST_DARK + (MOST_DARK - LEAST_DARK) * random();
}

/** Loses one link after the other, some at once and some by silence, until `isOver`. */
export function loseLinks(
  network: MemoryNetwork,
  clock: Clock,
  random: () => number,
  isOver: () => boolean,
): void {
  clock.setTimeout(() => {
    if (isOver()) return;
    const open = network.links.filter((link) => link.open);
    const lost = open[Math.floor(random() * open.length)];
    if (random() < CLEAN_CUTS) lost?.cut();
    else lost?.darken(darkness(random));
    loseLinks(network, clock, random, isOver);
  }, LOSS_EVERY);
}
