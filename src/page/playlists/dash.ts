import { inheritAttributes, stringToMpdXml, type DashAttributes, type DashRepresentation } from 'mpd-parser';
import type { CanonicalUrl } from '../../core/brands.js';
import { MAX_URL_LENGTH } from '../../core/limits.js';
import { isWhole } from '../../protocol/check.js';
import { canonicalUrl } from '../../protocol/url.js';
import type { Rendition, Segment } from '../programme.js';
import { finite, timesOf, type Period, type Timed } from './dash-times.js';
import { prune } from './dash-tree.js';
import { MAX_LIVE_SEGMENTS, MAX_RENDITIONS, MAX_SECONDS, MAX_SEGMENTS } from './limits.js';
import type { ListedRendition } from './reading.js';

/** A manifest is not looked at again sooner than this (ms), whatever it says. */
const MIN_REREAD = 1000;
const MAX_ID_LENGTH = 256;
/** More of them than there are kinds say nothing new, and make each URL longer. */
const MAX_IDENTIFIERS = 10;
/** Identifiers in templates (ISO/IEC 23009-1, 5.3.9.4.4). */
const IDENTIFIER = /\$(?:(RepresentationID|Number|Bandwidth|Time)(?:%0(\d{1,2})d)?)?\$/g;

/** Reads a DASH manifest; `undefined` when it is none. Renditions come one after the other. */
export function readDash(
  url: CanonicalUrl,
  text: string,
  now: number,
): Iterable<ListedRendition> | undefined {
  // Only hostile ones define entities.
  if (!text.includes('<MPD') || text.includes('<!DOCTYPE')) return undefined;
  const mpd = stringToMpdXml(text);
  prune(mpd);
  const { representationInfo } = inheritAttributes(mpd, { manifestUri: url, NOW: now });
  return renditionsOf(representationInfo, now);
}

function* renditionsOf(all: readonly DashRepresentation[], now: number): Generator<ListedRendition> {
  const groups = grouped(all);
  const periodOf = periodsOf(all, now);
  const live = all[0]?.attributes.type === 'dynamic';
  const share = Math.ceil((live ? MAX_LIVE_SEGMENTS : MAX_SEGMENTS) / groups.size);
  for (const [id, [first, ...others]] of groups) {
    const kind = first && kindOf(first.attributes);
    if (!kind) continue;
    const parts = [first, ...others];
    // What is beyond the share is not even made: of what is live the beginning, of the rest the end.
    if (live) parts.reverse();
    const made: Segment[][] = [];
    let left = share;
    for (const part of parts) {
      const period = periodOf(part.attributes);
      const segments = period && left > 0 ? segmentsOf(part, period, left) : [];
      made.push(segments);
      left -= segments.length;
    }
    if (live) made.reverse();
    const { bandwidth } = first.attributes;
    const known = isWhole(bandwidth, 1, Number.MAX_SAFE_INTEGER) ? { bandwidth } : {};
    const until = live && parts[0] ? nextAt(parts[0], now) : undefined;
    yield { id, kind, ...known, segments: fromZero(made.flat()), live, ...(until ? { until } : {}) };
  }
}

