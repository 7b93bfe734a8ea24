// Sand dunes: long crests bent by noise, gentle to windward and steep to lee, in low light.
import { gradient, rgb } from '../lib/colour.mjs';
import { shrink } from '../lib/frame.mjs';
import { buildTerrain, heightOf, viewTerrain } from '../lib/heightfield.mjs';
import { addLight, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { paintSky } from '../lib/sky.mjs';

const SIZE = 2048;

/** One dune profile: rises over the first 70 % of the way, falls over the rest. */
function profile(t) {
  const s = t - Math.floor(t);
  const up = s < 0.7 ? s / 0.7 : (1 - s) / 0.3;
  return s < 0.7 ? smoothstep(0, 1.25, up) * 1.1 : up * (0.75 + 0.25 * up) * smoothstep(0, 1.25, 1) * 1.1;
}

/** @param {number} seed @param {number} relief @param {number} crests */
function duneHeight(seed, relief, crests) {
  const noise = createNoise(seed);
  const k = 8 / SIZE;
  return (x, y) => {
    const u = x * k;
    const v = y * k;
    const bend = noise.noise2(u * 0.5, v * 0.5, 4) * 1.5 + noise.noise2(u * 2, v * 2, 16) * 0.22;
    const size = 0.6 + 0.5 * noise.noise2(u + 5, v + 5, 8);
    const main = profile((x / SIZE) * crests + bend) * size;
    const cross = profile((y / SIZE) * crests * 2 + bend * 1.3 + main * 0.4) * 0.22 * (1.1 - size);
    const swell = noise.noise2(u * 0.5 + 9, v * 0.5 + 3, 4) * 0.35;
    const ripple = Math.sin((x + y * 0.22) * 1.5 + noise.noise2(u * 16, v * 16, 128) * 4) * 0.0022;
    return (main + cross + swell + ripple) * relief;
  };
}

/**
 * @param {{width: number, height: number, seed: number, relief?: number, crests?: number,
 *   sand: string[], sunlight: string, shadow: string, sun: {heading: number, slope: number},
 *   sky: import('../lib/sky.mjs').SkyLook,
 *   camera: {x: number, y: number, above: number, heading: number, horizon: number, focal: number},
 *   air: {density: number, depth: number, cool: string, warm: string}}} look
 */
export function dunes(look) {
  const relief = look.relief ?? 75;
  const sand = gradient(look.sand);
  const sunlight = rgb(look.sunlight);
  const shadow = rgb(look.shadow);
  const material = (h, nx, ny, nz, light, x, y, out) => {
    sand(h / relief / 1.3 + 0.2, out);
    const base = [out[0], out[1], out[2]];
    for (let c = 0; c < 3; c++) out[c] = base[c] * shadow[c] * (0.6 + 0.4 * nz);
    addLight(
      out,
      base.map((v, c) => v * sunlight[c]),
      light * 1.25,
    );
  };
  const terrain = buildTerrain(SIZE, duneHeight(look.seed, relief, look.crests ?? 7), look.sun, material);
  const { camera } = look;
  const z = heightOf(terrain, camera.x, camera.y) + camera.above;
  const air = {
    density: look.air.density,
    depth: look.air.depth,
    cool: rgb(look.air.cool),
    warm: rgb(look.air.warm),
    sunHeading: look.sky.sun.azimuth,
    sky: paintSky(look.sky, 8192),
  };
  const view = { detail: 0.0015, far: 1900, ...camera, z };
  return shrink(viewTerrain(terrain, view, air, look.width * 2, look.height * 2), 2);
}
