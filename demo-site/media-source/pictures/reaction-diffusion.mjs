// Gray-Scott reaction-diffusion, grown on a coarse grid and lit like a relief.
import { gradient } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { clamp, scale } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

const COLUMNS = 480;
const ROWS = 320;

/** Drop some of the second substance at random places. */
function sow(b, random, spots) {
  for (let s = 0; s < spots; s++) {
    const cx = Math.floor(random.next() * COLUMNS);
    const cy = Math.floor(random.next() * ROWS);
    const r = random.range(2, 6);
    for (let y = -6; y <= 6; y++) {
      for (let x = -6; x <= 6; x++) {
        if (x * x + y * y > r * r) continue;
        b[((cy + y + ROWS) % ROWS) * COLUMNS + ((cx + x + COLUMNS) % COLUMNS)] = 0.3;
      }
    }
  }
}

/** One step of the reaction; edges wrap round. */
function react(a, b, a2, b2, feed, kill) {
  for (let y = 0; y < ROWS; y++) {
    const row = y * COLUMNS;
    const up = ((y + ROWS - 1) % ROWS) * COLUMNS;
    const down = ((y + 1) % ROWS) * COLUMNS;
    for (let x = 0; x < COLUMNS; x++) {
      const left = x ? x - 1 : COLUMNS - 1;
      const right = x < COLUMNS - 1 ? x + 1 : 0;
      const i = row + x;
      const spreadA =
        0.2 * (a[row + left] + a[row + right] + a[up + x] + a[down + x]) +
        0.05 * (a[up + left] + a[up + right] + a[down + left] + a[down + right]) -
        a[i];
      const spreadB =
        0.2 * (b[row + left] + b[row + right] + b[up + x] + b[down + x]) +
        0.05 * (b[up + left] + b[up + right] + b[down + left] + b[down + right]) -
        b[i];
      const abb = a[i] * b[i] * b[i];
      a2[i] = a[i] + spreadA - abb + feed[i] * (1 - a[i]);
      b2[i] = b[i] + 0.5 * spreadB + abb - (kill[i] + feed[i]) * b[i];
    }
  }
}

function grow({ seed, feed, kill, vary = 0, steps = 5000, spots = 40 }) {
  const noise = createNoise(seed);
  const cells = COLUMNS * ROWS;
  let a = new Float32Array(cells).fill(1);
  let b = new Float32Array(cells);
  let a2 = new Float32Array(cells);
  let b2 = new Float32Array(cells);
  const place = (f) =>
    Float32Array.from({ length: cells }, (_, i) => f((i % COLUMNS) / ROWS, Math.floor(i / COLUMNS) / ROWS));
  const feeds = place((u, v) => feed + vary * 0.012 * noise.noise2(u * 1.7, v * 1.7));
  const kills = place((u, v) => kill + vary * 0.0022 * noise.noise2(u * 1.7 + 8, v * 1.7));
  sow(b, createRandom(seed), spots);
  for (let s = 0; s < steps; s++) {
    react(a, b, a2, b2, feeds, kills);
    [a, a2, b, b2] = [a2, a, b2, b];
  }
  return b;
}

/** Read the grid between its points (cubic B-spline, which also smooths). */
function makeReader(grid) {
  const w = [0, 0, 0, 0];
  const spline = (t, out) => {
    const s = 1 - t;
    out[0] = (s * s * s) / 6;
    out[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
    out[2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
    out[3] = (t * t * t) / 6;
  };
  const wy = [0, 0, 0, 0];
  return (u, v) => {
    const x = u * ROWS - 0.5;
    const y = v * ROWS - 0.5;
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    spline(x - x0, w);
    spline(y - y0, wy);
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      const row = ((y0 + j - 1 + ROWS) % ROWS) * COLUMNS;
      for (let k = 0; k < 4; k++) sum += wy[j] * w[k] * grid[row + ((x0 + k - 1 + COLUMNS) % COLUMNS)];
    }
    return sum;
  };
}

/**
 * @param {{width: number, height: number, seed: number, feed: number, kill: number, vary?: number,
 *   steps?: number, spots?: number, palette: string[], relief?: number, flat?: boolean}} options
 */
export function reactionDiffusion(options) {
  const { width, height, palette, relief = 9, seed } = options;
  const read = makeReader(grow(options));
  const noise = createNoise(seed + 1);
  const ramp = gradient(palette);
  return paint(width, height, 2, (u, v, out) => {
    const h = read(u, v);
    const slope = h - read(u + 0.004, v + 0.005);
    ramp(clamp(h * 2.5) * 0.85 + 0.12 * noise.fbm2(u * 1.5, v * 1.5, 3) + 0.05, out);
    scale(out, 1 - slope * relief * 0.45);
  });
}
