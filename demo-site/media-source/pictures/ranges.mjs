// Alpine terrain seen from the air: eroded-looking noise, snow on flat high ground, haze in valleys.
import { gradient, rgb } from '../lib/colour.mjs';
import { shrink } from '../lib/frame.mjs';
import { buildTerrain, heightOf, viewTerrain } from '../lib/heightfield.mjs';
import { addLight, blend, clamp, scale, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { paintSky } from '../lib/sky.mjs';

/**
 * @typedef {object} RangeLook
 * @property {number} seed
 * @property {number} [size] map size in cells, a power of two
 * @property {number} [relief] height of the peaks in cells
 * @property {number} [features] how many ranges fit across the map (a power of two)
 * @property {string[]} rock valley floor to summit
 * @property {string} snow @property {number} snowLine 0 to 1 (above 1: none)
 * @property {string} sunlight @property {string} shadow
 * @property {{heading: number, slope: number}} sun
 * @property {number} [water] level of lakes and sea, 0 to 1
 * @property {string} [waterColour]
 */

/** Ridged noise whose finer octaves appear mostly on high ground; repeats over the map. */
function ridgeHeight(noise, size, features) {
  const step = features / size;
  return (x, y) => {
    const u = x * step;
    const v = y * step;
    const bendX = noise.noise2(u + 3.1, v + 7.7, features) * 0.35;
    const bendY = noise.noise2(u + 9.4, v + 2.2, features) * 0.35;
    let sum = 0;
    let weight = 0.5;
    let last = 1;
    for (let k = 1; k * features <= size / 4; k *= 2) {
      const period = Math.min(256, k * features);
      const raw = noise.noise2((u + bendX) * k + k * 5, (v + bendY) * k + k * 3, period);
      const n = 1 - Math.sqrt(raw * raw + 0.001);
      sum += weight * n * n * last;
      last = clamp(n * n * 1.25);
      weight *= 0.48;
    }
    const region = 0.62 + 0.55 * noise.noise2(u / 2 + 1.5, v / 2 + 4.5, features / 2);
    return clamp(sum * 1.15 * region, 0, 1.3);
  };
}

/** @param {RangeLook} look */
export function buildRange(look) {
  const { size = 2048, relief = 210, features = 8, snowLine, water = -1 } = look;
  const noise = createNoise(look.seed);
  const shape = ridgeHeight(noise, size, features);
  const rock = gradient(look.rock);
  const snow = rgb(look.snow);
  const sunlight = rgb(look.sunlight);
  const shadow = rgb(look.shadow);
  const lake = rgb(look.waterColour ?? '#204050');
  const heightAt = (x, y) => Math.max(water, shape(x, y)) * relief;
  return buildTerrain(size, heightAt, look.sun, (h, nx, ny, nz, light, x, y, out) => {
    const high = h / relief;
    if (high <= water + 1e-4) {
      out[0] = lake[0];
      out[1] = lake[1];
      out[2] = lake[2];
      scale(out, 0.95 + 0.08 * noise.fbm2(x * 0.05, y * 0.16, 4));
      return;
    }
    const patch = noise.fbm2(x * 0.02, y * 0.02, 4);
    rock(high + patch * 0.2, out);
    const lies =
      smoothstep(snowLine - 0.08, snowLine + 0.14, high + patch * 0.18) * smoothstep(0.45, 0.8, nz);
    blend(out, snow, lies);
    const base = [out[0], out[1], out[2]];
    for (let c = 0; c < 3; c++) out[c] = base[c] * shadow[c] * (0.75 + 0.45 * nz);
    addLight(out, [base[0] * sunlight[0], base[1] * sunlight[1], base[2] * sunlight[2]], light * 1.35);
  });
}

/**
 * @param {RangeLook & {width: number, height: number, sky: import('../lib/sky.mjs').SkyLook,
 *   camera: Omit<import('../lib/heightfield.mjs').Camera, 'z'> & {above: number},
 *   air: {density: number, depth: number, cool: string, warm: string}}} look
 */
export function ranges(look) {
  const terrain = buildRange(look);
  const z = heightOf(terrain, look.camera.x, look.camera.y) + look.camera.above;
  const air = {
    density: look.air.density,
    depth: look.air.depth,
    cool: rgb(look.air.cool),
    warm: rgb(look.air.warm),
    sunHeading: look.sky.sun.azimuth,
    sky: paintSky(look.sky, 8192),
  };
  const camera = { detail: 0.0009, far: 2000, ...look.camera, z };
  return shrink(viewTerrain(terrain, camera, air, look.width * 2, look.height * 2), 2);
}
