// Encoding still pictures so that each file lands near a wished size.
import sharp from 'sharp';

/** @typedef {{width: number, height: number, pixels: Buffer}} Raw */

/** @param {Raw} raw */
const open = ({ width, height, pixels }) => sharp(pixels, { raw: { width, height, channels: 3 } });

const encoders = {
  jpg: (raw, quality) => open(raw).jpeg({ quality, mozjpeg: true }).toBuffer(),
  webp: (raw, quality) => open(raw).webp({ quality, effort: 4 }).toBuffer(),
};

/** The highest quality whose file is not above the wished size. */
async function searchQuality(encode, raw, wish) {
  let low = 35;
  let high = 96;
  let best = { bytes: await encode(raw, low), setting: low };
  while (low <= high) {
    const setting = (low + high) >> 1;
    const bytes = await encode(raw, setting);
    if (bytes.length <= wish) {
      best = { bytes, setting };
      low = setting + 1;
    } else high = setting - 1;
  }
  return best;
}

/** The richest PNG palette whose file is not above the wished size. */
async function searchPalette(raw, wish) {
  let best;
  for (const colours of [256, 192, 128, 96, 64, 48, 32, 24, 16]) {
    const bytes = await open(raw)
      .png({ palette: true, colours, dither: 0.5, effort: 8, compressionLevel: 9 })
      .toBuffer();
    best = { bytes, setting: colours };
    if (bytes.length <= wish) break;
  }
  return best;
}

/**
 * Encode a picture.
 * @param {Raw} raw
 * @param {'jpg' | 'png' | 'webp'} format
 * @param {number} wish wished size in bytes
 * @returns {Promise<{bytes: Buffer, setting: number}>} the file and the quality (or palette size) used
 */
export function encodePicture(raw, format, wish) {
  return format === 'png' ? searchPalette(raw, wish) : searchQuality(encoders[format], raw, wish);
}
