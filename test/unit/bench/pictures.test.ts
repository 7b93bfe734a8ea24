import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { noise, noisePicture } from '../../../bench/support/pictures.js';

describe('noise', () => {
  it('has the length asked for, also when that is no multiple of a word', () => {
    for (const length of [0, 1, 3, 4, 4097]) expect(noise(length, 1)).toHaveLength(length);
  });

  it('is the same for a seed, and another for another', () => {
    expect(noise(1000, 5).equals(noise(1000, 5))).toBe(true);
    expect(noise(1000, 5).equals(noise(1000, 6))).toBe(false);
  });

  it('shows no byte much more often than the others', () => {
    const counts = new Map<number, number>();
    for (const byte of noise(256 * 400, 3)) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    expect(counts.size).toBe(256);
    expect(Math.max(...counts.values())).toBeLessThan(600);
  });
});

describe('a picture of noise', () => {
  it('is a PNG of about the size asked for', async () => {
    for (const bytes of [50_000, 200_000]) {
      const picture = noisePicture(bytes, 1);
      expect(Math.abs(picture.byteLength - bytes)).toBeLessThan(1500);
      const { format, width, height } = await sharp(picture).metadata();
      expect({ format, width }).toEqual({ format: 'png', width: 256 });
      expect(height).toBeGreaterThan(1);
    }
  });

  it('decodes without an error: its checksums are right', async () => {
    const { data, info } = await sharp(noisePicture(20_000, 9), { failOn: 'warning' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(data).toHaveLength(info.width * info.height * 3);
  });

  it('is another one for each seed, so that each has a root of its own', () => {
    const pictures = Array.from({ length: 80 }, (_, seed) => noisePicture(10_000, seed).toString('latin1'));
    expect(new Set(pictures).size).toBe(80);
  });
});
