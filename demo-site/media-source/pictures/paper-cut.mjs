// Layers of cut paper: terraces of a noise field, each throwing a soft shadow on the one below.
import { gradient, rgb } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { blend, scale, smoothstep } from '../lib/maths.mjs';
import { createNoise } from '../lib/noise.mjs';

/**
 * @param {{width: number, height: number, seed: number, palette: string[], layers?: number, zoom?: number,
 *   line?: string}} options `line` draws contour lines instead of shadows
 */
export function paperCut({ width, height, seed, palette, layers = 10, zoom = 1.5, line }) {
  const noise = createNoise(seed);
  const ramp = gradient(palette);
  const ink = line ? rgb(line) : null;
  const field = (u, v) => {
    const warp = noise.noise2(u * 1.1 + 4, v * 1.1) * 0.35;
    return (0.5 + noise.fbm2(u * zoom + warp, v * zoom - warp, ink ? 5 : 3, 0.42) * 0.95) * layers;
  };
  return paint(width, height, 3, (u, v, out) => {
    const h = field(u, v);
    const level = Math.floor(h);
    ramp(level / layers, out);
    if (ink) return contour(h, field, u, v, out, ink);
    const fibre = noise.fbm2(u * 60, v * 60 + level * 9, 3);
    scale(out, 1 + fibre * 0.045);
    let shade = 0;
    for (let d = 1; d <= 6; d++) {
      const above = Math.floor(field(u - d * 0.0045, v - d * 0.006)) > level;
      shade = Math.max(shade, above ? 1 - (d - 1) / 6 : 0);
    }
    scale(out, 1 - 0.42 * smoothstep(0, 1, shade));
    const lip = Math.floor(field(u - 0.0012, v - 0.0016)) < level;
    if (lip) scale(out, 1.1);
  });
}

/** Ink a line at every whole step, a stronger one at every fifth. */
function contour(h, field, u, v, out, ink) {
  const e = 0.0007;
  const steep = Math.hypot(field(u + e, v) - h, field(u, v + e) - h) / e;
  const step = h * 3;
  const near = Math.abs(step - Math.round(step)) / (steep * 3);
  const strong = Math.round(step) % 5 === 0;
  blend(
    out,
    ink,
    smoothstep(strong ? 0.0019 : 0.0011, strong ? 0.0012 : 0.0005, near) * (strong ? 0.95 : 0.6),
  );
}
