/** Seconds a refusal stands, by what would have to change for another answer. */
const PASSING = 30;
const MISSING = 60;
const SETTLED = 300;
const WITHDRAWN = 3600;
/** What passes, passes soon where segments appear every few seconds. */
const LIVE = 2;

/**
 * Every reason not to sign a URL: its stable code, how long the refusal stands, and a sentence that
 * tells the site's owner what to change.
 */
const REFUSALS = {
  'foreign-origin': [SETTLED, 'The hash service is not configured for this origin; add it with --origin.'],
  'tokenised-url': [
    SETTLED,
    'The URL carries a signature or an access token, so it is not public; serve the file without one.',
  ],
  playlist: [SETTLED, 'Playlists change and are never shared; what they name is shared on its own.'],
  redirect: [SETTLED, 'The URL redirects; link to the final URL, which may be shared on its own.'],
  guarded: [SETTLED, 'The origin asks for authorisation; only what anybody may fetch is shared.'],
  missing: [MISSING, 'The origin has no such file.'],
  status: [SETTLED, 'The origin did not answer 200 to a plain GET.'],
  'set-cookie': [SETTLED, 'The response sets a cookie; serve the file without Set-Cookie.'],
  private: [SETTLED, 'Cache-Control is private, no-store or no-cache; allow shared caching of the file.'],
  vary: [SETTLED, 'Vary names more than Accept-Encoding and Origin; the file would differ by visitor.'],
  encoded: [
    SETTLED,
    'The origin compresses the file although identity was asked for; switch Content-Encoding off for it.',
  ],
  stale: [
    SETTLED,
    'The response states no time for which it is fresh, or that time is over; send Cache-Control: max-age.',
  ],
  cors: [
    SETTLED,
    'The file is on another origin than the site; send Access-Control-Allow-Origin with * or the site.',
  ],
  negotiated: [
    SETTLED,
    'The image differs by the Accept header; give each format a URL of its own, or stop negotiating.',
  ],
  empty: [SETTLED, 'The file is empty.'],
  'too-large': [SETTLED, 'The file is larger than the hash service allows.'],
  'headers-too-long': [SETTLED, 'URL and headers do not fit into a token; shorten them.'],
  undelimited: [
    SETTLED,
    'The origin sends neither Content-Length nor chunks, so a cut-off file looks whole.',
  ],
  'private-address': [
    SETTLED,
    'The origin is at an address that is not public; name it with --origin PUBLIC=UPSTREAM or --allow-private.',
  ],
  unreachable: [PASSING, 'The origin could not be reached.'],
  'origin-error': [PASSING, 'The origin answered with an error.'],
  'origin-slow': [PASSING, 'The origin took too long to answer.'],
  changed: [PASSING, 'The file changed while it was read; it is read again.'],
  query: [
    SETTLED,
    'The query string is not known; say with --keep-query that it matters, or with --drop-query that it does not.',
  ],
  truncated: [PASSING, 'The origin closed the connection before the whole file was sent.'],
  'store-failed': [PASSING, 'The hash service could not write to its data directory.'],
  reported: [
    WITHDRAWN,
    'Visitors got other bytes than the hash service did; check for variants without Vary.',
  ],
} as const satisfies Record<string, readonly [seconds: number, why: string]>;

export type RefusalCode = keyof typeof REFUSALS;

export function whyOf(code: RefusalCode): string {
  return REFUSALS[code][1];
}

/** Seconds that a refusal with this code stands; a live segment that is not there yet is there soon. */
export function lifeOf(code: RefusalCode, isLive = false): number {
  const [seconds] = REFUSALS[code];
  return isLive && seconds <= MISSING ? LIVE : seconds;
}

/** Whether the reason may pass by itself, so that an earlier token need not be given up for it. */
export function isPassing(code: RefusalCode): boolean {
  return REFUSALS[code][0] === PASSING;
}

/** Whether a refusal is worth a file: short ones would let strangers fill the disk with invented URLs. */
export function isKept(code: string): boolean {
  return Object.hasOwn(REFUSALS, code) && lifeOf(code as RefusalCode) > MISSING;
}
