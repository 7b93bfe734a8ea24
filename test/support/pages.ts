import { IMAGES, LAZY_IMAGES } from './media.js';

/** Where every stage serves `shelf()`: a page that is read in seconds and still has a fold. */
export const SHELF = '/shelf.html';
/** Two pictures on the first screen. */
export const SHELF_EAGER = IMAGES.slice(0, 2);
/** Ten pictures below the fold, one after the other. */
export const SHELF_LAZY = LAZY_IMAGES.slice(0, 10);

/** What the demo's pages have, without the overlay: it has tests of its own and costs time. */
export const IMPLIED = 'data-consent="implied" data-upload="20000000"';

/** Farther below the fold (px) than any browser loads lazy images ahead: the visitor decides when they load. */
const GAP = 3400;

/** The script tag as a site's owner writes it. */
export function tag(attributes: string = IMPLIED): string {
  return `<script async src="/peerfold.js" ${attributes}></script>`;
}

/** A page of the site. An empty `head` has no Peerfold. */
export function page(head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>A page for tests</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/site.css" />
    <style>html { scroll-behavior: auto }</style>
    ${head}
  </head>
  <body>${body}</body>
</html>
`;
}

/** Two pictures at the top, then nothing, then `lazy` ones of a screen each. */
export function shelf(head: string = tag(), lazy: readonly string[] = SHELF_LAZY): string {
  const eager = SHELF_EAGER.map((src) => `<img src="${src}" alt="" width="600" height="400">`);
  const below = lazy.map((src) => `<img src="${src}" alt="" width="1200" height="800" loading="lazy">`);
  const gap = `<div style="height: ${GAP}px"></div>`;
  return page(head, [...eager, gap, ...below].join('\n'));
}
