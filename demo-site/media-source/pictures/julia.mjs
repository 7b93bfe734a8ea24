// Julia sets of z² + c.
import { escapeColours, followOrbit } from '../lib/escape.mjs';
import { paint } from '../lib/frame.mjs';

/**
 * @param {import('../lib/escape.mjs').EscapeLook & {
 *   width: number, height: number, c: [number, number], centre?: [number, number], span: number,
 *   turn?: number, limit?: number
 * }} options `span` is the height of the view in the plane, `turn` its rotation in radians
 */
export function julia(options) {
  const { width, height, c, centre = [0, 0], span, turn = 0, limit = 900 } = options;
  const colour = escapeColours(options, span / height);
  const cos = Math.cos(turn) * span;
  const sin = Math.sin(turn) * span;
  return paint(width, height, 2, (u, v, out) => {
    const x = u - width / height / 2;
    const y = 0.5 - v;
    followOrbit(centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos, c[0], c[1], false, limit);
    colour(out);
  });
}
