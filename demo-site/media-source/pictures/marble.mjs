// Domain-warped noise: marble, agate and ink in water.
import { gradient, rgb } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { blend, scale, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';

/**
 * Folded stone: noise that bends noise that bends noise.
 * @param {{width: number, height: number, seed: number, palette: string[], accent: string, zoom?: number,
 *   fold?: number}} options
 */
export function marble({ width, height, seed, palette, accent, zoom = 1.6, fold = 2.4 }) {
  const noise = createNoise(seed);
  const ramp = gradient(palette);
  const gold = rgb(accent);
  return paint(width, height, 2, (u, v, out) => {
    const x = u * zoom;
    const y = v * zoom;
    const qx = noise.fbm2(x, y, 4);
    const qy = noise.fbm2(x + 5.2, y + 1.3, 4);
    const rx = noise.fbm2(x + fold * qx + 1.7, y + fold * qy + 9.2, 5);
    const ry = noise.fbm2(x + fold * qx + 8.3, y + fold * qy + 2.8, 5);
    const f = noise.fbm2(x + fold * rx, y + fold * ry, 7);
    ramp(0.5 + f * 0.95 + rx * 0.35, out);
    scale(out, 0.9 + 0.35 * (qy + 0.3));
    const vein = 1 - Math.abs(f * 1.6 + ry);
    blend(out, gold, smoothstep(0.955, 0.995, vein) * smoothstep(-0.05, 0.3, qx + 0.15) * 0.85);
  });
}

/**
 * Agate: thin bands following a warped field around a crystal heart.
 * @param {{width: number, height: number, seed: number, palette: string[], centre: [number, number],
 *   bands?: number, heart: string}} options
 */
export function agate({ width, height, seed, palette, centre, bands = 26, heart }) {
  const noise = createNoise(seed);
  const ramp = gradient(palette);
  const crystal = rgb(heart);
  return paint(width, height, 2, (u, v, out) => {
    const wx = u + 0.34 * noise.fbm2(u * 1.4, v * 1.4, 5);
    const wy = v + 0.34 * noise.fbm2(u * 1.4 + 7, v * 1.4 + 3, 5);
    const field = Math.hypot((wx - centre[0]) * 0.85, wy - centre[1]) + 0.06 * noise.fbm2(u * 4, v * 4, 4);
    const position = field * bands;
    const k = Math.floor(position);
    const inBand = position - k;
    const tone = 0.5 + 0.5 * noise.noise2(k * 0.37 + 0.5, 3.3) + 0.26 * noise.noise2(k * 1.71, 8.1);
    ramp(tone * 0.9 + 0.1 * inBand + 0.06 * noise.fbm2(u * 18, v * 18, 4), out);
    scale(out, 0.9 + 0.14 * smoothstep(0, 0.2, inBand) - 0.06 * smoothstep(0.8, 1, inBand));
    const glint = 0.62 + 0.48 * noise.ridged2(u * 12, v * 12, 5);
    crystal.forEach((_, c) => (heartColour[c] = crystal[c] * glint));
    blend(out, heartColour, smoothstep(0.17, 0.13, field));
  });
}

const heartColour = [0, 0, 0];

/**
 * Ink unfolding in water on a pale ground.
 * @param {{width: number, height: number, seed: number, paper: string, inks: [string, string], zoom?: number}} options
 */
export function inkWash({ width, height, seed, paper, inks, zoom = 1.25 }) {
  const noise = createNoise(seed);
  const ground = rgb(paper);
  const [first, second] = inks.map(rgb);
  const plume = (x, y, k) => {
    const a = noise.fbm2(x * 1.1 + k, y * 1.1, 5);
    const b = noise.fbm2(x * 1.1 + 4 + k, y * 1.1 + 9, 5);
    const c = noise.fbm2(x + 2.8 * a, y + 2.8 * b + k, 6);
    return noise.fbm2(x + 2.2 * c, y + 2.2 * a, 7);
  };
  return paint(width, height, 2, (u, v, out) => {
    out[0] = ground[0];
    out[1] = ground[1];
    out[2] = ground[2];
    const p = plume(u * zoom, v * zoom, 0);
    const q = plume(u * zoom + 3, v * zoom + 6, 11);
    blend(out, second, smoothstep(-0.02, 0.5, q) * 0.9);
    blend(out, first, smoothstep(0.0, 0.45, p) * 0.96);
    scale(out, 1 + 0.12 * (p - q));
  });
}
