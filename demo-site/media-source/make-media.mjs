#!/usr/bin/env node
// Makes the media of the demo site from nothing but arithmetic:
//
//   images/   48 pictures - fractals, landscapes, generative art - and their index.json
//   video/    tides.mp4, a sea through one evening, as a progressive MP4
//   hls/      a drift past misty ranges as a stream for HLS and DASH (fragmented MP4), in two renditions
//
// Usage:  node demo-site/media-source/make-media.mjs [images] [video] [hls]     (no argument: all)
//         node demo-site/media-source/make-media.mjs small     makes the smaller rendition anew
//
// Needs the npm package `sharp` (picture encoding, SVG drawing) and the program `ffmpeg` with libx264
// and aac on the PATH. Every random choice is seeded, so each run draws the same.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'public', 'media');

const parts = {
  images: async () => (await import('./images.mjs')).makeImages(join(root, 'images')),
  video: async () => (await import('./films/tides.mjs')).makeTides(join(root, 'video')),
  hls: async () => (await import('./films/passage.mjs')).makePassage(join(root, 'hls')),
};
/** Parts of a part, which are made with it. */
const pieces = {
  small: async () => (await import('./films/small-rendition.mjs')).makeSmallRendition(join(root, 'hls')),
};
const known = { ...parts, ...pieces };

async function main() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !(name in known));
  if (unknown) throw new Error(`unknown part "${unknown}"; known: ${Object.keys(known).join(', ')}`);
  for (const name of wanted.length ? wanted : Object.keys(parts)) {
    const started = Date.now();
    await known[name]();
    console.log(`${name}: done in ${Math.round((Date.now() - started) / 1000)} s`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
