/** @typedef {{path: string, section: string, title: string, scripts?: readonly string[], main: string, credit: string}} Page */

/** What the pages' bar links to. */
const SECTIONS = [
  { href: '/gallery.html', name: 'Gallery' },
  { href: '/video.html', name: 'Film' },
  { href: '/hls.html', name: 'HLS' },
  { href: '/dash.html', name: 'DASH' },
  { href: '/live.html', name: 'Live' },
];

const MARK = `<svg viewBox="0 0 32 32" width="29" height="29" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#17606a" /><path d="M9 23 L16 9 L23 23 Z" fill="none" stroke="#f6efe0" stroke-width="2" /><circle cx="16" cy="9" r="3.2" fill="#f3c98b" /><circle cx="9" cy="23" r="3.2" fill="#f6efe0" /><circle cx="23" cy="23" r="3.2" fill="#f6efe0" /></svg>`;

/** @param {string} text */
export function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/**
 * What all demonstrations have: the two lines that a site adds, the bar, and the way to a second visitor.
 *
 * @param {Page} page `section`: the name of the link in the bar that leads here
 */
export function frame({ path, section, title, scripts = [], main, credit }) {
  const links = SECTIONS.map(
    ({ href, name }) => `<a href="${href}"${name === section ? ' aria-current="page"' : ''}>${name}</a>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/site.css" />
    <script async src="/peerfold.js" data-consent="implied" data-upload="20000000" data-overlay></script>
    <script type="module" src="/second-visitor.js"></script>
    ${scripts.map((src) => `<script defer src="${src}"></script>`).join('\n')}
  </head>
  <body>
    <header class="top">
      <a class="mark" href="/">${MARK}Peerfold</a>
      <nav aria-label="Demonstrations">
        ${links.join('\n')}
        <a data-second-visitor hidden href="${path}">Second visitor&nbsp;↗</a>
      </nav>
    </header>
    <main>
      ${main}
    </main>
    <footer class="end">
      <p>${credit}</p>
    </footer>
  </body>
</html>
`;
}

/** @param {string} heading @param {string} lead */
export function intro(heading, lead) {
  return `<div class="intro">
    <h1>${heading}</h1>
    <p class="lead">${lead}</p>
  </div>`;
}