/** Representations of the same name in several periods are one; each host that has them is another. */
function grouped(all: readonly DashRepresentation[]): Map<string, DashRepresentation[]> {
  const groups = new Map<string, DashRepresentation[]>();
  const hosts = new Map<string, number>();
  for (const one of all) {
    const { id = '', lang = '', periodStart } = one.attributes;
    if (id.length > MAX_ID_LENGTH || lang.length > MAX_ID_LENGTH) continue;
    const name = `${id} ${lang}`.trim();
    const inPeriod = `${periodStart ?? ''} ${name}`;
    const host = hosts.get(inPeriod) ?? 0;
    hosts.set(inPeriod, host + 1);
    const key = host === 0 ? name : `${name} @${host}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else if (groups.size < MAX_RENDITIONS) groups.set(key, [one]);
  }
  return groups;
}

function kindOf({ contentType, mimeType = '', codecs = '' }: DashAttributes): Rendition['kind'] | undefined {
  if (/^(?:stpp|wvtt)/.test(codecs)) return 'text';
  const type = contentType ?? mimeType.split('/')[0];
  return type === 'video' || type === 'audio' || type === 'text' ? type : undefined;
}

/** Makes the period of a representation; none when it is not known when that begins. */
function periodsOf(all: readonly DashRepresentation[], now: number) {
  const starts = [...new Set(all.map(({ attributes }) => finite(attributes.periodStart) ?? 0))].sort(
    (a, b) => a - b,
  );
  return (attributes: DashAttributes): Period | undefined => {
    const { type, sourceDuration, periodDuration, timeShiftBufferDepth } = attributes;
    const start = finite(attributes.periodStart);
    if (start === undefined) return undefined;
    const live = type === 'dynamic';
    const next = starts.find((other) => other > start) ?? (finite(sourceDuration) || Infinity);
    const length = finite(periodDuration) ?? next - start;
    const elapsed = live ? elapsedOf(attributes, now) : Infinity;
    const from = Math.max(elapsed - (finite(timeShiftBufferDepth) ?? Infinity), 0);
    return { start, from: finite(from) ?? 0, to: Math.max(Math.min(length, elapsed), 0), live };
  };
}

/** Seconds since a live period began; without end when that is not known. */
function elapsedOf({ availabilityStartTime, periodStart }: DashAttributes, now: number): number {
  return finite(now / 1000 - (availabilityStartTime ?? NaN) - (periodStart ?? 0)) ?? Infinity;
}

/** When the next segment will be there although no new manifest says so (ms since 1970). */
function nextAt(
  { attributes, segmentInfo: { template, segmentTimeline } }: DashRepresentation,
  now: number,
): number | undefined {
  const seconds =
    template && !segmentTimeline ? finite((template.duration ?? NaN) / (template.timescale ?? 1)) : 0;
  const left = seconds ? seconds - (elapsedOf(attributes, now) % seconds) : NaN;
  return Number.isNaN(left) ? undefined : now + Math.max(left * 1000, MIN_REREAD);
}

function segmentsOf(
  { attributes, segmentInfo }: DashRepresentation,
  period: Period,
  limit: number,
): Segment[] {
  const { template, list, base, segmentTimeline } = segmentInfo;
  if (template) {
    const address = templateOf(template.media, attributes);
    return address ? timesOf(template, segmentTimeline, period, limit).flatMap(named(address)) : [];
  }
  // SegmentBase, or nothing at all: a file that players ask for by ranges of their own.
  if (base || !list) return [];
  const urls = list.segmentUrls ?? [];
  return timesOf(list, segmentTimeline, period, limit, urls.length).flatMap(
    named(({ index }) => {
      const { media = '', mediaRange } = urls[index] ?? {};
      const url = canonicalUrl(media, attributes.baseUrl);
      const range = mediaRange === undefined ? {} : rangeOf(mediaRange);
      return url && range && { url, ...range };
    }),
  );
}

type Address = Pick<Segment, 'url' | 'start' | 'end'>;

function named(addressOf: (timed: Timed) => Address | undefined) {
  return (timed: Timed): Segment[] => {
    const address = addressOf(timed);
    const duration = Math.min(timed.duration, MAX_SECONDS);
    return address ? [{ ...address, at: timed.at, duration }] : [];
  };
}

function templateOf(media: string | undefined, { id = '', bandwidth = 0, baseUrl }: DashAttributes) {
  if (!media || media.length > MAX_URL_LENGTH || media.split('$').length > 2 * MAX_IDENTIFIERS)
    return undefined;
  return ({ number, time }: Timed): Address | undefined => {
    const values: Readonly<Record<string, string>> = {
      RepresentationID: id,
      Number: String(number),
      Bandwidth: String(bandwidth),
      Time: String(time),
    };
    const text = media.replace(IDENTIFIER, (_, name?: string, width?: string) =>
      name === undefined ? '$' : (values[name] ?? '').padStart(Number(width ?? 0), '0'),
    );
    const url = canonicalUrl(text, baseUrl);
    return url && { url };
  };
}

/** Bytes "first-last" (RFC 9110, section 14.1.2). */
function rangeOf(text: string): Pick<Segment, 'start' | 'end'> | undefined {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const [start, end] = [Number(first), Number(last) + 1];
  return isWhole(end, 1, Number.MAX_SAFE_INTEGER) && isWhole(start, 0, end - 1) ? { start, end } : undefined;
}

/** Times from the beginning of the first one; none is before the one that it follows. */
function fromZero(segments: readonly Segment[]): Segment[] {
  const zero = segments[0]?.at ?? 0;
  let last = 0;
  return segments.map((segment) => {
    last = Math.max(last, Math.min(segment.at - zero, Number.MAX_SAFE_INTEGER));
    return { ...segment, at: last };
  });
}
