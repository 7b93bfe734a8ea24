// A small seeded pseudo-random generator, so that every run draws the same pictures.

/**
 * @typedef {object} Random
 * @property {() => number} next uniform in [0, 1)
 * @property {(low: number, high: number) => number} range uniform in [low, high)
 * @property {() => number} gauss roughly normal, mean 0, deviation 1
 * @property {<T>(list: T[]) => T} pick one element of a list
 */

/**
 * Make a generator (mulberry32).
 * @param {number} seed any integer
 * @returns {Random}
 */
export function createRandom(seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    range: (low, high) => low + (high - low) * next(),
    gauss: () => (next() + next() + next() + next() - 2) * 1.732,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}
