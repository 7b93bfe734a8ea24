import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escape, intro } from './frame.mjs';

/** More than a screen, and with the layout's wide pictures about as far as browsers load lazy ones ahead. */
const EAGER = 6;

/** @typedef {{file: string, title: string, width: number, height: number}} Picture */

/** @type {Record<string, {eager: number, note: string}>} */
const GALLERIES = {
  '/gallery.html': {
    eager: EAGER,
    note: 'The first six come from the site at once. The others wait until you scroll towards them, and then come from whoever has them.',
  },
  '/gallery-eager.html': {
    eager: Number.POSITIVE_INFINITY,
    note: 'The same pictures without lazy loading: the browser asks for all of them as soon as it reads the page.',
  },
};

/** @param {Picture} picture @param {number} place from 0 @param {number} eager */
function figure({ file, title, width, height }, place, eager) {
  const loading = place < eager ? '' : ' loading="lazy"';
  const number = String(place + 1).padStart(2, '0');
  return `<figure>
    <img src="/media/images/${file}" alt="${escape(title)}" width="${width}" height="${height}"${loading} />
    <figcaption><span>${number}</span> ${escape(title)}</figcaption>
  </figure>`;
}

/**
 * Every picture of the gallery's index with its true size and title.
 *
 * @param {string} publicFolder
 * @returns {Promise<import('./frame.mjs').Page[]>}
 */
export async function galleries(publicFolder) {
  const index = await readFile(join(publicFolder, 'media', 'images', 'index.json'), 'utf8');
  /** @type {Picture[]} */
  const pictures = JSON.parse(index);
  return Object.entries(GALLERIES).map(([path, { eager, note }]) => ({
    path,
    section: 'Gallery',
    title: `${pictures.length} pictures`,
    main: `${intro('Pictures of nowhere', `Seas, mountains and patterns that exist only as formulas. ${note}`)}
      <div class="pictures">
        ${pictures.map((picture, place) => figure(picture, place, eager)).join('\n')}
      </div>`,
    credit: 'All pictures were computed from formulas and belong to Peerfold.',
  }));
}
