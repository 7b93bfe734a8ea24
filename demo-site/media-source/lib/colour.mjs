// Colours: hex parsing, gradients blended in OKLab, and the curated palettes of the gallery.

/** Palettes from dark to light; the whole gallery draws on these. */
export const palettes = {
  glacier: ['#06182c', '#0f3d63', '#2f7f9f', '#9fd0d8', '#f4f8f4'],
  ember: ['#0e0a14', '#3a1730', '#8c2c3b', '#df6d3a', '#f8d78e'],
  moss: ['#10231c', '#2a5443', '#6f9673', '#c3d19c', '#f5f0da'],
  dusk: ['#191d38', '#4a3350', '#a34b48', '#e7965e', '#fae3b8'],
  plum: ['#180f24', '#46285a', '#94558a', '#dda3a8', '#fbebdf'],
  saffron: ['#23150d', '#713612', '#c46f1e', '#eeb650', '#fcf2d8'],
  seaglass: ['#0a1f26', '#1c5856', '#3f9c8d', '#a6d6b8', '#f7f2d5'],
  nocturne: ['#05070f', '#101a38', '#2b3d74', '#7b84b4', '#e9dfd2'],
  mist: ['#1f2e36', '#476069', '#8aa3a4', '#d0d8d0', '#f5f0e7'],
  clay: ['#2a1712', '#6e3426', '#b5654a', '#dfab85', '#f7e8d4'],
  indigo: ['#0b1026', '#1f2f66', '#4668a8', '#b0bfda', '#f7f1e4'],
  rose: ['#2b1220', '#6f2440', '#b9546a', '#e7a59a', '#fbeee2'],
};

/** @param {string} hex '#rrggbb' @returns {number[]} three numbers from 0 to 1 */
export function rgb(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [(n >> 16) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
}

const toLinear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const toDisplay = (c) => (c <= 0.0031308 ? Math.max(0, c) * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);

function toOklab(colour) {
  const [r, g, b] = colour.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(toDisplay);
}

/** Blend two hex colours in OKLab. @param {string} a @param {string} b @param {number} t */
export function mixHex(a, b, t) {
  const from = toOklab(rgb(a));
  const to = toOklab(rgb(b));
  const out = fromOklab(from.map((v, i) => v + (to[i] - v) * t));
  const byte = (v) => Math.round(Math.min(1, Math.max(0, v)) * 255);
  return `#${out.map((v) => byte(v).toString(16).padStart(2, '0')).join('')}`;
}

/**
 * @callback Gradient reads the colour at `t` into `out`
 * @param {number} t
 * @param {number[]} out
 * @returns {number[]} out
 */

const TABLE = 1024;

/** Catmull-Rom through the four neighbours of a stop, per channel. */
function curve(p0, p1, p2, p3, t) {
  return p1.map((v, i) => {
    const c = p2[i] - p0[i];
    const d = 2 * p0[i] - 5 * v + 4 * p2[i] - p3[i];
    const e = 3 * v - p0[i] - 3 * p2[i] + p3[i];
    return v + 0.5 * t * (c + t * (d + t * e));
  });
}

function fillTable(labs, stopAt) {
  const table = new Float32Array(TABLE * 3);
  for (let i = 0; i < TABLE; i++) {
    const position = stopAt(i);
    const k = Math.floor(position);
    const at = (j) => labs(k + j);
    table.set(fromOklab(curve(at(-1), at(0), at(1), at(2), position - k)), i * 3);
  }
  return table;
}

/**
 * A gradient through hex colours; `t` from 0 to 1, clamped.
 * @param {string[]} stops
 * @returns {Gradient}
 */
export function gradient(stops) {
  const labs = stops.map((hex) => toOklab(rgb(hex)));
  const last = labs.length - 1;
  const clampStop = (k) => labs[Math.max(0, Math.min(last, k))];
  const table = fillTable(clampStop, (i) => (i / (TABLE - 1)) * last);
  return (t, out) => {
    const i = 3 * (t <= 0 ? 0 : t >= 1 ? TABLE - 1 : Math.floor(t * (TABLE - 1) + 0.5));
    out[0] = table[i];
    out[1] = table[i + 1];
    out[2] = table[i + 2];
    return out;
  };
}

/**
 * A gradient that repeats: `t` is taken modulo 1 and the last stop leads back to the first.
 * @param {string[]} stops
 * @returns {Gradient}
 */
export function cyclicGradient(stops) {
  const labs = stops.map((hex) => toOklab(rgb(hex)));
  const count = labs.length;
  const wrapStop = (k) => labs[((k % count) + count) % count];
  const table = fillTable(wrapStop, (i) => (i / TABLE) * count);
  return (t, out) => {
    const i = 3 * (Math.floor((t - Math.floor(t)) * TABLE) & (TABLE - 1));
    out[0] = table[i];
    out[1] = table[i + 1];
    out[2] = table[i + 2];
    return out;
  };
}

/** A palette there and back again, for cyclic use. @param {string[]} stops */
export const thereAndBack = (stops) => [...stops, ...stops.slice(1, -1).reverse()];
