import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BenchRow, Benchmark } from './report.js';

const BUNDLES = [
  'peerfold.js',
  'peerfold-engine.js',
  'peerfold-worker.js',
  'peerfold-overlay.js',
  'peerfold-beacons.js',
  'peerfold-players.js',
  'peerfold-playlists.js',
  'index.js',
];

async function rowOf(root: string, name: string): Promise<BenchRow> {
  const code = await readFile(path.join(root, 'dist', name));
  const value = gzipSync(code, { level: 9 }).byteLength;
  return { name, value, unit: 'bytes', ratio: value / code.byteLength };
}

/** What a visitor downloads. */
const sizes: Benchmark = async ({ root }) => ({
  title: 'Sizes of the bundles',
  about: 'Gzip at its best level; the ratio is to the minified file.',
  rows: await Promise.all(BUNDLES.map((name) => rowOf(root, name))),
});

export default sizes;
