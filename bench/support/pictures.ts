import { crc32, deflateSync } from 'node:zlib';

/** Noise does not compress: a picture's file is about as long as its pixels. */
const BYTES_PER_PIXEL = 3;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const NO_FILTER = 0;
const TRUE_COLOUR_8_BITS = [8, 2, 0, 0, 0];

/**
 * A PNG of noise, `width` pixels wide and about `bytes` long. Each `seed` gives another picture, and
 * so another root; the same seed the same bytes on every machine.
 */
export function noisePicture(bytes: number, seed: number, width = 256): Buffer {
  const stride = 1 + width * BYTES_PER_PIXEL;
  const height = Math.max(1, Math.round(bytes / stride));
  const rows = noise(stride * height, seed);
  for (let row = 0; row < height; row++) rows[row * stride] = NO_FILTER;
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const header = Buffer.concat([size, Buffer.from(TRUE_COLOUR_8_BITS)]);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Bytes without a pattern: xorshift32 (Marsaglia 2003). Not for secrets. */
export function noise(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed + 1) * 0x9e3779b1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Length, type, content, checksum of the latter two (PNG specification, section 5.3). */
function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const framed = Buffer.alloc(named.byteLength + 8);
  framed.writeUInt32BE(content.byteLength, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.byteLength + 4);
  return framed;
}
