// A lit height map seen in perspective: every screen column marches away from the camera and draws
// what rises above what it drew before, with haze that thickens in the valleys.
import { createFrame } from './frame.mjs';
import { clamp } from './maths.mjs';

/**
 * @typedef {object} Terrain a square, repeating map; `size` is a power of two
 * @property {number} size
 * @property {Float32Array} heights in map cells
 * @property {Float32Array} colours three per cell, lit
 */

/**
 * @typedef {object} Camera
 * @property {number} x @property {number} y @property {number} z position, in cells
 * @property {number} heading radians
 * @property {number} horizon where level sight meets the picture, 0 top to 1 bottom
 * @property {number} focal focal length in picture heights
 * @property {number} [far] how far to look, in cells
 * @property {number} [detail] smaller is finer
 */

/**
 * @typedef {object} Air
 * @property {number} density of the haze
 * @property {number} [even] density of the haze that does not thin out with height
 * @property {number} depth height over which the haze thins out, in cells
 * @property {ArrayLike<number>} cool haze away from the sun
 * @property {ArrayLike<number>} warm haze towards the sun
 * @property {number} sunHeading radians
 * @property {(azimuth: number, elevation: number, out: number[]) => void} sky
 */

/**
 * Compute a terrain's heights, then light and colour it.
 * @param {number} size
 * @param {(x: number, y: number) => number} heightAt
 * @param {{heading: number, slope: number}} sun where the light comes from; slope = tan(elevation)
 * @param {(h: number, nx: number, ny: number, nz: number, light: number, x: number, y: number, out: number[]) => void} material
 * @returns {Terrain}
 */
export function buildTerrain(size, heightAt, sun, material) {
  const heights = new Float32Array(size * size);
  for (let y = 0, i = 0; y < size; y++) for (let x = 0; x < size; x++, i++) heights[i] = heightAt(x, y);
  soften(heights, size);
  const colours = new Float32Array(size * size * 3);
  const out = [0, 0, 0];
  const mask = size - 1;
  const lx = Math.cos(sun.heading);
  const ly = Math.sin(sun.heading);
  const norm = 1 / Math.hypot(1, sun.slope);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const dx = (heights[y * size + ((x + 1) & mask)] - heights[y * size + ((x - 1) & mask)]) / 2;
      const dy = (heights[((y + 1) & mask) * size + x] - heights[((y - 1) & mask) * size + x]) / 2;
      const k = 1 / Math.sqrt(1 + dx * dx + dy * dy);
      const facing = Math.max(0, (-dx * lx - dy * ly + sun.slope) * k * norm);
      const light = facing > 0 ? facing * openness(heights, size, x, y, lx, ly, sun.slope) : 0;
      material(heights[i], -dx * k, -dy * k, k, light, x, y, out);
      colours.set(out, i * 3);
    }
  }
  return { size, heights, colours };
}

/** Smooth a map a little (1-2-1 both ways), so that crests do not look saw-toothed. */
function soften(heights, size) {
  const mask = size - 1;
  const row = new Float32Array(size);
  for (let line = 0; line < size * 2; line++) {
    const across = line < size;
    const start = across ? line * size : line - size;
    const stride = across ? 1 : size;
    for (let k = 0; k < size; k++) row[k] = heights[start + k * stride];
    for (let k = 0; k < size; k++) {
      heights[start + k * stride] = row[k] / 2 + (row[(k + 1) & mask] + row[(k - 1) & mask]) / 4;
    }
  }
}

/** How much of the sun a cell sees: 1 all, 0 none; soft at the edge of a shadow. */
function openness(heights, size, x, y, lx, ly, slope) {
  const mask = size - 1;
  const start = heights[y * size + x];
  let open = 1;
  for (let d = 2; d < 220; d *= 1.18) {
    const h = heights[((y + Math.round(ly * d)) & mask) * size + ((x + Math.round(lx * d)) & mask)];
    const clear = (start + d * slope - h) / (d * 0.09 + 0.6);
    if (clear < -1) return 0;
    open = Math.min(open, clamp(clear * 0.5 + 0.5));
  }
  return open;
}

const sample = { h: 0, r: 0, g: 0, b: 0 };

/** Read height only, smoothly. @param {Terrain} terrain @param {number} x @param {number} y */
export function heightOf({ heights, size }, x, y) {
  const mask = size - 1;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const top = (y0 & mask) * size;
  const bottom = ((y0 + 1) & mask) * size;
  const left = x0 & mask;
  const right = (x0 + 1) & mask;
  const a = heights[top + left] + (heights[top + right] - heights[top + left]) * fx;
  const b = heights[bottom + left] + (heights[bottom + right] - heights[bottom + left]) * fx;
  return a + (b - a) * fy;
}

