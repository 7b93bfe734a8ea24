// Gradient (Perlin) noise in two and three dimensions, and the sums of octaves made from it.
import { createRandom } from './random.mjs';

/**
 * @typedef {object} Noise
 * @property {(x: number, y: number, period?: number) => number} noise2 about -1 to 1; a power-of-two
 *   `period` (at most 256) makes it repeat
 * @property {(x: number, y: number, z: number) => number} noise3 about -1 to 1
 * @property {(x: number, y: number, octaves: number, gain?: number) => number} fbm2 sum of octaves
 * @property {(x: number, y: number, z: number, octaves: number) => number} fbm3 sum of octaves
 * @property {(x: number, y: number, octaves: number, gain?: number) => number} ridged2 sharp crests, 0 to 1
 */

const fade = (t) => t * t * t * (t * (t * 6 - 15) + 10);

/** A shuffled table of 0..255, twice over. @param {import('./random.mjs').Random} random */
function shuffledTable(random) {
  const table = new Uint8Array(512);
  for (let i = 0; i < 256; i++) table[i] = i;
  for (let i = 255; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [table[i], table[j]] = [table[j], table[i]];
  }
  table.copyWithin(256, 0, 256);
  return table;
}

/** @param {Uint8Array} perm @param {import('./random.mjs').Random} random */
function makeNoise2(perm, random) {
  const gx = new Float64Array(256);
  const gy = new Float64Array(256);
  for (let i = 0; i < 256; i++) {
    const angle = random.next() * Math.PI * 2;
    gx[i] = Math.cos(angle) * 1.5;
    gy[i] = Math.sin(angle) * 1.5;
  }
  return (x, y, period = 256) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const mask = period - 1;
    const fx = x - x0;
    const fy = y - y0;
    const left = perm[x0 & mask];
    const right = perm[(x0 + 1) & mask];
    const top = y0 & mask;
    const bottom = (y0 + 1) & mask;
    const a = perm[left + top];
    const b = perm[right + top];
    const c = perm[left + bottom];
    const d = perm[right + bottom];
    const u = fade(fx);
    const na = gx[a] * fx + gy[a] * fy;
    const nb = gx[b] * (fx - 1) + gy[b] * fy;
    const nc = gx[c] * fx + gy[c] * (fy - 1);
    const nd = gx[d] * (fx - 1) + gy[d] * (fy - 1);
    const upper = na + (nb - na) * u;
    return upper + (nc + (nd - nc) * u - upper) * fade(fy);
  };
}

/** @param {Uint8Array} perm @param {import('./random.mjs').Random} random */
function makeNoise3(perm, random) {
  const g = new Float64Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const z = random.next() * 2 - 1;
    const angle = random.next() * Math.PI * 2;
    const r = Math.sqrt(1 - z * z);
    g.set([Math.cos(angle) * r * 1.5, Math.sin(angle) * r * 1.5, z * 1.5], i * 3);
  }
  const dot = (hash, x, y, z) => g[hash * 3] * x + g[hash * 3 + 1] * y + g[hash * 3 + 2] * z;
  return (x, y, z) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const z0 = Math.floor(z);
    const fx = x - x0;
    const fy = y - y0;
    const fz = z - z0;
    const A = perm[x0 & 255] + (y0 & 255);
    const B = perm[(x0 + 1) & 255] + (y0 & 255);
    const zz = z0 & 255;
    const u = fade(fx);
    const v = fade(fy);
    const near = plane(zz, fz);
    return near + (plane(zz + 1, fz - 1) - near) * fade(fz);

    function plane(layer, dz) {
      const a = dot(perm[(perm[A & 511] + layer) & 511], fx, fy, dz);
      const b = dot(perm[(perm[B & 511] + layer) & 511], fx - 1, fy, dz);
      const c = dot(perm[(perm[(A + 1) & 511] + layer) & 511], fx, fy - 1, dz);
      const d = dot(perm[(perm[(B + 1) & 511] + layer) & 511], fx - 1, fy - 1, dz);
      const upper = a + (b - a) * u;
      return upper + (c + (d - c) * u - upper) * v;
    }
  };
}

/**
 * Make a seeded family of noise functions.
 * @param {number} seed
 * @returns {Noise}
 */
export function createNoise(seed) {
  const random = createRandom(seed + 101);
  const perm = shuffledTable(random);
  const noise2 = makeNoise2(perm, random);
  const noise3 = makeNoise3(perm, random);

  const fbm2 = (x, y, octaves, gain = 0.5) => {
    let sum = 0;
    let weight = 0.5;
    for (let i = 0; i < octaves; i++) {
      sum += weight * noise2(x, y);
      const rx = 1.6 * x - 1.2 * y + 17.3;
      y = 1.2 * x + 1.6 * y + 9.1;
      x = rx;
      weight *= gain;
    }
    return sum;
  };
  const fbm3 = (x, y, z, octaves) => {
    let sum = 0;
    let weight = 0.5;
    for (let i = 0; i < octaves; i++) {
      sum += weight * noise3(x, y, z);
      x = x * 2.03 + 11.7;
      y = y * 2.03 + 5.3;
      z = z * 1.7 + 3.1;
      weight *= 0.5;
    }
    return sum;
  };
  const ridged2 = (x, y, octaves, gain = 0.5) => {
    let sum = 0;
    let weight = 1 - gain;
    let last = 1;
    for (let i = 0; i < octaves; i++) {
      const n = 1 - Math.abs(noise2(x, y));
      sum += weight * n * n * last;
      last = n;
      const rx = 1.6 * x - 1.2 * y + 17.3;
      y = 1.2 * x + 1.6 * y + 9.1;
      x = rx;
      weight *= gain;
    }
    return sum;
  };
  return { noise2, noise3, fbm2, fbm3, ridged2 };
}
