import { MAX_URL_LENGTH } from '../../core/limits.js';
import { MAX_RENDITIONS, MAX_SEGMENTS } from './limits.js';

/**
 * Tags that say where segments and playlists are, and when they play. Keys, init sections, dates, parts and hints
 * change nothing in that: parts of a segment pass through as requests of their own.
 */
const USED =
  /^#(?:EXTM3U$|EXTINF:|EXT-X-(?:TARGETDURATION:|MEDIA-SEQUENCE:|BYTERANGE:|ENDLIST|SKIP:|DEFINE:|STREAM-INF:|MEDIA:))/;
/** Those with a list of attributes, which takes the parser time that grows with the square of its length. */
const WITH_ATTRIBUTES = /^#EXT-X-(?:SKIP|DEFINE|STREAM-INF|MEDIA):/;
/** Twice what is used: only senseless ones of 1 MiB have more. */
const MAX_NAMES = 2 * MAX_SEGMENTS;
/** Two renditions for each variant, and some variables. */
const MAX_ATTRIBUTE_LINES = 3 * MAX_RENDITIONS;
/** A variable is looked for in every line. */
const MAX_VARIABLES = 10;
/** An address, and as much again of what is said about it. */
const MAX_LINE = 2 * MAX_URL_LENGTH;
/** The parser looks types up in a plain object: others end up in what all objects inherit. */
const MEDIA_TYPE = /[:,]\s*TYPE=(?:AUDIO|VIDEO|SUBTITLES)\s*(?:,|$)/;
/** The same for names of groups. A variable could stand for one of these. */
const UNSAFE = [...Object.getOwnPropertyNames(Object.prototype), '{$'];

/**
 * What the parser is given: lines that count, of bounded length, and none that it could be harmed by. Returns
 * `undefined` for what is no HLS playlist (RFC 8216, section 4.3.1.1).
 */
export function linesOf(text: string): string | undefined {
  if (!/^\uFEFF?#EXTM3U(?:\s|$)/.test(text)) return undefined;
  let names = 0;
  let attributeLines = 0;
  let variables = 0;
  const isKept = (line: string): boolean => {
    if (line.length > MAX_LINE || line === '') return false;
    if (!line.startsWith('#')) return ++names <= MAX_NAMES;
    if (!USED.test(line)) return false;
    if (!WITH_ATTRIBUTES.test(line)) return true;
    if (line.startsWith('#EXT-X-DEFINE') && ++variables > MAX_VARIABLES) return false;
    return ++attributeLines <= MAX_ATTRIBUTE_LINES && isSafe(line);
  };
  return (
    text
      // The parser's trimming takes time that grows with the square of a run of blanks.
      .replace(/[^\S\n]+/g, ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter(isKept)
      .join('\n')
  );
}

function isSafe(line: string): boolean {
  if (!line.startsWith('#EXT-X-MEDIA')) return true;
  if (line.split('TYPE=').length !== 2) return false;
  return MEDIA_TYPE.test(line) && !UNSAFE.some((name) => line.includes(name));
}
