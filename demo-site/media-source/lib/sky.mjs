// A sky painted once as a panorama and then read by direction.
import { gradient, rgb } from './colour.mjs';
import { blend, screen, smoothstep } from './maths.mjs';
import { createNoise } from './noise.mjs';

/**
 * @typedef {object} SkyLook
 * @property {string[]} colours from the horizon up
 * @property {{azimuth: number, elevation: number, radius: number, colour: string, glow: number}} sun
 * @property {string} cloud @property {number} cloudiness 0 to 1
 * @property {number} seed
 */

const TOP = 1.1;
const BOTTOM = -0.25;

/**
 * @param {SkyLook} look
 * @param {number} [columns] resolution around the full circle
 * @returns {(azimuth: number, elevation: number, out: number[]) => void}
 */
export function paintSky(look, columns = 4096) {
  const rows = Math.round((columns / (Math.PI * 2)) * (TOP - BOTTOM));
  const data = new Float32Array(columns * rows * 3);
  const shade = skyShader(look);
  const out = [0, 0, 0];
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i += 3) {
      shade((x / columns) * Math.PI * 2, TOP + ((BOTTOM - TOP) * y) / (rows - 1), out);
      data.set(out, i);
    }
  }
  return readPanorama(data, columns, rows);
}

function skyShader(look) {
  const ramp = gradient(look.colours);
  const noise = createNoise(look.seed);
  const { sun } = look;
  const sunColour = rgb(sun.colour);
  const cloudColour = rgb(look.cloud);
  return (azimuth, elevation, out) => {
    ramp((Math.max(0, elevation) / 0.9) ** 0.7, out);
    const x = Math.cos(azimuth) * 2.4;
    const y = Math.sin(azimuth) * 2.4;
    const warp = noise.fbm3(x * 1.5, y * 1.5, elevation * 6, 3);
    const n = noise.fbm3(x * 1.2 + warp * 0.5, y * 1.2 + warp * 0.5, elevation * 9 + warp, 6);
    const cover = smoothstep(0.02, 0.42, n) * look.cloudiness * smoothstep(0, 0.12, elevation);
    const away = Math.atan2(Math.sin(azimuth - sun.azimuth), Math.cos(azimuth - sun.azimuth));
    const d = Math.hypot(away, elevation - sun.elevation);
    blend(out, cloudColour, cover);
    screen(out, sunColour, sun.glow * (0.8 * Math.exp(-d * d * 7) + 0.9 * Math.exp(-d * d * 60)));
    if (sun.radius)
      blend(out, sunColour, smoothstep(sun.radius + 0.004, sun.radius - 0.004, d) * (1 - cover * 0.5));
  };
}

function readPanorama(data, columns, rows) {
  return (azimuth, elevation, out) => {
    const x = (azimuth / (Math.PI * 2)) * columns + columns * 4;
    const y = Math.min(rows - 1.001, Math.max(0, ((elevation - TOP) / (BOTTOM - TOP)) * (rows - 1)));
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const a = (y0 * columns + (x0 % columns)) * 3;
    const b = (y0 * columns + ((x0 + 1) % columns)) * 3;
    const down = columns * 3;
    for (let c = 0; c < 3; c++) {
      const upper = data[a + c] + (data[b + c] - data[a + c]) * fx;
      const lower = data[a + down + c] + (data[b + down + c] - data[a + down + c]) * fx;
      out[c] = upper + (lower - upper) * fy;
    }
  };
}
