// Strange attractors (Clifford, de Jong): where millions of iterates of a simple map pile up.
import { gradient } from '../lib/colour.mjs';
import { createFrame } from '../lib/frame.mjs';

const maps = {
  clifford:
    ([a, b, c, d]) =>
    (p) => {
      const x = Math.sin(a * p[1]) + c * Math.cos(a * p[0]);
      p[1] = Math.sin(b * p[0]) + d * Math.cos(b * p[1]);
      p[0] = x;
    },
  dejong:
    ([a, b, c, d]) =>
    (p) => {
      const x = Math.sin(a * p[1]) - Math.cos(b * p[0]);
      p[1] = Math.sin(c * p[0]) - Math.cos(d * p[1]);
      p[0] = x;
    },
};

/** A function from the map's plane to pixels, showing the whole attractor. */
function fit(step, width, height, turn, margin) {
  const p = [0.1, 0.1];
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const box = [1e9, -1e9, 1e9, -1e9];
  for (let i = 0; i < 60000; i++) {
    step(p);
    const x = p[0] * cos - p[1] * sin;
    const y = p[0] * sin + p[1] * cos;
    if (i > 50)
      box.splice(0, 4, Math.min(box[0], x), Math.max(box[1], x), Math.min(box[2], y), Math.max(box[3], y));
  }
  const k = Math.min(width / (box[1] - box[0]), height / (box[3] - box[2])) * margin;
  const mx = width / 2 - ((box[0] + box[1]) / 2) * k;
  const my = height / 2 - ((box[2] + box[3]) / 2) * k;
  return { xx: cos * k, xy: -sin * k, yx: sin * k, yy: cos * k, mx, my };
}

/**
 * @param {{width: number, height: number, kind: 'clifford' | 'dejong', values: number[], palette: string[],
 *   points?: number, turn?: number, margin?: number, gamma?: number, warmth?: number}} options the palette
 *   runs from empty to dense; `warmth` tints by the speed of the flow
 */
export function attractor(options) {
  const {
    width,
    height,
    kind,
    values,
    palette,
    points = 24e6,
    turn = 0,
    margin = 0.92,
    gamma = 0.42,
    warmth = 0.18,
  } = options;
  const step = maps[kind](values);
  const f = fit(step, width, height, turn, margin);
  const count = new Float32Array(width * height);
  const speed = new Float32Array(width * height);
  const p = [0.1, 0.1];
  for (let i = 0; i < points; i++) {
    const [ox, oy] = p;
    step(p);
    const x = Math.floor(p[0] * f.xx + p[1] * f.xy + f.mx);
    const y = Math.floor(p[0] * f.yx + p[1] * f.yy + f.my);
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    count[y * width + x] += 1;
    speed[y * width + x] += Math.abs(p[0] - ox) + Math.abs(p[1] - oy);
  }
  return tone(count, speed, width, height, gradient(palette), gamma, warmth);
}

/** Turn counts into colour, so that the 99.5th percentile is the brightest. */
function tone(count, speed, width, height, ramp, gamma, warmth) {
  const frame = createFrame(width, height);
  const sorted = Float32Array.from(count.filter((v) => v > 0)).sort();
  const top = Math.max(4, sorted[Math.floor(sorted.length * 0.995)] ?? 4);
  const out = [0, 0, 0];
  for (let i = 0; i < count.length; i++) {
    const dense = Math.min(1, count[i] / top) ** gamma;
    const quick = count[i] ? speed[i] / count[i] / 3 - 0.5 : 0;
    ramp(dense * 0.92 * (1 + warmth * quick), out);
    frame.data.set(out, i * 3);
  }
  return frame;
}
