// Escape-time fractals z → z² + c with their derivative, coloured by smooth iteration count and lit
// as if the potential were a relief.
import { cyclicGradient, rgb, thereAndBack } from './colour.mjs';
import { blend, clamp, scale } from './maths.mjs';

/**
 * @typedef {object} EscapeLook
 * @property {string[]} palette
 * @property {number} [cycles] how fast colours change with depth
 * @property {number} [offset] where in the palette to start
 * @property {number} [relief] strength of the lighting, 0 to 1
 * @property {string} [inside] colour of points that never escape
 * @property {number} [edge] how dark the boundary is drawn, 0 to 1
 */

const BAILOUT = 1e6;

/**
 * Result of one orbit, reused between calls: `n` is the smooth count (-1 inside), `nx`/`ny` the unit
 * normal, `distance` the estimate of the distance to the set, `trap` the closest approach to 0.
 */
export const orbit = { n: -1, nx: 0, ny: 0, distance: 0, trap: 0 };

/**
 * Follow one orbit and fill `orbit`.
 * @param {number} zx @param {number} zy start
 * @param {number} cx @param {number} cy constant
 * @param {boolean} parameter true for Mandelbrot (derivative by c), false for Julia (by z)
 * @param {number} limit iterations
 */
export function followOrbit(zx, zy, cx, cy, parameter, limit) {
  let dx = parameter ? 0 : 1;
  let dy = 0;
  let trap = 1e9;
  for (let n = 0; n < limit; n++) {
    const ndx = 2 * (zx * dx - zy * dy) + (parameter ? 1 : 0);
    dy = 2 * (zx * dy + zy * dx);
    dx = ndx;
    const x2 = zx * zx;
    const y2 = zy * zy;
    zy = 2 * zx * zy + cy;
    zx = x2 - y2 + cx;
    const r2 = zx * zx + zy * zy;
    if (r2 < trap) trap = r2;
    if (r2 > BAILOUT) return escape(n, zx, zy, dx, dy, r2, trap);
  }
  orbit.n = -1;
  orbit.trap = Math.sqrt(trap);
}

function escape(n, zx, zy, dx, dy, r2, trap) {
  const d2 = dx * dx + dy * dy;
  const ux = zx * dx + zy * dy;
  const uy = zy * dx - zx * dy;
  const length = Math.hypot(ux, uy) || 1;
  orbit.n = n + 1 - Math.log2(Math.log(r2) / Math.log(BAILOUT));
  orbit.nx = ux / length;
  orbit.ny = uy / length;
  orbit.distance = (Math.sqrt(r2 / d2) * Math.log(r2)) / 2;
  orbit.trap = Math.sqrt(trap);
}

/**
 * A function that turns the current `orbit` into a colour.
 * @param {EscapeLook} look
 * @param {number} pixel size of a pixel in the plane
 */
export function escapeColours(look, pixel) {
  const { cycles = 1, offset = 0, relief = 0.6, edge = 0.7 } = look;
  const ramp = cyclicGradient(thereAndBack(look.palette));
  const inside = rgb(look.inside ?? look.palette[0]);
  const dark = rgb(look.palette[0]);
  return (out) => {
    if (orbit.n < 0) {
      out[0] = inside[0];
      out[1] = inside[1];
      out[2] = inside[2];
      scale(out, 0.75 + 0.9 * clamp(orbit.trap, 0, 0.6));
      return;
    }
    ramp(offset + cycles * Math.log(1 + Math.max(0, orbit.n)), out);
    const light = (orbit.nx * 0.6 + orbit.ny * 0.8 + 1.1) / 2.1;
    scale(out, 1 + relief * (light * 1.15 - 0.75));
    const near = clamp(orbit.distance / (pixel * 2.2));
    blend(out, dark, edge * (1 - near) ** 2);
  };
}
