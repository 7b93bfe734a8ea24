// A sea under a sky with a sun or a moon; used for still pictures and for the film.
import { createFrame } from './frame.mjs';
import { clamp, screen, smoothstep } from './maths.mjs';
import { waveRow } from './water.mjs';

/**
 * @typedef {object} Light a sun or moon; `x` sideways and `y` up as slopes of the view direction
 * @property {number} x @property {number} y @property {number} radius
 * @property {ArrayLike<number>} colour
 * @property {number} glow width and strength of the halo
 * @property {number} glitter strength of its path on the water
 * @property {ArrayLike<number>} [disc] colour of the disc, if another
 */

/**
 * @typedef {object} Seascape
 * @property {(elevation: number, out: number[]) => number[]} sky colour by elevation (slope, 0 = horizon)
 * @property {Light[]} lights
 * @property {ArrayLike<number>} deep colour of the water looking down
 * @property {number} horizon 0 top to 1 bottom @property {number} focal in picture heights
 * @property {number} eye height above the water
 * @property {import('./water.mjs').Waves} waves @property {number} time seconds
 * @property {(u: number, v: number, out: number[]) => void} [clouds] paints over the sky
 * @property {number} [fog] how far the horizon dissolves, 0 to 1
 */

/** Sky and halo in a direction. */
function skyLight(scene, x, y, out) {
  scene.sky(y, out);
  for (const light of scene.lights) {
    const d2 = (x - light.x) ** 2 + (y - light.y) ** 2;
    if (d2 > 3 || light.glow < 0.002) continue;
    screen(out, light.colour, light.glow * (0.8 * Math.exp(-d2 * 5) + 0.9 * Math.exp(-d2 * 40)));
  }
}

/**
 * @param {Seascape} scene @param {number} width @param {number} height
 * @param {import('./frame.mjs').Frame} [frame]
 */
export function drawSeascape(scene, width, height, frame = createFrame(width, height)) {
  const split = scene.horizon * height;
  for (let row = 0; row < height; row++) {
    if (row + 0.5 < split) skyRow(scene, frame, row);
    else waterRow(scene, frame, row);
  }
  return frame;
}

function skyRow(scene, { width, height, data }, row) {
  const out = [0, 0, 0];
  const y = (scene.horizon - (row + 0.5) / height) / scene.focal;
  const soft = 0.8 / height / scene.focal;
  for (let column = 0, i = row * width * 3; column < width; column++, i += 3) {
    const x = ((column + 0.5) / height - width / height / 2) / scene.focal;
    skyLight(scene, x, y, out);
    for (const light of scene.lights) {
      const d = Math.hypot(x - light.x, y - light.y);
      const cover = d > light.radius + soft ? 0 : smoothstep(light.radius + soft, light.radius - soft, d);
      for (let c = 0; c < 3; c++)
        out[c] += (Math.max(out[c], (light.disc ?? light.colour)[c]) - out[c]) * cover;
    }
    scene.clouds?.((column + 0.5) / height, (row + 0.5) / height, out);
    data[i] = out[0];
    data[i + 1] = out[1];
    data[i + 2] = out[2];
  }
}

let slopeX = new Float32Array(0);
let slopeZ = new Float32Array(0);

function waterRow(scene, frame, row) {
  const { width, height, data } = frame;
  if (slopeX.length < width) {
    slopeX = new Float32Array(width);
    slopeZ = new Float32Array(width);
  }
  const down = ((row + 0.5) / height - scene.horizon) / scene.focal;
  const z = scene.eye / down;
  const pixel = 1 / height / scene.focal;
  const left = -width / height / 2 / scene.focal;
  const blur = ((z * pixel * z) / scene.eye) * 0.5 + z * pixel;
  const lost = waveRow(scene.waves, z, left * z, pixel * z, width, scene.time, blur, slopeX, slopeZ);
  const spread = Math.sqrt(lost);
  const out = [0, 0, 0];
  const far = [0, 0, 0];
  scene.sky(0, far);
  const haze = (scene.fog ?? 0) * Math.exp(-down * 30);
  for (let column = 0, i = row * width * 3; column < width; column++, i += 3) {
    const x = left + (column + 0.5) * pixel;
    reflect(scene, x, down, slopeX[column], slopeZ[column], spread, out);
    for (let c = 0; c < 3; c++) data[i + c] = out[c] + (far[c] - out[c]) * haze;
  }
}

/** Colour of the water seen along (x, -down, 1) where the surface has slopes (sx, sz). */
function reflect(scene, x, down, sx, sz, spread, out) {
  const n = 1 / Math.sqrt(1 + sx * sx + sz * sz);
  const v = 1 / Math.sqrt(1 + x * x + down * down);
  const facing = clamp((sx * x + sz + down) * n * v + spread * 0.25, 0.005, 1);
  const fresnel = 0.03 + 0.97 * (1 - facing) ** 5;
  const k = 2 * facing * n;
  const rx = x * v - k * sx;
  const ry = Math.max(0.0, k - down * v);
  const rz = Math.max(0.15, v - k * sz);
  const upX = rx / rz;
  const upY = ry / rz + spread * 0.6;
  skyLight(scene, upX, upY, out);
  for (let c = 0; c < 3; c++) out[c] = scene.deep[c] + (out[c] - scene.deep[c]) * fresnel;
  for (const light of scene.lights) {
    if (light.glitter < 0.002) continue;
    const wide = 0.0022 + spread * spread * 3;
    const d2 = (upX - light.x) ** 2 + ((upY - light.y) * 0.55) ** 2;
    const spark = light.glitter * Math.exp(-d2 / wide) * (0.35 + fresnel) * (0.002 / wide) ** 0.35;
    for (let c = 0; c < 3; c++) out[c] += light.colour[c] * spark;
  }
}
