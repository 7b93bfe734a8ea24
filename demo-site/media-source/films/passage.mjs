// "Passage": a minute's drift past misty ranges, from blue dawn to gold, as an HLS stream.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gradient, rgb } from '../lib/colour.mjs';
import { createFrame } from '../lib/frame.mjs';
import { blend, clamp, mix, scale, screen, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { composeAmbient } from './ambient.mjs';
import { encodeTwoPass, renderFilm, withScratch } from './ffmpeg.mjs';
import { SEGMENT_SECONDS } from './lists.mjs';
import { makeSmallRendition } from './small-rendition.mjs';

export const format = { width: 960, height: 540, fps: 25, frames: 1500 };

const LAYERS = 8;

/** The colours of the morning; `sky` from the top down, `land` from far to near. */
const hours = [
  {
    at: 0,
    sky: ['#1d2a55', '#4a5688', '#a58fa8', '#e0b0a0'],
    land: ['#93809c', '#625f8c', '#333b68', '#0e1430'],
    mist: '#b9a5b4',
    sun: '#ffb98a',
  },
  {
    at: 0.35,
    sky: ['#35507a', '#8d86a0', '#e6a98a', '#fbd9a8'],
    land: ['#c99a93', '#8a6d85', '#4d4a6e', '#171c3a'],
    mist: '#efc3a2',
    sun: '#ffe0b0',
  },
  {
    at: 0.7,
    sky: ['#4f7fb0', '#a8bccb', '#f3dcb8', '#fbeccb'],
    land: ['#c8bcb0', '#8f9a9c', '#4d6670', '#14262e'],
    mist: '#f4e3c8',
    sun: '#fff4d6',
  },
  {
    at: 1,
    sky: ['#4a86bd', '#9cc3dc', '#e3e8de', '#f8f0dc'],
    land: ['#b4c6d0', '#7d9fb2', '#42687e', '#12303c'],
    mist: '#e8eee8',
    sun: '#fffbe8',
  },
];
const ramps = hours.map((hour) => ({ sky: gradient(hour.sky), land: gradient(hour.land) }));

/** Colours at a moment from 0 to 1. */
function morning(moment) {
  let k = 0;
  while (k < hours.length - 2 && hours[k + 1].at < moment) k++;
  const t = clamp((moment - hours[k].at) / (hours[k + 1].at - hours[k].at));
  const between = (name, at) => {
    const a = ramps[k][name](at, [0, 0, 0]);
    blend(a, ramps[k + 1][name](at, [0, 0, 0]), t);
    return a;
  };
  const plain = (name) => {
    const a = rgb(hours[k][name]);
    blend(a, rgb(hours[k + 1][name]), t);
    return a;
  };
  return {
    sky: Array.from({ length: 257 }, (_, i) => between('sky', i / 256)),
    land: Array.from({ length: LAYERS }, (_, i) => between('land', i / (LAYERS - 1))),
    mist: plain('mist'),
    sun: plain('sun'),
    sunU: 1.12,
    sunV: mix(0.5, 0.13, Math.sqrt(moment)),
  };
}

/** Height of a conifer wood above its ground line, at a place along the range. */
function treeHeight(noise, x, tall) {
  const slot = tall * 0.33;
  let most = 0;
  for (let k = Math.floor(x / slot) - 1; k <= Math.floor(x / slot) + 1; k++) {
    const chance = noise.noise2(k * 3.77, 9.2);
    const size = tall * (0.55 + 0.6 * chance);
    const centre = (k + 0.5 + 0.4 * noise.noise2(k * 1.31, 4.4)) * slot;
    const side = Math.abs(x - centre) / (size * 0.24);
    if (side < 1) most = Math.max(most, size * (1 - side ** 0.8 - 0.09 * ((side * 6) % 1)));
  }
  return most;
}

/** Ground line of a layer at a place along it: distance from the top of the picture. */
function groundAt(noise, layer, depth, x) {
  const frequency = mix(2.6, 0.9, depth);
  const base = mix(0.44, 0.97, depth ** 1.1);
  const place = x * frequency;
  const soft = noise.fbm2(place, layer * 7.3, 6) * 1.1;
  const sharp = noise.ridged2(place * 0.9, layer * 5.1 + 0.5, 7) - 0.45;
  return base - mix(0.14, 0.22, depth) * mix(soft, sharp * 1.5 + soft * 0.25, mix(0.75, 0.25, depth));
}

/** Ground lines and skylines (with trees) of all layers, per column. */
function outline(noise, seconds) {
  const { width, height } = format;
  return Array.from({ length: LAYERS }, (_, layer) => {
    const depth = layer / (LAYERS - 1);
    const place = (x) => (x + 0.5) / height + scroll(depth, seconds);
    const tall = mix(0.012, 0.11, (depth - 0.55) / 0.45);
    const ground = Float32Array.from({ length: width }, (_, x) => groundAt(noise, layer, depth, place(x)));
    const crest = depth < 0.55 ? ground : ground.map((v, x) => v - treeHeight(noise, place(x), tall));
    return { ground, crest };
  });
}

/** The sky of one frame, with slow streaks of cloud. */
function drawSky(frame, noise, light, seconds, floor) {
  const { width, height, data } = frame;
  const out = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5) / height;
    for (let x = 0; x < width; x++) {
      if (y > floor[x] + 1) continue;
      const u = (x + 0.5) / height;
      const at = clamp(v / 0.56) * 255.99;
      const stop = light.sky[Math.floor(at)];
      const next = light.sky[Math.floor(at) + 1];
      for (let c = 0; c < 3; c++) out[c] = mix(stop[c], next[c], at % 1);
      const place = u * 1.7 + seconds * 0.012;
      const bend = noise.fbm2(place * 1.3, v * 4, 2);
      const cloud =
        smoothstep(0.0, 0.5, noise.fbm3(place, v * 7 + bend, seconds * 0.012, 4)) *
        0.55 *
        smoothstep(0, 0.2, v);
      blend(out, light.sky[250], cloud);
      const d = Math.hypot(u - light.sunU, v - light.sunV);
      screen(out, light.sun, 0.5 * Math.exp(-d * d * 9) + 0.4 * Math.exp(-d * d * 70));
      if (d < 0.06) screen(out, [1, 1, 0.94], 0.8 * smoothstep(0.0405, 0.0375, d));
      data.set(out, (y * width + x) * 3);
    }
  }
}

