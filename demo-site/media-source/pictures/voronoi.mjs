// Voronoi cells as leaded glass or as cut stones.
import { gradient, rgb } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { blend, clamp, scale, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';
import { createRandom } from '../lib/random.mjs';

/** Points spread evenly (best of several candidates), denser where `density` is high. */
function scatter(random, count, density) {
  const points = [];
  while (points.length < count) {
    let best = null;
    let bestScore = -1;
    for (let k = 0; k < 14; k++) {
      const x = random.range(-0.08, 1.58);
      const y = random.range(-0.08, 1.08);
      let d2 = 9;
      for (const p of points) d2 = Math.min(d2, (p.x - x) ** 2 + (p.y - y) ** 2);
      const score = d2 * density(x, y);
      if (score > bestScore) [best, bestScore] = [{ x, y }, score];
    }
    points.push({ ...best, tone: random.next(), tilt: random.next() * Math.PI * 2 });
  }
  return points;
}

const TILE = 0.02;

/** The points that can matter within a tile: none whose border is farther off than 0.04. */
function pointsForTile(points, tileX, tileY) {
  const x = (tileX + 0.5) * TILE;
  const y = (tileY + 0.5) * TILE;
  const distances = points.map((p) => Math.hypot(p.x - x, p.y - y));
  const reach = Math.min(...distances) + 0.08 + TILE * 1.5;
  return points.filter((_, i) => distances[i] < reach);
}

/** A function that finds the cell of a place and how far off the cell's border is. */
function makeSearch(points) {
  const tiles = new Map();
  const hit = { cell: points[0], border: 0 };
  return (x, y) => {
    const key = Math.floor(x / TILE) * 1000 + Math.floor(y / TILE);
    if (!tiles.has(key)) tiles.set(key, pointsForTile(points, Math.floor(x / TILE), Math.floor(y / TILE)));
    const near = tiles.get(key);
    let first = 9;
    for (const p of near) {
      const d2 = (p.x - x) ** 2 + (p.y - y) ** 2;
      if (d2 < first) {
        first = d2;
        hit.cell = p;
      }
    }
    hit.border = borderDistance(near, hit.cell, x, y);
    return hit;
  };
}

function borderDistance(near, cell, x, y) {
  let border = 0.05;
  for (const p of near) {
    if (p === cell) continue;
    const dx = p.x - cell.x;
    const dy = p.y - cell.y;
    const along = ((p.x + cell.x) / 2 - x) * dx + ((p.y + cell.y) / 2 - y) * dy;
    border = Math.min(border, along / Math.sqrt(dx * dx + dy * dy));
  }
  return border;
}

/**
 * Leaded glass: colours flow over the whole window, each pane a little different.
 * @param {{width: number, height: number, seed: number, count: number, palette: string[], lead: string}} options
 */
export function glass({ width, height, seed, count, palette, lead }) {
  const noise = createNoise(seed);
  const random = createRandom(seed);
  const density = (x, y) => 0.25 + Math.hypot(x - 0.95, y - 0.42) ** 1.5 * 2.2;
  const search = makeSearch(scatter(random, count, (x, y) => 1 / density(x, y)));
  const ramp = gradient(palette);
  const leading = rgb(lead);
  return paint(width, height, 3, (u, v, out) => {
    const { cell, border } = search(u, v);
    const flow = 0.95 - Math.hypot(cell.x - 0.95, cell.y - 0.42) * 0.95;
    ramp(flow + 0.16 * noise.fbm2(cell.x * 3, cell.y * 3, 3) + (cell.tone - 0.5) * 0.22, out);
    const along = Math.cos(cell.tilt) * (u - cell.x) + Math.sin(cell.tilt) * (v - cell.y);
    scale(out, 1 + along * 2.2 + 0.1 * noise.fbm2(u * 22 + cell.tone * 50, v * 22, 3));
    blend(out, leading, smoothstep(0.0034, 0.0016, border));
  });
}

/**
 * Stones with cut edges, fitted together and lit from one side.
 * @param {{width: number, height: number, seed: number, count: number, palette: string[], gap: string}} options
 */
export function cutStones({ width, height, seed, count, palette, gap }) {
  const noise = createNoise(seed);
  const random = createRandom(seed);
  const search = makeSearch(scatter(random, count, (x, y) => 0.5 + 0.45 * noise.noise2(x * 2, y * 2)));
  const ramp = gradient(palette);
  const ground = rgb(gap);
  const bulge = (x, y) => Math.sqrt(clamp((search(x, y).border - 0.002) / 0.035));
  return paint(width, height, 2, (u, v, out) => {
    const wx = u + noise.noise2(u * 14, v * 14) * 0.004;
    const wy = v + noise.noise2(u * 14 + 9, v * 14) * 0.004;
    const { cell, border } = search(wx, wy);
    const tone = cell.tone;
    const tilt = cell.tilt;
    const edge = border;
    const h = bulge(wx, wy);
    const slope = h - bulge(wx + 0.002, wy + 0.003);
    const vein = noise.fbm2(u * 30 * (0.4 + tone) + tilt * 9, v * 30 + tilt * 5, 5);
    const band =
      Math.sin((Math.cos(tilt) * u + Math.sin(tilt) * v) * 260 * tone + vein * 5) *
      (tone > 0.75 ? 0.07 : 0.015);
    ramp(tone * 0.95 + vein * 0.18 + band, out);
    scale(out, 0.52 + 0.5 * h - slope * 3.4);
    blend(out, ground, smoothstep(0.006, 0.0015, edge));
  });
}
