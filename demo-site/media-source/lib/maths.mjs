// Small numeric helpers shared by all pictures.

/** @param {number} x @param {number} [low] @param {number} [high] */
export const clamp = (x, low = 0, high = 1) => (x < low ? low : x > high ? high : x);

/** @param {number} a @param {number} b @param {number} t */
export const mix = (a, b, t) => a + (b - a) * t;

/** Smooth step from 0 at `a` to 1 at `b`. @param {number} a @param {number} b @param {number} x */
export function smoothstep(a, b, x) {
  const t = clamp((x - a) / (b - a));
  return t * t * (3 - 2 * t);
}

/**
 * Move a colour towards another, in place.
 * @param {number[]} colour @param {ArrayLike<number>} other @param {number} t
 */
export function blend(colour, other, t) {
  colour[0] += (other[0] - colour[0]) * t;
  colour[1] += (other[1] - colour[1]) * t;
  colour[2] += (other[2] - colour[2]) * t;
}

/**
 * Add light to a colour, in place.
 * @param {number[]} colour @param {ArrayLike<number>} light @param {number} amount
 */
export function addLight(colour, light, amount) {
  colour[0] += light[0] * amount;
  colour[1] += light[1] * amount;
  colour[2] += light[2] * amount;
}

/** Multiply a colour, in place. @param {number[]} colour @param {number} k */
export function scale(colour, k) {
  colour[0] *= k;
  colour[1] *= k;
  colour[2] *= k;
}

/**
 * Add light to a colour without passing white ("screen"), in place.
 * @param {number[]} colour @param {ArrayLike<number>} light @param {number} amount
 */
export function screen(colour, light, amount) {
  for (let c = 0; c < 3; c++) colour[c] += Math.max(0, 1 - colour[c]) * Math.min(1, light[c] * amount);
}