/** One range: every column from its skyline down to where nearer ranges hide it. */
function drawLayer(frame, noise, light, layer, seconds, lines) {
  const { width, height, data } = frame;
  const depth = layer / (LAYERS - 1);
  const shift = scroll(depth, seconds);
  const tint = light.land[layer];
  const out = [0, 0, 0];
  for (let x = 0; x < width; x++) {
    const top = lines[layer].crest[x] * height;
    let bottom = height;
    for (let k = layer + 1; k < LAYERS; k++) bottom = Math.min(bottom, lines[k].crest[x] * height + 1);
    const u = (x + 0.5) / height;
    for (let y = Math.max(0, Math.floor(top)); y < bottom; y++) {
      const v = (y + 0.5) / height;
      const below = v - lines[layer].ground[x];
      const facing = noise.fbm2((u + shift) * 9 + below * 5, below * 11 + layer * 3, 3);
      out[0] = tint[0];
      out[1] = tint[1];
      out[2] = tint[2];
      scale(out, 1 + facing * 0.4 * (1 - depth * 0.5) * smoothstep(0, 0.03, below));
      const drift =
        0.75 +
        0.7 * noise.fbm2(u * 2.5 + shift * 1.6 + layer * 4 + seconds * 0.03, v * 7 - seconds * 0.015, 3);
      const bank = smoothstep(-0.01, mix(0.15, 0.3, depth), below) * (1 - depth ** 2 * 0.75);
      blend(out, light.mist, clamp(0.85 * bank * drift, 0, 0.97));
      const cover = clamp(y + 1 - top);
      const i = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) data[i + c] += (out[c] - data[i + c]) * cover;
    }
  }
}

/** How far a layer has moved, in picture heights. */
const scroll = (depth, seconds) => 40 + seconds * mix(0.004, 0.062, depth ** 1.6);

/** A function that draws any frame of the film. */
export function makeDraw() {
  const noise = createNoise(64);
  const { width, height } = format;
  const frame = createFrame(width, height);
  return (index) => {
    const seconds = index / format.fps;
    const light = morning(index / format.frames);
    const lines = outline(noise, seconds);
    const floor = Float32Array.from(
      { length: width },
      (_, x) => Math.min(...lines.map(({ crest }) => crest[x])) * height,
    );
    drawSky(frame, noise, light, seconds, floor);
    for (let layer = 0; layer < LAYERS; layer++) drawLayer(frame, noise, light, layer, seconds, lines);
    return frame;
  };
}

const score = {
  seed: 23,
  seconds: 60,
  breath: 0.8,
  period: 14,
  chords: [
    [41, 53, 60, 64, 69],
    [38, 53, 57, 60, 65],
    [46, 53, 58, 62, 69],
    [43, 55, 58, 62, 65],
    [36, 52, 55, 60, 64],
    [41, 53, 57, 60, 67],
  ],
  scale: [72, 74, 77, 79, 81, 84],
};

/** Write the HLS stream: both renditions and their lists. @param {string} folder */
export async function makePassage(folder) {
  await rm(join(folder, 'v0'), { recursive: true, force: true });
  await mkdir(join(folder, 'v0'), { recursive: true });
  await withScratch(async (scratch) => {
    await writeFile(join(scratch, 'sound.wav'), composeAmbient(score));
    await renderFilm(join(scratch, 'film.mkv'), format, makeDraw());
    const rate = { kbps: 1225, peak: 1700, audio: 128, key: SEGMENT_SECONDS * format.fps };
    const hls = [
      '-f',
      'hls',
      '-hls_time',
      String(SEGMENT_SECONDS),
      '-hls_playlist_type',
      'vod',
      '-hls_segment_type',
      'fmp4',
      '-hls_flags',
      'independent_segments',
      // Without edit lists and with signed offsets, pictures begin at exactly 0 for every player.
      '-hls_segment_options',
      'movflags=+negative_cts_offsets:use_editlist=0',
      '-hls_fmp4_init_filename',
      'init.mp4',
      '-hls_segment_filename',
      'seg-%03d.m4s',
      'playlist.m3u8',
    ];
    await encodeTwoPass(scratch, rate, hls, join(folder, 'v0'));
  });
  await makeSmallRendition(folder);
}
