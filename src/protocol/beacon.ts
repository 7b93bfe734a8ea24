import type { CanonicalUrl, Site } from '../core/brands.js';
import { isListOf, isObject, isText, isWhole, parseObject } from './check.js';
import { isCanonicalUrl, isSite } from './url.js';

/**
 * What a page says of itself, for the operator's figures: `POST /v1/beacons`, `text/plain` JSON, answered with 204.
 * It names no visitor, and no address is kept of who sent it. A page sends one each time it is hidden, with what is
 * new since the one before.
 */
export interface Beacon {
  readonly v: 1;
  readonly site: Site;
  /** `control`: drawn to go without Peerfold, so that the two can be compared. */
  readonly group: 'peers' | 'control';
  /** The share of pages that send beacons, above 0 and at most 1: sums are divided by it. */
  readonly share: number;
  /** Seconds that the page was visible since the last one. */
  readonly seconds: number;
  /** Largest contentful paint (ms); only in the page's first. */
  readonly paint?: number;
  /** From when an image could be seen, or the page began, until it was there (ms). */
  readonly images: readonly number[];
  readonly playback: PlaybackBeacon;
  /** By source; all 0 in the control group, where only the browser knows. */
  readonly bytes: Readonly<Record<(typeof BEACON_BYTES)[number], number>>;
  /** Links at a time, at most. */
  readonly links: number;
  /** Bytes that came over HTTP, by the reason why (`FallbackReason`). */
  readonly reasons: Readonly<Record<string, number>>;
  /** Events of type `error`, by code (`ErrorCode`). */
  readonly errors: Readonly<Record<string, number>>;
  /** Those with most bytes. */
  readonly resources: readonly ResourceBeacon[];
}

/** How the page's players have played. */
export interface PlaybackBeacon {
  /** From `play()` until it moved (ms), each. */
  readonly starts: readonly number[];
  readonly stalls: number;
  /** In all (ms). */
  readonly stalled: number;
  readonly played: number;
}

export interface ResourceBeacon {
  readonly url: CanonicalUrl;
  readonly peer: number;
  readonly http: number;
}

export const BEACON_BYTES = ['peer', 'store', 'cache', 'http', 'wasted', 'uploaded'] as const;
export const MAX_BEACON_IMAGES = 50;
export const MAX_BEACON_STARTS = 10;
export const MAX_BEACON_RESOURCES = 10;
const MAX_BEACON_WORDS = 24;
/** Characters: within what browsers send while a page goes away (64 KiB, Fetch Standard, keepalive). */
export const MAX_BEACON = 16 * 1024;
/** Smaller shares would let one beacon weigh more than a thousand others. */
export const LEAST_SHARE = 0.001;
/** Longer times (ms) than this are said to be this. */
export const MAX_BEACON_TIME = 600_000;
/** A day: pages that are visible for longer say the rest in the next one. */
export const MAX_BEACON_SECONDS = 86_400;
/** What a line of 10 Mbit/s brings in a day. */
export const MAX_BEACON_BYTES = 1e11;
export const MAX_BEACON_COUNT = 10_000;
const WORD = /^[a-z-]{1,32}$/;

export function parseBeacon(text: string): Beacon | undefined {
  const body = parseObject(text, MAX_BEACON);
  if (!body || body['v'] !== 1 || !isSite(body['site'])) return undefined;
  const { site, group, share, seconds, paint, images, links, resources } = body;
  if ((group !== 'peers' && group !== 'control') || !isShare(share)) return undefined;
  if (!isWhole(seconds, 0, MAX_BEACON_SECONDS) || !isWhole(links, 0, MAX_BEACON_COUNT)) return undefined;
  if (paint !== undefined && !isTime(paint)) return undefined;
  if (!isListOf(images, MAX_BEACON_IMAGES, isTime)) return undefined;
  if (!isListOf(resources, MAX_BEACON_RESOURCES, isResource)) return undefined;
  const [playback, bytes] = [playbackOf(body['playback']), bytesOf(body['bytes'])];
  const [reasons, errors] = [
    wordsOf(body['reasons'], MAX_BEACON_BYTES),
    wordsOf(body['errors'], MAX_BEACON_COUNT),
  ];
  if (!playback || !bytes || !reasons || !errors) return undefined;
  const first = paint === undefined ? {} : { paint };
  return {
    ...{ v: 1, site, group, share, seconds, ...first, images, playback },
    ...{
      bytes,
      links,
      reasons,
      errors,
      resources: resources.map(({ url, peer, http }) => ({ url, peer, http })),
    },
  };
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= LEAST_SHARE && value <= 1;
}

function isTime(value: unknown): value is number {
  return isWhole(value, 0, MAX_BEACON_TIME);
}

function isBytes(value: unknown): value is number {
  return isWhole(value, 0, MAX_BEACON_BYTES);
}

function isResource(value: unknown): value is ResourceBeacon {
  return isObject(value) && isCanonicalUrl(value['url']) && isBytes(value['peer']) && isBytes(value['http']);
}

function playbackOf(value: unknown): PlaybackBeacon | undefined {
  if (!isObject(value)) return undefined;
  const { starts, stalls, stalled, played } = value;
  if (!isListOf(starts, MAX_BEACON_STARTS, isTime) || !isWhole(stalls, 0, MAX_BEACON_COUNT)) return undefined;
  const most = MAX_BEACON_SECONDS * 1000;
  return isWhole(stalled, 0, most) && isWhole(played, 0, most)
    ? { starts, stalls, stalled, played }
    : undefined;
}

function bytesOf(value: unknown): Beacon['bytes'] | undefined {
  if (!isObject(value)) return undefined;
  const bytes = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0, uploaded: 0 };
  for (const source of BEACON_BYTES) {
    const count = value[source];
    if (!isBytes(count)) return undefined;
    bytes[source] = count;
  }
  return bytes;
}

/** Words are those of a later version, too: they are counted by name, and only so many of them. */
function wordsOf(value: unknown, most: number): Record<string, number> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const isSound = entries.every(
    ([word, count]) => isText(word, 32) && WORD.test(word) && isWhole(count, 0, most),
  );
  return isSound && entries.length <= MAX_BEACON_WORDS ? (value as Record<string, number>) : undefined;
}
