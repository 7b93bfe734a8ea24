// Aurora curtains over hills and still water: light gathered along each line of sight through a
// stack of noise layers, high layers shifting colour.
import { gradient, rgb } from '../lib/colour.mjs';
import { createFrame } from '../lib/frame.mjs';
import { clamp, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

const LAYERS = 44;

/** Brightness of the curtains at a point of the map. */
function makeCurtain(noise) {
  return (x, y) => {
    const wx = x + noise.noise2(x * 0.7, y * 0.7) * 0.9;
    const wy = y + noise.noise2(x * 0.7 + 31, y * 0.7 + 17) * 0.9;
    const fold = 1 - Math.abs(noise.noise2(wx * 0.85, wy * 0.85)) * 2.6;
    if (fold <= 0) return 0;
    const rays = 0.55 + 0.45 * noise.noise2(wx * 7, wy * 7);
    return fold * fold * rays * smoothstep(-0.6, 0.3, noise.noise2(x * 0.33 + 5, y * 0.33));
  };
}

function skyShader(look, noise) {
  const night = gradient(look.night);
  const glow = gradient(look.glow);
  const curtain = makeCurtain(noise);
  const tints = Array.from({ length: LAYERS }, (_, i) => glow(i / (LAYERS - 1), [0, 0, 0]).slice());
  return (u, elevation, jitter, out) => {
    night(elevation * 1.3, out);
    const reach = 1 / (elevation * 1.6 + 0.22);
    for (let i = 0; i < LAYERS; i++) {
      const height = 0.8 + (i + jitter) ** 1.3 * 0.0045;
      const amount = curtain((u - 0.75) * height * reach + look.shift, height * reach * 1.6);
      const fadeOut = Math.exp(-i * 0.075) * smoothstep(-1, 5, i) * look.power * 0.2;
      for (let c = 0; c < 3; c++) out[c] += tints[i][c] * amount * fadeOut;
    }
    for (let c = 0; c < 3; c++) out[c] = 1 - Math.exp(-out[c] * 1.25);
  };
}

/** Rows of hills: the height of the skyline above the shore, per column. */
function skyline(noise, width, height, layer, tall) {
  return Float32Array.from({ length: width }, (_, x) => {
    const t = (x / height) * 1.6 + layer * 9;
    return Math.max(0.004, tall * (0.55 + noise.fbm2(t, layer * 4, 7) * 1.3)) * height;
  });
}

function drawSky(frame, look, shade, shore, random) {
  const { width, height, data } = frame;
  const out = [0, 0, 0];
  for (let y = 0, i = 0; y < shore; y++) {
    for (let x = 0; x < width; x++) {
      shade((x + 0.5) / height, (shore - y) / height, random.next(), out);
      for (let c = 0; c < 3; c++, i++) data[i] = out[c];
    }
  }
  for (let s = 0; s < look.stars; s++) {
    const i = (Math.floor(random.next() * shore * 0.97) * width + Math.floor(random.next() * width)) * 3;
    const bright = random.next() ** 2.5 * 0.85 + 0.1;
    for (let c = 0; c < 3; c++) {
      data[i + c] += bright * (1 - data[i + c]);
      if (i > 3 && bright > 0.5) data[i - 3 + c] += 0.4 * bright * (1 - data[i - 3 + c]);
    }
  }
}

function drawHills(frame, look, noise, shore) {
  const { width, height, data } = frame;
  look.hills.forEach(({ tall, colour }, layer) => {
    const line = skyline(noise, width, height, layer, tall);
    const paint = rgb(colour);
    for (let x = 0; x < width; x++) {
      const top = shore - line[x];
      for (let y = Math.floor(top); y < shore; y++) {
        const part = clamp(y + 1 - top);
        const i = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) data[i + c] += (paint[c] - data[i + c]) * part;
      }
    }
  });
}

/** Mirror the upper part into the lake, stretched and rippled. */
function drawLake(frame, noise, shore) {
  const { width, height, data } = frame;
  for (let y = shore; y < height; y++) {
    const depth = (y - shore) / height;
    for (let x = 0; x < width; x++) {
      const wave = noise.fbm2((x / height) * 5, (1 / (depth + 0.03)) * 3.2, 4) * (0.012 + depth * 0.16);
      const from = clamp(shore - 1 - (y - shore) * 1.15 + wave * height, 0, shore - 1.01);
      const row = Math.floor(from);
      const t = from - row;
      const dim = 0.78 - depth * 0.7;
      for (let c = 0; c < 3; c++) {
        const a = data[(row * width + x) * 3 + c];
        const b = data[((row + 1) * width + x) * 3 + c];
        data[(y * width + x) * 3 + c] = (a + (b - a) * t) * dim + 0.012;
      }
    }
  }
}

/**
 * @param {{width: number, height: number, seed: number, night: string[], glow: string[], power: number,
 *   shift?: number, stars: number, shore: number, hills: {tall: number, colour: string}[]}} options
 *   `night` runs from the horizon up, `glow` from the foot of the curtains up
 */
export function aurora(options) {
  const look = { shift: 0, ...options };
  const noise = createNoise(look.seed);
  const frame = createFrame(look.width, look.height);
  const shore = Math.round(look.shore * look.height);
  drawSky(frame, look, skyShader(look, noise), shore, createRandom(look.seed));
  drawHills(frame, look, noise, shore);
  drawLake(frame, noise, shore);
  return frame;
}
