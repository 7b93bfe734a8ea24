// Mountain ranges one behind another, with mist lying in the valleys between them.
import { gradient, rgb } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { addLight, blend, mix, screen, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

const COLUMNS = 3600;

/**
 * @typedef {object} MountainLook
 * @property {string[]} sky from the top down to the horizon
 * @property {string[]} land from the farthest range to the nearest
 * @property {string} mist
 * @property {number} [layers]
 * @property {number} [top] where the farthest crest lies (0 top of the picture, 1 bottom)
 * @property {number} [rough] 0 soft hills, 1 sharp peaks
 * @property {number} [mistiness] 0 to 1
 * @property {{u: number, v: number, radius: number, colour: string, glow: number}} [sun]
 * @property {number} [stars] how many
 * @property {boolean} [trees] conifers on the nearer ranges
 * @property {number} [cloud] strength of cloud streaks, 0 to 1
 */

/** The crest line of one range: height of the skyline per column. */
function crest(noise, look, depth, layer) {
  const line = new Float32Array(COLUMNS);
  const frequency = mix(2.6, 0.85, depth);
  const size = mix(0.14, 0.26, depth);
  const base = mix(look.top ?? 0.42, 0.96, depth ** 1.15);
  for (let i = 0; i < COLUMNS; i++) {
    const x = (i / COLUMNS) * 1.5 * frequency;
    const soft = noise.fbm2(x, layer * 7.3, 6) * 1.1;
    const sharp = noise.ridged2(x * 0.9, layer * 5.1 + 0.5, 8) - 0.45;
    line[i] = base - size * mix(soft, sharp * 1.5 + soft * 0.25, look.rough ?? 0.6);
  }
  return line;
}

/** Put conifers on a crest line. */
function plantTrees(line, random, size) {
  for (let x = 0; x < COLUMNS; x += size * random.range(120, 640)) {
    const tall = size * random.range(0.35, 1) ** 1.4;
    const half = tall * 330;
    const foot = line[Math.min(COLUMNS - 1, Math.floor(x))];
    for (let i = Math.max(0, Math.ceil(x - half)); i < Math.min(COLUMNS, x + half); i++) {
      const side = Math.abs(i - x) / half;
      const branch = 0.1 * ((side * 7) % 1);
      line[i] = Math.min(line[i], foot - tall * Math.max(0, 1 - side ** 0.85 - branch));
    }
  }
}

function makeCrests(noise, look, seed) {
  const layers = look.layers ?? 6;
  const random = createRandom(seed + 5);
  return Array.from({ length: layers }, (_, i) => {
    const depth = i / (layers - 1);
    const line = crest(noise, look, depth, i);
    const ground = line.slice();
    if (look.trees && depth > 0.35) plantTrees(line, random, mix(0.012, 0.11, depth ** 2.2));
    return { ground, line };
  });
}

/** A function that colours the sky. */
function makeSky(noise, look, seed) {
  const ramp = gradient(look.sky);
  const random = createRandom(seed + 9);
  const stars = Array.from({ length: look.stars ?? 0 }, () => [
    random.next() * 1.5,
    random.next() ** 1.3 * 0.7,
    random.range(0.0004, 0.0012),
    random.range(0.25, 0.9),
  ]);
  const sun = look.sun && { ...look.sun, rgb: rgb(look.sun.colour) };
  const horizon = (look.top ?? 0.42) + 0.12;
  return (u, v, out) => {
    ramp(v / horizon, out);
    for (const [x, y, r, a] of stars) {
      const d2 = (u - x) ** 2 + (v - y) ** 2;
      if (d2 < r * r * 9) addLight(out, [1, 0.97, 0.9], a * Math.exp(-d2 / (r * r)));
    }
    const streak = noise.fbm2(u * 2.2 + 40, v * 9 + noise.fbm2(u * 3, v * 5, 3), 6);
    const cloud = smoothstep(0.02, 0.5, streak) * (look.cloud ?? 0.35);
    if (sun) lightSky(sun, u, v, out);
    ramp(1, cloudColour);
    blend(out, cloudColour, cloud * smoothstep(0, 0.25, v));
  };
}

const cloudColour = [0, 0, 0];

function lightSky(sun, u, v, out) {
  const d = Math.hypot(u - sun.u, v - sun.v);
  screen(out, sun.rgb, sun.glow * 1.5 * (0.55 * Math.exp(-d * d * 14) + 0.45 * Math.exp(-d * d * 90)));
  blend(out, sun.rgb, smoothstep(sun.radius + 0.0025, sun.radius - 0.0025, d));
}

/**
 * @param {MountainLook & {width: number, height: number, seed: number}} look
 */
export function mountains(look) {
  const { width, height, seed } = look;
  const noise = createNoise(seed);
  const crests = makeCrests(noise, look, seed);
  const sky = makeSky(noise, look, seed);
  const land = gradient(look.land);
  const mist = rgb(look.mist);
  const last = crests.length - 1;
  return paint(width, height, 2, (u, v, out) => {
    const column = Math.min(COLUMNS - 1, Math.floor((u / 1.5) * COLUMNS));
    let i = last;
    while (i >= 0 && crests[i].line[column] > v) i--;
    if (i < 0) return sky(u, v, out);
    const depth = i / last;
    const below = v - crests[i].ground[column];
    land(depth, out);
    const facing = noise.fbm2(u * 9 + below * 5, below * 11 + i * 3, 5);
    const shade = 1 + facing * 0.35 * (1 - depth * 0.5) * smoothstep(0, 0.03, below);
    out[0] *= shade;
    out[1] *= shade;
    out[2] *= shade;
    const drift = 0.75 + 0.6 * noise.fbm2(u * 2.5 + i * 4, v * 7, 5);
    const bank = smoothstep(-0.01, mix(0.16, 0.3, depth), below) * (1 - depth ** 2 * 0.75);
    blend(out, mist, Math.min(0.97, (look.mistiness ?? 0.7) * bank * drift));
  });
}