function readColour({ colours, size }, x, y) {
  const mask = size - 1;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const top = (y0 & mask) * size;
  const bottom = ((y0 + 1) & mask) * size;
  const a = (top + (x0 & mask)) * 3;
  const b = (top + ((x0 + 1) & mask)) * 3;
  const c = (bottom + (x0 & mask)) * 3;
  const d = (bottom + ((x0 + 1) & mask)) * 3;
  const wa = (1 - fx) * (1 - fy);
  const wb = fx * (1 - fy);
  const wc = (1 - fx) * fy;
  const wd = fx * fy;
  sample.r = colours[a] * wa + colours[b] * wb + colours[c] * wc + colours[d] * wd;
  sample.g = colours[a + 1] * wa + colours[b + 1] * wb + colours[c + 1] * wc + colours[d + 1] * wd;
  sample.b = colours[a + 2] * wa + colours[b + 2] * wb + colours[c + 2] * wc + colours[d + 2] * wd;
}

/** Share of the light lost to haze between the camera and a point. */
function hazeTo(air, z, h, distance) {
  const a = Math.exp(-h / air.depth);
  const rise = (z - h) / air.depth;
  const mean = Math.abs(rise) < 1e-3 ? a : (a - Math.exp(-z / air.depth)) / rise;
  return 1 - Math.exp(-distance * (air.density * mean + (air.even ?? 0)));
}

/**
 * Draw the view into a new frame (or the given one).
 * @param {Terrain} terrain @param {Camera} camera @param {Air} air
 * @param {number} width @param {number} height
 * @param {import('./frame.mjs').Frame} [frame]
 */
export function viewTerrain(terrain, camera, air, width, height, frame = createFrame(width, height)) {
  frame.data.fill(0);
  for (let column = 0; column < width; column++) drawColumn(terrain, camera, air, frame, column);
  return frame;
}

function drawColumn(terrain, camera, air, frame, column) {
  const { width, height } = frame;
  const { far = 1600, detail = 0.004 } = camera;
  const focal = camera.focal * height;
  const side = (column + 0.5 - width / 2) / focal;
  const cos = Math.cos(camera.heading);
  const sin = Math.sin(camera.heading);
  const dx = cos - sin * side;
  const dy = sin + cos * side;
  const azimuth = Math.atan2(dy, dx);
  const towardsSun = Math.max(0, Math.cos(azimuth - air.sunHeading)) ** 3;
  const haze = [0, 1, 2].map((c) => air.cool[c] + (air.warm[c] - air.cool[c]) * towardsSun);
  const middle = camera.horizon * height;
  const long = Math.hypot(1, side);
  let floor = height;
  for (let t = 4; t < far && floor > 0; t += Math.max(0.35, t * detail)) {
    const x = camera.x + dx * t;
    const y = camera.y + dy * t;
    const h = heightOf(terrain, x, y);
    const row = middle + ((camera.z - h) * focal) / t;
    if (row >= floor) continue;
    readColour(terrain, x, y);
    const lost = hazeTo(air, camera.z, h, t * long);
    const r = sample.r + (haze[0] - sample.r) * lost;
    const g = sample.g + (haze[1] - sample.g) * lost;
    const b = sample.b + (haze[2] - sample.b) * lost;
    fillSpan(frame, column, Math.max(0, row), floor, r, g, b);
    floor = row;
  }
  if (floor > 0) fillSky(frame, column, floor, camera, air, azimuth, focal * long, haze);
}

/** Add a colour to the rows from `top` to `bottom`, counting parts of pixels. */
function fillSpan({ width, data }, column, top, bottom, r, g, b) {
  for (let y = Math.floor(top); y < bottom; y++) {
    const part = Math.min(y + 1, bottom) - Math.max(y, top);
    const i = (y * width + column) * 3;
    data[i] += r * part;
    data[i + 1] += g * part;
    data[i + 2] += b * part;
  }
}

const skyColour = [0, 0, 0];

function fillSky(frame, column, floor, camera, air, azimuth, focal, haze) {
  const middle = camera.horizon * frame.height;
  for (let y = 0; y < floor; y++) {
    const elevation = Math.atan((middle - y - 0.5) / focal);
    air.sky(azimuth, elevation, skyColour);
    const low = Math.exp(-Math.max(0, elevation) * 14) * 0.85;
    fillSpan(
      frame,
      column,
      y,
      Math.min(floor, y + 1),
      skyColour[0] + (haze[0] - skyColour[0]) * low,
      skyColour[1] + (haze[1] - skyColour[1]) * low,
      skyColour[2] + (haze[2] - skyColour[2]) * low,
    );
  }
}
