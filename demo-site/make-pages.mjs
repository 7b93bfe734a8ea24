#!/usr/bin/env node
// Writes the demonstrations' pages from what `pages/` says of them. The pages are static: what is committed is
// what is served.
//
// Usage:  node demo-site/make-pages.mjs            writes them
//         node demo-site/make-pages.mjs --check    fails when one is not what would be written
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { frame } from './pages/frame.mjs';
import { galleries } from './pages/gallery.mjs';
import { stages } from './pages/stages.mjs';

const publicFolder = join(dirname(fileURLToPath(import.meta.url)), 'public');
const checkOnly = process.argv.includes('--check');

for (const page of [...(await galleries(publicFolder)), ...stages()]) {
  const file = join(publicFolder, page.path);
  const text = await format(frame(page), { ...(await resolveConfig(file)), filepath: file });
  if (!checkOnly) await writeFile(file, text);
  else if ((await readFile(file, 'utf8')) !== text) {
    console.error(`${page.path} is not what make-pages.mjs writes`);
    process.exitCode = 1;
  }
}
