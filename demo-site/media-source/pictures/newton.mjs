// Newton's method on a polynomial: each point takes the colour of the root it falls to, darkened by
// how long that took.
import { gradient } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { clamp } from '../lib/maths.mjs';

const found = { root: -1, steps: 0 };

/** Walk from (x, y) until close to a root. */
function descend(x, y, roots, relax, limit) {
  for (let n = 0; n < limit; n++) {
    let sx = 0;
    let sy = 0;
    for (let k = 0; k < roots.length; k++) {
      const dx = x - roots[k][0];
      const dy = y - roots[k][1];
      const r2 = dx * dx + dy * dy;
      if (r2 < 1e-6) {
        found.root = k;
        found.steps = n + 1 - Math.log2(Math.log(r2 + 1e-30) / Math.log(1e-6));
        return;
      }
      sx += dx / r2;
      sy -= dy / r2;
    }
    const s2 = sx * sx + sy * sy + 1e-30;
    x -= (relax * sx) / s2;
    y += (relax * sy) / s2;
  }
  found.root = 0;
  found.steps = limit;
}

/**
 * @param {{width: number, height: number, roots: [number, number][], ramps: string[][],
 *   centre?: [number, number], span: number, turn?: number, relax?: number, depth?: number}} options
 *   one ramp (light to dark) per root, reused in turn; `depth` is the step count drawn darkest
 */
export function newton(options) {
  const { width, height, roots, centre = [0, 0], span, turn = 0, relax = 1, depth = 22 } = options;
  const ramps = options.ramps.map(gradient);
  const cos = Math.cos(turn) * span;
  const sin = Math.sin(turn) * span;
  return paint(width, height, 3, (u, v, out) => {
    const x = u - width / height / 2;
    const y = 0.5 - v;
    descend(centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos, roots, relax, 120);
    const t = clamp((found.steps - 2) / depth);
    ramps[found.root % ramps.length](Math.sqrt(t), out);
  });
}

/** The n-th roots of one, optionally scaled unevenly. @param {number} n @param {number} [squash] */
export function rootsOfUnity(n, squash = 1) {
  return Array.from({ length: n }, (_, k) => {
    const angle = (k / n) * Math.PI * 2;
    return /** @type {[number, number]} */ ([Math.cos(angle), Math.sin(angle) * squash]);
  });
}
