// The burning ship fractal: z → (|Re z| + i|Im z|)² + c.
import { cyclicGradient, gradient, thereAndBack } from '../lib/colour.mjs';
import { paint } from '../lib/frame.mjs';
import { scale } from '../lib/maths.mjs';

const state = { n: 0, trap: 0 };

function follow(cx, cy, limit) {
  let x = 0;
  let y = 0;
  let trap = 1e9;
  for (let n = 0; n < limit; n++) {
    const nx = x * x - y * y + cx;
    y = 2 * Math.abs(x * y) + cy;
    x = nx;
    const r2 = x * x + y * y;
    trap = Math.min(trap, Math.abs(y) + 0.3 * Math.abs(x));
    if (r2 > 1e6) {
      state.n = n + 1 - Math.log2(Math.log(r2) / Math.log(1e6));
      state.trap = trap;
      return;
    }
  }
  state.n = -1;
  state.trap = trap;
}

/**
 * @param {{width: number, height: number, centre: [number, number], span: number, palette: string[],
 *   cycles?: number, offset?: number, limit?: number, once?: boolean}} options `once` runs through the
 *   palette once from the outside in instead of cycling
 */
export function burningShip(options) {
  const { width, height, centre, span, palette, cycles = 1, offset = 0, limit = 700, once = false } = options;
  const ramp = once ? gradient(palette) : cyclicGradient(thereAndBack(palette));
  return paint(width, height, 3, (u, v, out) => {
    follow(centre[0] + (u - width / height / 2) * span, centre[1] + (v - 0.5) * span, limit);
    if (state.n < 0) {
      ramp(0, out);
      scale(out, 0.5 + 2 * Math.min(0.4, state.trap));
      return;
    }
    ramp(offset + cycles * Math.log(1 + Math.max(0, state.n)), out);
    scale(out, 0.8 + 0.35 * Math.min(1, state.trap * 4));
  });
}
