import { extname } from 'node:path';
import mime from 'mime';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { isPlaylist, matchesPattern } from '../../src/protocol/patterns.js';
import { canonicalUrl } from '../../src/protocol/url.js';
import { escapedPath } from '../sources/paths.js';
import type { SkipReason } from './skipping.js';

/** Which files visitors may share. Patterns are matched against URLs, as in the site's worker file. */
export interface Selection {
  readonly site: Site;
  /** Path at which the directory is served; it begins and ends with a slash. */
  readonly base: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** A file that may be shared: under which URL, and the media type that servers send with it. */
export interface Selected {
  readonly url: CanonicalUrl;
  readonly type: string;
}

/** Parts of streams, which scripts fetch; some of these endings have no registered type. */
const SEGMENTS = /\.(m4s|m4f|cmf[vatms]|ts)$/i;
const MEDIA = /^(image|video|audio)\//;
/** Servers send these as what they hold, by a content coding: the bytes of the file never reach a page. */
const COMPRESSED = /\.svgz$/i;
/** What servers send with endings that they do not know. */
const UNKNOWN_TYPE = 'application/octet-stream';

/** Types that no pattern can include: what runs in a page, and what changes under its name. */
const NEVER: readonly (readonly [RegExp, SkipReason])[] = [
  [/mpegurl|dash\+xml/, 'playlist'],
  [/^(text\/html|application\/xhtml\+xml)$/, 'page'],
  [/javascript|ecmascript|typescript|\/node$|httpd-php/, 'script'],
  [/^text\/css$/, 'style'],
];

/** Decides by name alone about the file that `names` lead to. */
export function select(names: readonly string[], selection: Selection): Selected | SkipReason {
  const url = urlOf(names, selection);
  if (url === undefined) return 'long-name';
  const name = names.at(-1) ?? '';
  const type = mime.getType(extname(name).slice(1)) ?? UNKNOWN_TYPE;
  const address = new URL(url);
  const matches = (pattern: string): boolean => matchesPattern(pattern, address);
  const never = isPlaylist(address) ? 'playlist' : NEVER.find(([types]) => types.test(type))?.[1];
  if (never) return never;
  if (COMPRESSED.test(name)) return 'compressed';
  if (selection.exclude.some(matches)) return 'excluded';
  const isMedia = MEDIA.test(type) || SEGMENTS.test(name);
  return isMedia || selection.include.some(matches) ? { url, type } : 'other';
}

/** Patterns of what is fetched by scripts among these: the worker's literal has to include them. */
export function scriptedPatterns(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => SEGMENTS.exec(name)?.[0].toLowerCase() ?? []))].map(
    (ending) => `*${ending}`,
  );
}

/** The URL that browsers make of a link to the file, whatever its name holds. */
function urlOf(names: readonly string[], { site, base }: Selection): CanonicalUrl | undefined {
  return canonicalUrl(site + base + escapedPath(names));
}
