// Circle packings: circles as large as fit, coloured by a hidden shape.
import { drawSvg } from '../lib/frame.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

/** Fill the picture with circles that do not touch. */
function pack(random, sizes, tries, gap, allowed) {
  const circles = [];
  for (const [largest, smallest] of sizes) {
    for (let i = 0; i < tries; i++) {
      const x = random.range(-20, 1220);
      const y = random.range(-20, 820);
      let room = largest;
      for (const c of circles) {
        room = Math.min(room, Math.hypot(c.x - x, c.y - y) - c.r - gap);
        if (room < smallest) break;
      }
      room = Math.min(room, allowed(x, y));
      if (room >= smallest) circles.push({ x, y, r: room });
    }
  }
  return circles;
}

const disc = (x, y, r, fill, extra = '') =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}" fill="${fill}" ${extra}/>`;

/** Rings inside one circle, as if cut from wood. */
function rings(random, { x, y, r }, inks) {
  let body = '';
  let k = r;
  let dx = 0;
  let dy = 0;
  while (k > 1.5) {
    body += disc(x + dx, y + dy, k, random.pick(inks));
    const next = k * random.range(0.5, 0.84) - 0.6;
    dx += random.range(-0.35, 0.35) * (k - next);
    dy += random.range(-0.35, 0.35) * (k - next);
    k = next;
  }
  return body;
}

/**
 * Ringed circles all over the picture.
 * @param {{width: number, height: number, seed: number, paper: string, inks: string[]}} options
 */
export function ringedCircles({ width, height, seed, paper, inks }) {
  const random = createRandom(seed);
  const sizes = [
    [110, 60],
    [60, 26],
    [30, 12],
    [14, 6],
    [7, 3],
  ];
  const circles = pack(random, sizes, 2600, 2.5, () => 200);
  const body = circles.map((c) => rings(random, c, inks)).join('');
  return drawSvg(width, height, `<rect width="1200" height="800" fill="${paper}"/>${body}`);
}

/**
 * Small discs whose colours show a large moon over rolling bands.
 * @param {{width: number, height: number, seed: number, paper: string, moon: string[], bands: string[][]}} options
 */
export function discMoon({ width, height, seed, paper, moon, bands }) {
  const random = createRandom(seed);
  const noise = createNoise(seed);
  const edge = (x, y) => Math.abs(Math.hypot(x - 760, y - 330) - 235);
  const circles = pack(
    random,
    [
      [17, 10],
      [11, 6],
      [6.5, 3.4],
      [3.6, 2],
    ],
    15000,
    1.2,
    (x, y) => Math.max(2, edge(x, y) - 1),
  );
  const inks = (x, y) => {
    if (Math.hypot(x - 760, y - 330) < 235 && y < 560 + 40 * noise.noise2(x / 260, 3)) return moon;
    const level = y / 800 + 0.1 * noise.noise2(x / 330, y / 500) + random.gauss() * 0.012;
    return bands[Math.max(0, Math.min(bands.length - 1, Math.floor(level * bands.length)))];
  };
  const body = circles.map((c) => disc(c.x, c.y, c.r, random.pick(inks(c.x, c.y)))).join('');
  return drawSvg(width, height, `<rect width="1200" height="800" fill="${paper}"/>${body}`);
}
