import type { RandomBytes } from '../../src/core/bytes.js';

/** Numbers in [0, 1). */
export type Dice = () => number;

/**
 * Fast dice for mixing answers (xorshift32), seeded once from good randomness. Secrets and identities
 * come from `RandomBytes` directly, never from here.
 */
export function createDice(random: RandomBytes): Dice {
  // With a sign: as a whole number of 32 bits it needs no memory of its own.
  let state = new DataView(random(4).buffer).getInt32(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
