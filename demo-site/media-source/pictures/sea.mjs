// Seas with a sun or a moon.
import { gradient, rgb } from '../lib/colour.mjs';
import { createFrame, shrink } from '../lib/frame.mjs';
import { blend, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';
import { drawSeascape } from '../lib/seascape.mjs';
import { createWaves } from '../lib/water.mjs';

/** A function that paints drifting cloud banks, brighter at their rims near the light. */
function makeClouds(look, horizon, focal) {
  const noise = createNoise(look.seed + 3);
  const dark = rgb(look.cloud[0]);
  const lit = rgb(look.cloud[1]);
  const { light, cover = 0.5 } = look;
  const colour = [0, 0, 0];
  const sunU = 0.75 + light.x * focal;
  const sunV = horizon - light.y * focal;
  return (u, v, out) => {
    const flat = 0.16 / (horizon - v + 0.1);
    const x = (u - 0.75) * flat * 6 + 20;
    const y = flat * 11;
    const warp = noise.fbm2(x * 0.7, y * 0.7, 4);
    const n = noise.fbm2(x + warp, y + warp * 1.4, 7) + (cover - 0.5) * 0.5;
    const body = smoothstep(0.0, 0.38, n);
    const d2 = (u - sunU) ** 2 + (v - sunV) ** 2;
    const rim = Math.exp(-d2 * 3) * (1 - body * 0.75) + 0.25 * (1 - body);
    colour[0] = dark[0];
    colour[1] = dark[1];
    colour[2] = dark[2];
    blend(colour, lit, Math.min(1, rim * 1.2));
    blend(out, colour, body * 0.9 * smoothstep(0.004, 0.09, horizon - v));
  };
}

function addStars(frame, count, horizon, seed) {
  const random = createRandom(seed + 8);
  const { width, height, data } = frame;
  for (let s = 0; s < count; s++) {
    const x = Math.floor(random.next() * (width - 4)) + 2;
    const y = Math.floor(random.next() ** 1.2 * horizon * 0.92 * height) + 2;
    const bright = random.next() ** 3 * 1.6 + 0.2;
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const i = ((y + dy) * width + x + dx) * 3;
        const a = bright * Math.exp(-(dx * dx + dy * dy) / 1.6);
        for (let c = 0; c < 3; c++) data[i + c] += a * (1 - data[i + c]);
      }
    }
  }
}

/**
 * Distant headlands on the horizon.
 * @param {import('../lib/frame.mjs').Frame} frame
 * @param {{from: number, to: number, tall: number, colour: string | ArrayLike<number>}[]} islands
 * @param {number} horizon @param {number} seed
 */
export function addIslands(frame, islands, horizon, seed) {
  const noise = createNoise(seed + 4);
  const { width, height, data } = frame;
  const foot = Math.round(horizon * height);
  for (const { from, to, tall, colour } of islands) {
    const paint = typeof colour === 'string' ? rgb(colour) : colour;
    for (let x = Math.max(0, Math.floor(from * width)); x < Math.min(width, to * width); x++) {
      const t = (x / width - from) / (to - from);
      const shape =
        Math.sqrt(Math.max(0, Math.sin(t * Math.PI))) * (0.6 + 0.9 * noise.fbm2(t * 4, tall * 90, 6));
      const top = foot - Math.max(0, shape) * tall * height;
      for (let y = Math.floor(top); y < foot; y++) {
        const part = Math.min(1, y + 1 - top);
        const i = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) data[i + c] += (paint[c] - data[i + c]) * part * 0.93;
      }
    }
  }
}

/**
 * @param {{width: number, height: number, seed: number, sky: string[], deep: string, cloud: [string, string],
 *   cover?: number, light: {x: number, y: number, radius: number, colour: string, glow: number, glitter: number},
 *   horizon?: number, waves?: object, fog?: number, stars?: number, islands?: object[]}} look
 *   `sky` runs from the horizon up
 */
export function sea(look) {
  const { seed, horizon = 0.5 } = look;
  const width = look.width * 2;
  const height = look.height * 2;
  const focal = 1.1;
  const ramp = gradient(look.sky);
  const scene = {
    sky: (y, out) => ramp(Math.sqrt(Math.max(0, y)) / 0.75, out),
    lights: [{ ...look.light, colour: rgb(look.light.colour) }],
    deep: rgb(look.deep),
    horizon,
    focal,
    eye: 2.4,
    waves: createWaves(seed, { count: 44, ...look.waves }),
    time: 11,
    clouds: makeClouds(look, horizon, focal),
    fog: look.fog ?? 0.6,
  };
  const frame = drawSeascape(scene, width, height, createFrame(width, height));
  if (look.stars) addStars(frame, look.stars, horizon, seed);
  if (look.islands) addIslands(frame, look.islands, horizon, seed);
  return shrink(frame, 2);
}
