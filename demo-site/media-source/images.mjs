// Draws the gallery, writes the files and their index.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gallery } from './gallery.mjs';
import { encodePicture } from './lib/encode.mjs';
import { develop } from './lib/frame.mjs';

const WIDTH = 1200;
const HEIGHT = 800;

/** @param {import('./gallery.mjs').Entry} entry @param {number} number */
export function fileName(entry, number) {
  return `${String(number).padStart(2, '0')}-${entry.slug}.${entry.format}`;
}

/**
 * Draw and encode one picture.
 * @param {import('./gallery.mjs').Entry} entry @param {number} number
 */
export async function makePicture(entry, number) {
  const frame = await entry.draw({ ...entry.look, width: WIDTH, height: HEIGHT });
  const finish = { seed: number, grain: entry.grain, vignette: entry.vignette };
  const raw = { width: WIDTH, height: HEIGHT, pixels: develop(frame, finish) };
  return encodePicture(raw, entry.format, entry.kb * 1000);
}

/** Remove pictures of earlier runs. */
async function clear(folder) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (/^\d\d-.*\.(jpg|png|webp)$/.test(name)) await rm(join(folder, name));
  }
}

/**
 * Write all pictures and `index.json`.
 * @param {string} folder
 */
export async function makeImages(folder) {
  await clear(folder);
  const index = [];
  for (const [i, entry] of gallery.entries()) {
    const started = Date.now();
    const { bytes, setting } = await makePicture(entry, i + 1);
    const file = fileName(entry, i + 1);
    await writeFile(join(folder, file), bytes);
    index.push({ file, title: entry.title, width: WIDTH, height: HEIGHT, bytes: bytes.length });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${file}  ${Math.round(bytes.length / 1000)} kB  setting ${setting}  ${seconds} s`);
  }
  await writeFile(join(folder, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
}
