import { MAX_URL_LENGTH } from '../core/limits.js';
import type { SiteConfig } from './bridge.js';
import { isText } from './check.js';

/**
 * Which URLs are Peerfold's. A pattern is literal text in which `*` stands for any characters. It is
 * matched against the whole path (`/media/*`, `*.jpg`), or, when it holds `://`, against origin and
 * path (`https://img.example.com/*`). Query strings take no part.
 */
export function matchesPattern(pattern: string, url: URL): boolean {
  const subject = pattern.includes('://') ? url.origin + url.pathname : url.pathname;
  return matchesGlob(pattern, subject);
}

/** Literal text in which `*` stands for any characters. Greedy, in linear space and without backtracking blow-up: patterns may be hostile. */
export function matchesGlob(pattern: string, subject: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return subject === first;
  if (subject.length < first.length + last.length || !subject.startsWith(first) || !subject.endsWith(last))
    return false;
  const end = subject.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = subject.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** What can match a URL at all: of a path or an origin, and spelt as URLs are, without query. */
export function isUrlPattern(value: unknown): value is string {
  return isText(value, MAX_URL_LENGTH) && URL_PATTERN.test(value);
}
const URL_PATTERN = /^(?:\/|\*|https?:\/\/)[\x21\x22\x24-\x3e\x40-\x7e]*$/;

const MEDIA_DESTINATIONS: readonly string[] = ['image', 'video', 'audio'];
/** What a script fetches itself (`fetch`, XHR): ours only where a pattern includes it. */
const SCRIPTED_DESTINATION = '';

type Rules = Pick<SiteConfig, 'site' | 'include' | 'exclude' | 'origins'>;

/**
 * Whether a request for `url` with this `destination` (Fetch standard; empty for `fetch` and XHR) is
 * Peerfold's to answer: media of the site and of the configured origins, and included URLs of those.
 * Playlists are passed through: they change, and what they name is shared on its own.
 * Documents, scripts, styles, fonts and whatever else browsers come to fetch never are.
 */
export function isOurs(rules: Rules, url: URL, destination: string): boolean {
  const isMedia = MEDIA_DESTINATIONS.includes(destination);
  if (isPlaylist(url) || (!isMedia && destination !== SCRIPTED_DESTINATION) || !isInScope(rules, url))
    return false;
  return isMedia || rules.include.some((pattern) => matchesPattern(pattern, url));
}

/** Whether something at `url` may be ours at all. */
export function isInScope({ site, origins, exclude }: Rules, url: URL): boolean {
  if (url.origin !== site && !origins.includes(url.origin)) return false;
  return !exclude.some((pattern) => matchesPattern(pattern, url));
}

/** Whether a URL is that of a playlist or manifest, by its ending. */
export function isPlaylist(url: URL): boolean {
  return /\.(m3u8?|mpd)$/i.test(url.pathname);
}
