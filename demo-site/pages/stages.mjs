import { intro } from './frame.mjs';

/** @typedef {{section: string, title: string, heading: string, lead: string, source: string, poster?: string, player?: 'hls' | 'dash', qualities?: true, notes: Record<string, string>}} Stage */

const PLAYERS = {
  hls: ['/vendor/hls.min.js', '/hls-page.js'],
  dash: ['/vendor/dash.all.min.js', '/dash-page.js'],
};

/** What both players' pages of the live stream say. */
const LIVE_NOTES = {
  'All see the same':
    'Everybody watches the same few seconds, so most of what you see has just been fetched by somebody else.',
  'Signed as it appears':
    'Each segment is signed by the hash service when it is asked for the first time, and checked before the player gets it.',
  'No later than before':
    'You stay as close to the present as the player wants to be. What does not come from visitors in time comes from the site.',
};
const LIVE_LEAD =
  'The flight without an end. A segment appears every four seconds, the moment it is over; nothing of it existed before.';

/** @type {Record<string, Stage>} */
const STAGES = {
  '/video.html': {
    section: 'Film',
    title: 'Tides, a film',
    heading: 'Tides',
    lead: 'One evening at sea, in a minute. The sun sets, the stars come out, the moon rises.',
    source: 'src="/media/video/tides.mp4" preload="none"',
    poster: '26-red-sun.jpg',
    notes: {
      'One file, no player':
        'This is an MP4 in a plain video element. The browser asks for ranges of it; the pieces come from wherever they are.',
      "The start is the site's":
        'The first ten seconds come over HTTP, so that playing starts as fast as ever. The rest comes from visitors who have seen it.',
      'Jump anywhere':
        'After a jump the site answers at once; when a few seconds are in store again, the visitors go on.',
    },
  },
  '/hls.html': {
    section: 'HLS',
    title: 'Flight, a stream over HLS',
    heading: 'Flight',
    lead: 'A minute above mountains that nobody has ever seen, in segments of four seconds.',
    source: 'data-playlist="/media/hls/index.m3u8"',
    player: 'hls',
    qualities: true,
    notes: {
      'The player as it is':
        'hls.js from npm, not a line changed and no plugin. It fetches segments; it need not know where they come from.',
      'Each segment on its own':
        'A segment is known by its content, not by its number or address, and is checked before the player gets it.',
      "The start is the site's":
        "The first ten seconds come over HTTP. What follows is asked of other visitors, as long as the player's buffer allows.",
    },
  },
  '/dash.html': {
    section: 'DASH',
    title: 'Flight, a stream over DASH',
    heading: 'Flight, over DASH',
    lead: 'The same minute and the same segments, described by a manifest of the other kind.',
    source: 'data-manifest="/media/hls/manifest.mpd"',
    player: 'dash',
    notes: {
      'Another player as it is':
        'dash.js from npm, not a line changed and no plugin. Like the one for HLS it fetches segments and knows nothing of visitors.',
      'One content':
        'A segment is known by its content. Whoever watches over HLS has what you watch over DASH, and passes it on.',
      'Two renditions':
        'The player chooses between a large and a small picture, by how fast segments arrive. The first ten seconds come over HTTP.',
    },
  },
  '/live.html': {
    section: 'Live',
    title: 'Flight, live',
    heading: 'Flight, live',
    lead: LIVE_LEAD,
    source: 'data-playlist="/live/index.m3u8"',
    player: 'hls',
    notes: {
      ...LIVE_NOTES,
      'Over DASH, too': '<a href="/live-dash.html">The same stream in dash.js</a>, with the same segments.',
    },
  },
  '/live-dash.html': {
    section: 'Live',
    title: 'Flight, live over DASH',
    heading: 'Flight, live over DASH',
    lead: LIVE_LEAD,
    source: 'data-manifest="/live/manifest.mpd"',
    player: 'dash',
    notes: {
      ...LIVE_NOTES,
      'Over HLS, too': '<a href="/live.html">The same stream in hls.js</a>, with the same segments.',
    },
  },
};

const QUALITIES = `<p class="quality" hidden>
  <label>Picture <select><option value="-1">as the line allows</option></select></label>
</p>`;

/** @param {Stage} stage */
function screen({ title, source, poster = '22-copper-range.jpg', player, qualities }) {
  return `<div>
    ${player ? '<p class="problem" role="alert" hidden></p>' : ''}
    <video class="screen" aria-label="${title}" ${source} poster="/media/images/${poster}" width="1280" height="720" controls playsinline></video>
    ${qualities ? QUALITIES : ''}
  </div>`;
}

/** @param {[term: string, text: string]} note */
function note([term, text]) {
  return `<div><dt>${term}</dt><dd>${text}</dd></div>`;
}

/**
 * A video, and beside it what there is to see of it.
 *
 * @returns {import('./frame.mjs').Page[]}
 */
export function stages() {
  return Object.entries(STAGES).map(([path, stage]) => ({
    path,
    section: stage.section,
    title: stage.title,
    scripts: stage.player ? PLAYERS[stage.player] : [],
    main: `${intro(stage.heading, stage.lead)}
      <div class="stage">
        ${screen(stage)}
        <dl class="notes">${Object.entries(stage.notes).map(note).join('\n')}</dl>
      </div>`,
    credit: 'Picture and sound were computed from formulas and belong to Peerfold.',
  }));
}
