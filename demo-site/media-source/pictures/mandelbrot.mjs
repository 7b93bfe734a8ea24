// Zooms into the Mandelbrot set.
import { escapeColours, followOrbit } from '../lib/escape.mjs';
import { paint } from '../lib/frame.mjs';

/**
 * @param {import('../lib/escape.mjs').EscapeLook & {
 *   width: number, height: number, centre: [number, number], span: number, turn?: number, limit?: number
 * }} options `span` is the height of the view in the plane, `turn` its rotation in radians
 */
export function mandelbrot(options) {
  const { width, height, centre, span, turn = 0, limit = 1500 } = options;
  const colour = escapeColours(options, span / height);
  const cos = Math.cos(turn) * span;
  const sin = Math.sin(turn) * span;
  return paint(width, height, 2, (u, v, out) => {
    const x = u - width / height / 2;
    const y = 0.5 - v;
    followOrbit(0, 0, centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos, true, limit);
    colour(out);
  });
}
