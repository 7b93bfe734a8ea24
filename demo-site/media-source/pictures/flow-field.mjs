// Flow fields: strokes that follow noise without touching each other, or silk made of fine threads.
import { gradient, rgb } from '../lib/colour.mjs';
import { createFrame, drawSvg } from '../lib/frame.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

/** The direction of flow at a point. */
function makeField(seed, scale, swirl) {
  const noise = createNoise(seed);
  return (x, y) => {
    const n = noise.fbm2((x / 1200) * scale, (y / 1200) * scale, 2, 0.35);
    return n * swirl * Math.PI * 2;
  };
}

/** Remembers where strokes lie, to keep new ones away. */
function createOccupancy() {
  const cells = new Map();
  const key = (x, y) => Math.floor(x / 24) * 4096 + Math.floor(y / 24);
  return {
    add(x, y, r, owner) {
      const k = key(x, y);
      if (!cells.has(k)) cells.set(k, []);
      cells.get(k).push([x, y, r, owner]);
    },
    free(x, y, r, owner) {
      for (let dx = -24; dx <= 24; dx += 24) {
        for (let dy = -24; dy <= 24; dy += 24) {
          for (const p of cells.get(key(x + dx, y + dy)) ?? []) {
            if (p[3] !== owner && (p[0] - x) ** 2 + (p[1] - y) ** 2 < (p[2] + r) ** 2) return false;
          }
        }
      }
      return true;
    },
  };
}

/** Follow the field both ways from a start; returns the points, in order. */
function trace(field, occupancy, x, y, r, owner, reach) {
  const halves = [-1, 1].map((sign) => {
    const points = [];
    let px = x;
    let py = y;
    for (let i = 0; i < reach; i++) {
      const angle = field(px, py);
      px += Math.cos(angle) * 4 * sign;
      py += Math.sin(angle) * 4 * sign;
      if (px < -40 || px > 1240 || py < -40 || py > 840 || !occupancy.free(px, py, r, owner)) break;
      points.push([px, py]);
    }
    return points;
  });
  return [...halves[0].reverse(), [x, y], ...halves[1]];
}

const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`;

/**
 * Strokes of several widths on paper.
 * @param {{width: number, height: number, seed: number, paper: string, inks: string[], scale?: number,
 *   swirl?: number, widths?: number[], gap?: number, tries?: number, reach?: number}} options
 */
export function strokes(options) {
  const {
    width,
    height,
    seed,
    paper,
    inks,
    scale = 1.4,
    swirl = 1,
    gap = 1.6,
    tries = 14000,
    reach = 150,
  } = options;
  const widths = options.widths ?? [9, 6, 3.5, 2];
  const random = createRandom(seed);
  const field = makeField(seed, scale, swirl);
  const occupancy = createOccupancy();
  let body = `<rect width="1200" height="800" fill="${paper}"/><g fill="none" stroke-linecap="round">`;
  for (let i = 0; i < tries; i++) {
    const r = widths[Math.min(widths.length - 1, Math.floor((i / tries) * widths.length * 1.6))];
    const x = random.range(-20, 1220);
    const y = random.range(-20, 820);
    if (!occupancy.free(x, y, r + gap, i)) continue;
    const points = trace(field, occupancy, x, y, r + gap, i, reach * random.range(0.3, 1));
    if (points.length < 7) continue;
    for (const [px, py] of points) occupancy.add(px, py, r, i);
    body += `<path d="${path(points)}" stroke="${random.pick(inks)}" stroke-width="${r * 2}"/>`;
  }
  return drawSvg(width, height, `${body}</g>`);
}

/** Run many particles and add up their light. */
function spinThreads(options, width, height) {
  const { seed, scale = 1.6, swirl = 1.1, threads = 9000, steps = 420, colours } = options;
  const random = createRandom(seed);
  const field = makeField(seed, scale, swirl);
  const ramp = gradient(colours);
  const light = new Float32Array(width * height * 3);
  const tint = [0, 0, 0];
  for (let i = 0; i < threads; i++) {
    let x = random.range(-150, 1350);
    let y = random.range(-150, 950);
    ramp(0.5 + 0.5 * Math.sin(x * 0.0031 + y * 0.0047 + random.gauss() * 0.22 + seed), tint);
    for (let s = 0; s < steps; s++) {
      const angle = field(x, y);
      x += Math.cos(angle) * 0.9;
      y += Math.sin(angle) * 0.9;
      splat(
        light,
        width,
        height,
        (x * width) / 1200,
        (y * width) / 1200,
        tint,
        Math.sin((s / steps) * Math.PI),
      );
    }
  }
  return light;
}

/** Share a speck of light among four pixels. */
function splat(light, width, height, x, y, tint, amount) {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  if (x0 < 0 || y0 < 0 || x0 >= width - 1 || y0 >= height - 1) return;
  const fx = x - x0;
  const fy = y - y0;
  for (let k = 0; k < 4; k++) {
    const w = (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy) * amount;
    const i = ((y0 + (k >> 1)) * width + x0 + (k & 1)) * 3;
    for (let c = 0; c < 3; c++) light[i + c] += tint[c] * w;
  }
}

/**
 * Fine luminous threads on a dark ground.
 * @param {{width: number, height: number, seed: number, ground: string, colours: string[], scale?: number,
 *   swirl?: number, threads?: number, steps?: number, exposure?: number}} options
 */
export function silk(options) {
  const { width, height, exposure = 0.38 } = options;
  const frame = createFrame(width, height);
  const ground = rgb(options.ground);
  const light = spinThreads(options, width, height);
  for (let i = 0; i < light.length; i++) {
    frame.data[i] = ground[i % 3] + (1 - ground[i % 3]) * (1 - Math.exp(-light[i] * exposure));
  }
  return frame;
}
