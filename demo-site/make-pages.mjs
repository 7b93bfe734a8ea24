#!/usr/bin/env node
// Writes gallery.html and gallery-eager.html from the gallery's index.json, so that both show every
// picture with its true size and title. The pages are static: what is committed is what is served.
//
// Usage:  node demo-site/make-pages.mjs            writes them
//         node demo-site/make-pages.mjs --check    fails when one is not what would be written
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const publicFolder = join(dirname(fileURLToPath(import.meta.url)), 'public');

/** More than a screen, and with the layout's wide pictures about as far as browsers load lazy ones ahead. */
const EAGER = 6;

/** @typedef {{file: string, title: string, width: number, height: number, bytes: number}} Picture */

/** @type {Record<string, {eager: number, note: string}>} */
const pages = {
  'gallery.html': {
    eager: EAGER,
    note: 'The first six come from the site at once. The others wait until you scroll towards them, and then come from whoever has them.',
  },
  'gallery-eager.html': {
    eager: Number.POSITIVE_INFINITY,
    note: 'The same pictures without lazy loading: the browser asks for all of them as soon as it reads the page.',
  },
};

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** @param {Picture} picture @param {number} place from 0 @param {number} eager */
function figure({ file, title, width, height }, place, eager) {
  const loading = place < eager ? '' : ' loading="lazy"';
  const number = String(place + 1).padStart(2, '0');
  return `<figure>
    <img src="/media/images/${file}" alt="${escape(title)}" width="${width}" height="${height}"${loading} />
    <figcaption><span>${number}</span> ${escape(title)}</figcaption>
  </figure>`;
}

/** @param {string} name @param {readonly Picture[]} pictures @param {{eager: number, note: string}} page */
function galleryPage(name, pictures, { eager, note }) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${pictures.length} pictures</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/site.css" />
    <script async src="/peerfold.js" data-consent="implied" data-upload="20000000" data-overlay></script>
    <script type="module" src="/second-visitor.js"></script>
  </head>
  <body>
    <header class="top">
      <a class="mark" href="/"><svg viewBox="0 0 32 32" width="29" height="29" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#17606a" /><path d="M9 23 L16 9 L23 23 Z" fill="none" stroke="#f6efe0" stroke-width="2" /><circle cx="16" cy="9" r="3.2" fill="#f3c98b" /><circle cx="9" cy="23" r="3.2" fill="#f6efe0" /><circle cx="23" cy="23" r="3.2" fill="#f6efe0" /></svg>Peerfold</a>
      <nav aria-label="Demonstrations">
        <a href="/gallery.html" aria-current="page">Gallery</a>
        <a href="/video.html">Film</a>
        <a href="/hls.html">HLS</a>
        <a href="/dash.html">DASH</a>
        <a href="/live.html">Live</a>
        <a data-second-visitor hidden href="/${name}">Second visitor&nbsp;↗</a>
      </nav>
    </header>
    <main>
      <div class="intro">
        <h1>Pictures of nowhere</h1>
        <p class="lead">Seas, mountains and patterns that exist only as formulas. ${note}</p>
      </div>
      <div class="pictures">
        ${pictures.map((picture, place) => figure(picture, place, eager)).join('\n')}
      </div>
    </main>
    <footer class="end">
      <p>All pictures were computed from formulas and belong to Peerfold.</p>
    </footer>
  </body>
</html>
`;
}

/** The text of every page that is made here, by file name. */
async function makePages() {
  const index = await readFile(join(publicFolder, 'media', 'images', 'index.json'), 'utf8');
  /** @type {Picture[]} */
  const pictures = JSON.parse(index);
  /** @type {Record<string, string>} */
  const texts = {};
  for (const [name, page] of Object.entries(pages)) {
    const file = join(publicFolder, name);
    const options = await resolveConfig(file);
    texts[name] = await format(galleryPage(name, pictures, page), { ...options, filepath: file });
  }
  return texts;
}

const checkOnly = process.argv.includes('--check');
for (const [name, text] of Object.entries(await makePages())) {
  const file = join(publicFolder, name);
  if (!checkOnly) await writeFile(file, text);
  else if ((await readFile(file, 'utf8')) !== text) {
    console.error(`${name} is not what make-pages.mjs writes`);
    process.exitCode = 1;
  }
}
