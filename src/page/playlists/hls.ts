import { Parser, type HlsManifest, type HlsSegment, type HlsVariant } from 'm3u8-parser';
import type { CanonicalUrl } from '../../core/brands.js';
import { isWhole } from '../../protocol/check.js';
import { canonicalUrl } from '../../protocol/url.js';
import type { Segment } from '../programme.js';
import { linesOf } from './hls-lines.js';
import { MAX_LIVE_SEGMENTS, MAX_RENDITIONS, MAX_SECONDS, MAX_SEGMENTS } from './limits.js';
import type { ListedRendition } from './reading.js';

const KINDS = { VIDEO: 'video', AUDIO: 'audio', SUBTITLES: 'text' } as const;
/** Codecs of sound (RFC 6381): a variant of nothing else is sound, whatever tag it has. */
const SOUND = /^(?:mp4a|ac-3|ec-3|ac-4|opus|flac|alac|vorbis|mp3|samr|dts)/i;

/** Reads an HLS playlist of either kind (RFC 8216); `undefined` when it is none. */
export function readHls(url: CanonicalUrl, text: string): ListedRendition[] | undefined {
  const lines = linesOf(text);
  if (lines === undefined) return undefined;
  const parser = new Parser({ uri: url });
  parser.push(lines);
  parser.end();
  const { manifest } = parser;
  return manifest.playlists || manifest.mediaGroups ? readMaster(url, manifest) : [readMedia(url, manifest)];
}

function readMaster(url: CanonicalUrl, { playlists = [], mediaGroups = {} }: HlsManifest): ListedRendition[] {
  // Several variants may share a playlist, for instance to be combined with different sound.
  const found = new Map<CanonicalUrl, ListedRendition>();
  const add = (uri: string | undefined, about: Pick<ListedRendition, 'kind' | 'bandwidth'>): void => {
    const playlist = uri === undefined ? undefined : addressOf(uri, url);
    if (!playlist || found.has(playlist) || found.size >= MAX_RENDITIONS) return;
    found.set(playlist, { id: playlist, ...about, playlist, segments: [], live: false });
  };
  for (const [type, kind] of Object.entries(KINDS)) {
    const groups = Object.values(mediaGroups[type] ?? {});
    for (const { uri } of groups.flatMap((group) => Object.values(group))) add(uri, { kind });
  }
  for (const { uri, attributes = {} } of playlists) {
    const { BANDWIDTH } = attributes;
    const known = isWhole(BANDWIDTH, 1, Number.MAX_SAFE_INTEGER) ? { bandwidth: BANDWIDTH } : {};
    add(uri, { kind: kindOf(attributes), ...known });
  }
  return [...found.values()];
}

function kindOf({ CODECS, RESOLUTION }: NonNullable<HlsVariant['attributes']>): 'video' | 'audio' {
  const isSound = !RESOLUTION && CODECS?.split(',').every((codec) => SOUND.test(codec.trim()));
  return isSound ? 'audio' : 'video';
}

function readMedia(url: CanonicalUrl, manifest: HlsManifest): ListedRendition {
  const { segments: all, endList, mediaSequence, skip } = manifest;
  const live = !endList;
  const listed = live ? all.slice(-MAX_LIVE_SEGMENTS) : all.slice(0, MAX_SEGMENTS);
  const segments: Segment[] = [];
  let at = 0;
  for (const one of listed) {
    const duration = Math.min(one.duration ?? 0, MAX_SECONDS);
    const address = addressOf(one.uri, url);
    const range = rangeOf(one);
    if (address && range) segments.push({ url: address, ...range, at, duration });
    at += duration;
  }
  const first = isWhole(mediaSequence, 0, Number.MAX_SAFE_INTEGER) ? mediaSequence : 0;
  const dropped = live ? all.length - listed.length : 0;
  const skipped = skip?.skippedSegments;
  const about = { id: url, kind: 'video', segments, live, sequence: first + dropped } as const;
  return isWhole(skipped, 1, MAX_LIVE_SEGMENTS) ? { ...about, skipped } : about;
}

/** Where a name leads; a variable (EXT-X-DEFINE) that is not known here leads nowhere. */
function addressOf(uri: string, base: CanonicalUrl): CanonicalUrl | undefined {
  return uri.includes('{$') ? undefined : canonicalUrl(uri, base);
}

/** The bytes of a segment in its file; `undefined` when what is said of them makes no sense. */
function rangeOf({ byterange }: HlsSegment): Pick<Segment, 'start' | 'end'> | undefined {
  if (!byterange) return {};
  const { length, offset: start } = byterange;
  if (!isWhole(start, 0, Number.MAX_SAFE_INTEGER) || !isWhole(length, 1, Number.MAX_SAFE_INTEGER - start)) {
    return undefined;
  }
  return { start, end: start + length };
}
