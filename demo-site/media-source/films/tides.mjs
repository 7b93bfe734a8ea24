// "Tides": one evening at sea in a minute. The sun sets, the sky cools, stars come out, the moon rises.
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gradient, rgb } from '../lib/colour.mjs';
import { createFrame } from '../lib/frame.mjs';
import { blend, clamp, mix, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';
import { drawSeascape } from '../lib/seascape.mjs';
import { createWaves } from '../lib/water.mjs';
import { addIslands } from '../pictures/sea.mjs';
import { composeAmbient } from './ambient.mjs';
import { encodeTwoPass, renderFilm, withScratch } from './ffmpeg.mjs';

export const format = { width: 960, height: 540, fps: 25, frames: 1500 };

const HORIZON = 0.5;
const FOCAL = 1.1;

/** The evening's colours; `sky` runs from the horizon up. */
const hours = [
  {
    at: 0,
    sky: ['#fbe0a8', '#f0b98a', '#a3a0b8', '#5f83b0'],
    deep: '#2f5470',
    shade: '#b08a90',
    lit: '#fff0cf',
    land: '#8a7d92',
  },
  {
    at: 0.22,
    sky: ['#fbb765', '#e57f5a', '#8d6590', '#3f5590'],
    deep: '#2a3a5c',
    shade: '#6d4a6c',
    lit: '#ffc48a',
    land: '#5a4468',
  },
  {
    at: 0.4,
    sky: ['#ef8a5c', '#a8506c', '#4f3a74', '#1f2d60'],
    deep: '#1c2344',
    shade: '#3c2a52',
    lit: '#f0846a',
    land: '#33284e',
  },
  {
    at: 0.58,
    sky: ['#8a6288', '#4a4280', '#1f2a5c', '#0c1436'],
    deep: '#0e1532',
    shade: '#1f2146',
    lit: '#8a6a94',
    land: '#191b3c',
  },
  {
    at: 0.78,
    sky: ['#42538a', '#202f66', '#0e183e', '#060a20'],
    deep: '#070d22',
    shade: '#111838',
    lit: '#7b88b4',
    land: '#0d1330',
  },
  {
    at: 1,
    sky: ['#4a5f98', '#22356e', '#0f1b46', '#060b24'],
    deep: '#060c20',
    shade: '#131c40',
    lit: '#a9b4d4',
    land: '#0c1430',
  },
];
const ramps = hours.map((hour) => gradient(hour.sky));

/** A colour of the hour, between the two nearest hours. */
function hourly(name, k, t) {
  const out = rgb(hours[k][name]);
  blend(out, rgb(hours[k + 1][name]), t);
  return out;
}

/** Everything about the light at a moment from 0 to 1. */
function evening(moment) {
  let k = 0;
  while (k < hours.length - 2 && hours[k + 1].at < moment) k++;
  const t = smoothstep(hours[k].at, hours[k + 1].at, moment);
  const table = new Float32Array(513 * 3);
  const a = [0, 0, 0];
  const b = [0, 0, 0];
  for (let i = 0; i <= 512; i++) {
    ramps[k](i / 512, a);
    ramps[k + 1](i / 512, b);
    blend(a, b, t);
    table.set(a, i * 3);
  }
  const sky = (y, out) => {
    const p = Math.min(511.99, (Math.sqrt(Math.max(0, y)) / 0.75) * 512);
    const i = Math.floor(p) * 3;
    const f = p - Math.floor(p);
    for (let c = 0; c < 3; c++) out[c] = table[i + c] + (table[i + 3 + c] - table[i + c]) * f;
    return out;
  };
  return {
    sky,
    deep: hourly('deep', k, t),
    shade: hourly('shade', k, t),
    lit: hourly('lit', k, t),
    land: hourly('land', k, t),
  };
}

/** Sun and moon at a moment. */
function lightsAt(moment) {
  const sunY = mix(0.2, -0.16, moment / 0.6);
  const moonY = mix(-0.1, 0.25, (moment - 0.5) / 0.5);
  const sunUp = smoothstep(-0.16, 0.04, sunY);
  const low = smoothstep(0.16, 0.0, sunY);
  const sunColour = rgb('#fff2cc');
  blend(sunColour, rgb('#ff9a58'), low * 0.75);
  const sunDisc = rgb('#fffbe8');
  blend(sunDisc, rgb('#ffdc94'), low);
  const moonUp = smoothstep(-0.08, 0.1, moonY);
  const moonColour = rgb('#f2b98a');
  blend(moonColour, rgb('#fbf3dc'), smoothstep(0.02, 0.16, moonY));
  return [
    {
      x: -0.14,
      y: sunY,
      radius: 0.046,
      colour: sunColour,
      disc: sunDisc,
      glow: 0.5 * sunUp,
      glitter: 1.1 * smoothstep(-0.05, 0.03, sunY),
    },
    {
      x: 0.2,
      y: moonY,
      radius: 0.036,
      colour: moonColour,
      glow: 0.3 * moonUp,
      glitter: 1.25 * smoothstep(-0.03, 0.06, moonY),
    },
  ];
}

const GRID = { columns: 360, rows: 130 };
const CLOUD_STEP = 10;

/** Cloud cover per grid cell at a time in seconds. */
function cloudGrid(noise, seconds) {
  const grid = new Float32Array(GRID.columns * GRID.rows);
  for (let j = 0, i = 0; j < GRID.rows; j++) {
    const v = (j / (GRID.rows - 1)) * HORIZON;
    const flat = 0.16 / (HORIZON - v + 0.1);
    for (let k = 0; k < GRID.columns; k++, i++) {
      const x = ((k / (GRID.columns - 1)) * 1.7778 - 0.889) * flat * 6 + 20 + seconds * 0.022;
      const y = flat * 11 + seconds * 0.012;
      const warp = noise.fbm3(x * 0.7, y * 0.7, seconds * 0.012, 3);
      const n = noise.fbm3(x + warp, y + warp * 1.4, seconds * 0.016 + 7, 6);
      grid[i] = smoothstep(0.0, 0.38, n + 0.02) * smoothstep(0.004, 0.09, HORIZON - v);
    }
  }
  return grid;
}

/** A function that gives the cloud cover of a frame; grids are made now and then and blended. */
function makeCover(noise) {
  const grids = new Map();
  const gridAt = (n) => {
    if (!grids.has(n)) grids.set(n, cloudGrid(noise, (n * CLOUD_STEP) / format.fps));
    for (const key of grids.keys()) if (key < n - 1) grids.delete(key);
    return grids.get(n);
  };
  return (index) => {
    const n = Math.floor(index / CLOUD_STEP);
    const [a, b, t] = [gridAt(n), gridAt(n + 1), (index % CLOUD_STEP) / CLOUD_STEP];
    const now = Float32Array.from(a, (value, i) => value + (b[i] - value) * t);
    return (u, v) => {
      const x = clamp(u / 1.7778, 0, 0.9999) * (GRID.columns - 1);
      const y = clamp(v / HORIZON, 0, 0.9999) * (GRID.rows - 1);
      const i = Math.floor(y) * GRID.columns + Math.floor(x);
      const fx = x - Math.floor(x);
      const upper = now[i] + (now[i + 1] - now[i]) * fx;
      const lower = now[i + GRID.columns] + (now[i + GRID.columns + 1] - now[i + GRID.columns]) * fx;
      return upper + (lower - upper) * (y - Math.floor(y));
    };
  };
}

/** Paints clouds with rims lit by whichever light is up. */
function cloudPainter(cover, hour, lights) {
  const colour = [0, 0, 0];
  return (u, v, out) => {
    const body = cover(u, v);
    if (body < 0.002) return;
    let near = 0.25 * (1 - body);
    for (const light of lights) {
      const d2 = (u - 0.889 - light.x * FOCAL) ** 2 + (v - HORIZON + light.y * FOCAL) ** 2;
      near += light.glow * 2.3 * Math.exp(-d2 * 3) * (1 - body * 0.75);
    }
    colour[0] = hour.shade[0];
    colour[1] = hour.shade[1];
    colour[2] = hour.shade[2];
    blend(colour, hour.lit, Math.min(1, near));
    blend(out, colour, body * 0.9);
  };
}

function makeStars() {
  const random = createRandom(77);
  return Array.from({ length: 420 }, () => ({
    x: random.next() * 1.7778,
    y: random.next() ** 1.3 * HORIZON * 0.9,
    bright: random.next() ** 3 * 0.9 + 0.12,
    pace: random.range(0.6, 2.2),
    phase: random.next() * 6.28,
  }));
}

function drawStars(frame, stars, cover, night, seconds) {
  if (night <= 0) return;
  const { width, height, data } = frame;
  for (const star of stars) {
    const x = Math.floor(star.x * height);
    const y = Math.floor(star.y * height);
    const twinkle = 0.8 + 0.2 * Math.sin(seconds * star.pace + star.phase);
    const bright = star.bright * night * twinkle * (1 - cover(star.x, star.y));
    for (let k = 0; k < 4; k++) {
      const i = ((y + (k >> 1)) * width + Math.min(width - 1, x + (k & 1))) * 3;
      for (let c = 0; c < 3; c++) data[i + c] += bright * (k ? 0.4 : 1) * (1 - data[i + c]);
    }
  }
}

/** A function that draws any frame of the film, in order. */
export function makeDraw() {
  const waves = createWaves(5, { count: 40, steep: 0.115, longest: 30, shortest: 0.45 });
  const cover = makeCover(createNoise(40));
  const stars = makeStars();
  const frame = createFrame(format.width, format.height);
  return (index) => {
    const seconds = index / format.fps;
    const moment = index / format.frames;
    const hour = evening(moment);
    const lights = lightsAt(moment);
    const clouds = cover(index);
    const scene = {
      ...hour,
      lights,
      horizon: HORIZON,
      focal: FOCAL,
      waves,
      time: seconds * 0.6,
      fog: 0.6,
      eye: 2.5 + 0.12 * Math.sin(seconds * 0.35),
      clouds: cloudPainter(clouds, hour, lights),
    };
    drawSeascape(scene, format.width, format.height, frame);
    drawStars(frame, stars, clouds, smoothstep(0.55, 0.8, moment), seconds);
    addIslands(
      frame,
      [
        { from: 0.66, to: 1.2, tall: 0.075, colour: hour.land },
        { from: -0.2, to: 0.2, tall: 0.04, colour: hour.land },
      ],
      HORIZON,
      6,
    );
    return frame;
  };
}

const score = {
  seed: 9,
  seconds: 60,
  breath: 1.5,
  period: 9,
  chords: [
    [38, 57, 62, 66, 69],
    [35, 54, 62, 66, 69],
    [43, 55, 62, 66, 71],
    [45, 57, 61, 64, 71],
    [35, 54, 57, 62, 66],
    [38, 57, 62, 64, 69],
  ],
  scale: [74, 76, 78, 81, 83, 86],
};

/** Write tides.mp4. @param {string} folder */
export async function makeTides(folder) {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'tides.mp4');
  await withScratch(async (scratch) => {
    await writeFile(join(scratch, 'sound.wav'), composeAmbient(score));
    await renderFilm(join(scratch, 'film.mkv'), format, makeDraw());
    const rate = { kbps: 1335, peak: 3200, audio: 128, key: 2 * format.fps };
    await encodeTwoPass(scratch, rate, ['-movflags', '+faststart', file]);
  });
  console.log(`tides.mp4  ${((await stat(file)).size / 1e6).toFixed(2)} MB`);
}
