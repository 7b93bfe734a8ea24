// A picture in memory: three 32-bit floats per pixel, display-referred (0 black, 1 white).
import sharp from 'sharp';
import { createRandom } from './random.mjs';

/** @typedef {{width: number, height: number, data: Float32Array}} Frame */

/**
 * @callback Shader colours one sample
 * @param {number} u across, 0 at the left edge, in picture heights (so 1.5 is the right edge at 3:2)
 * @param {number} v down, 0 at the top, 1 at the bottom
 * @param {number[]} out receives the colour
 */

/** @param {number} width @param {number} height @returns {Frame} */
export function createFrame(width, height) {
  return { width, height, data: new Float32Array(width * height * 3) };
}

/**
 * Run a shader over a frame with `samples` × `samples` samples per pixel.
 * @param {number} width @param {number} height @param {number} samples @param {Shader} shade
 * @returns {Frame}
 */
export function paint(width, height, samples, shade) {
  const frame = createFrame(width, height);
  const out = [0, 0, 0];
  const weight = 1 / (samples * samples);
  let i = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      for (let s = 0; s < samples * samples; s++) {
        const sx = (s % samples) + 0.5;
        const sy = Math.floor(s / samples) + 0.5;
        shade((x + sx / samples) / height, (y + sy / samples) / height, out);
        for (let c = 0; c < 3; c++) frame.data[i + c] += Math.min(1, Math.max(0, out[c])) * weight;
      }
    }
  }
  return frame;
}

/** Average blocks of `factor` × `factor` pixels. @param {Frame} frame @param {number} factor */
export function shrink(frame, factor) {
  const out = createFrame(frame.width / factor, frame.height / factor);
  const weight = 1 / (factor * factor);
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const from = (y * frame.width + x) * 3;
      const to = (Math.floor(y / factor) * out.width + Math.floor(x / factor)) * 3;
      for (let c = 0; c < 3; c++) out.data[to + c] += Math.min(1, frame.data[from + c]) * weight;
    }
  }
  return out;
}

/**
 * Draw an SVG document into a frame.
 * @param {number} width @param {number} height
 * @param {string} body the elements; units are pixels of a 1200-wide picture
 * @returns {Promise<Frame>}
 */
export async function drawSvg(width, height, body) {
  const viewBox = `0 0 1200 ${(1200 * height) / width}`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${viewBox}">`;
  const pixels = await sharp(Buffer.from(`${open}${body}</svg>`), { unlimited: true })
    .flatten({ background: '#fff' })
    .removeAlpha()
    .raw()
    .toBuffer();
  const frame = createFrame(width, height);
  for (let i = 0; i < pixels.length; i++) frame.data[i] = pixels[i] / 255;
  return frame;
}

/**
 * Turn a frame into bytes, with film grain and a darker rim.
 * @param {Frame} frame
 * @param {{grain?: number, vignette?: number, seed?: number}} finish
 * @returns {Buffer} packed RGB
 */
export function develop(frame, { grain = 0.014, vignette = 0.12, seed = 1 }) {
  const { width, height, data } = frame;
  const random = createRandom(seed);
  const bytes = Buffer.alloc(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x / width - 0.5;
      const dy = y / height - 0.5;
      const rim = 1 - vignette * (dx * dx + dy * dy) * 2;
      const speck = grain ? random.gauss() * grain : 0;
      for (let c = 0; c < 3; c++, i++) {
        const value = (data[i] * rim + speck) * 255 + 0.5;
        bytes[i] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
  return bytes;
}
