// Water to the horizon: many sharpened sine waves, their slopes reflecting whatever sky is above.
import { createRandom } from './random.mjs';
import { clamp } from './maths.mjs';

const TABLE = 4096;

/** Slope of a wave with pointed crests and wide troughs, over one period. */
const slopeTable = Float32Array.from({ length: TABLE }, (_, i) => {
  const a = (i / TABLE) * Math.PI * 2;
  return Math.exp(Math.sin(a) - 1) * Math.cos(a) * 1.6;
});

/**
 * @typedef {object} Waves
 * @property {Float64Array} kx @property {Float64Array} kz table steps per unit of distance
 * @property {Float64Array} speed table steps per second
 * @property {Float64Array} phase @property {Float64Array} slopeX @property {Float64Array} slopeZ
 * @property {Float64Array} length wavelength
 */

/**
 * @param {number} seed
 * @param {{count?: number, longest?: number, shortest?: number, steep?: number, spread?: number, heading?: number}} look
 *   `steep` is the mean slope, `spread` the range of directions about `heading` (radians from the view)
 * @returns {Waves}
 */
export function createWaves(seed, look) {
  const { count = 28, longest = 26, shortest = 0.35, steep = 0.11, spread = 1.1, heading = 0.3 } = look;
  const random = createRandom(seed);
  const make = () => new Float64Array(count);
  const waves = {
    kx: make(),
    kz: make(),
    speed: make(),
    phase: make(),
    slopeX: make(),
    slopeZ: make(),
    length: make(),
  };
  for (let i = 0; i < count; i++) {
    const length = longest * (shortest / longest) ** ((i + random.next() * 0.8) / count);
    const angle = heading + random.gauss() * 0.5 * spread;
    const step = TABLE / length;
    const slope = (steep / Math.sqrt(count)) * 2.2 * (0.55 + 0.45 * Math.sqrt(length / longest) + 0.25);
    waves.kx[i] = Math.sin(angle) * step;
    waves.kz[i] = Math.cos(angle) * step;
    waves.speed[i] = (TABLE / (2 * Math.PI)) * Math.sqrt((9.8 * 2 * Math.PI) / length);
    waves.phase[i] = random.next() * TABLE;
    waves.slopeX[i] = Math.sin(angle) * slope;
    waves.slopeZ[i] = Math.cos(angle) * slope;
    waves.length[i] = length;
  }
  return waves;
}

/**
 * Slopes along one row of the picture.
 * @param {Waves} waves
 * @param {number} z distance of the row @param {number} x0 first sample @param {number} dx spacing
 * @param {number} count samples @param {number} time seconds @param {number} blur length below which waves vanish
 * @param {Float32Array} outX @param {Float32Array} outZ
 * @returns {number} variance of the slopes that were too fine to draw
 */
export function waveRow(waves, z, x0, dx, count, time, blur, outX, outZ) {
  outX.fill(0, 0, count);
  outZ.fill(0, 0, count);
  let lost = 0;
  for (let i = 0; i < waves.length.length; i++) {
    const keep = clamp((waves.length[i] / blur - 1.5) / 4);
    const sx = waves.slopeX[i];
    const sz = waves.slopeZ[i];
    lost += (sx * sx + sz * sz) * 0.5 * (1 - keep * keep);
    if (keep === 0) continue;
    let at = waves.phase[i] + waves.kx[i] * x0 + waves.kz[i] * z + waves.speed[i] * time;
    at -= Math.floor(at / TABLE) * TABLE;
    const step = waves.kx[i] * dx;
    const wx = sx * keep;
    const wz = sz * keep;
    for (let j = 0; j < count; j++) {
      const s = slopeTable[at & (TABLE - 1)];
      outX[j] += s * wx;
      outZ[j] += s * wz;
      at += step;
    }
  }
  return lost;
}
