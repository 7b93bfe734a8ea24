import type { Site } from '../core/brands.js';
import type { BEACON_BYTES } from './beacon.js';
import { isObject, isWhole, parseObject } from './check.js';
import { isSite } from './url.js';

/** The operator's figures: `GET /v1/figures?site=&from=&to=` (operator's bearer token). Times in seconds since 1970. */
export interface FiguresResponse {
  /** All that this hash service serves, and the one that is shown. */
  readonly sites: readonly Site[];
  readonly site: Site;
  readonly from: number;
  readonly to: number;
  /** Seconds between two points of the series. */
  readonly step: number;
  readonly series: Series;
  /** Bytes by source from `from` to `to`. */
  readonly bytes: Bytes;
  /** Beacons that came, by group, and not scaled. This and all below is of the whole hours that the range touches. */
  readonly beacons: Readonly<Record<Group, number>>;
  /** Bytes that came over HTTP, by the reason why. */
  readonly reasons: readonly Counted[];
  /** Faults by code. */
  readonly errors: readonly Counted[];
  readonly resources: readonly TopResource[];
  /** URLs that are refused at present, as far as the answering instance remembers. */
  readonly refusals: readonly Refused[];
  readonly comparison: readonly Compared[];
}

export type Group = 'peers' | 'control';
export type Bytes = Readonly<Record<(typeof BEACON_BYTES)[number], number>>;

/** One number, or `null` where nothing is known, for each time in `at`. */
export interface Series extends Readonly<Record<(typeof BEACON_BYTES)[number], readonly number[]>> {
  readonly at: readonly number[];
  /** Connected to the tracker, on average. */
  readonly visitors: readonly (number | null)[];
  /** Links that a page held at a time, at most; the average of all pages that told. */
  readonly links: readonly (number | null)[];
  /** What the tracker did. */
  readonly introductions: readonly (number | null)[];
  readonly wants: readonly (number | null)[];
  readonly refused: readonly (number | null)[];
}

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface TopResource {
  readonly url: string;
  readonly peer: number;
  readonly http: number;
}

export interface Refused {
  readonly code: string;
  /** What would have to change. */
  readonly why: string;
  readonly urls: number;
  /** Some of them, without their queries. */
  readonly examples: readonly string[];
}

/** With peers and without. Less is better for all of them. */
export interface Compared {
  /** Medians, of images the time that one of ten exceeds, all in milliseconds; and a rate per hour of playing. */
  readonly name: 'paint' | 'images' | 'starts' | 'stalls';
  readonly peers: Estimate;
  readonly control: Estimate;
  /** Absent when there is too little to compare. */
  readonly difference?: Difference;
  /** `unclear`: the interval holds 0. */
  readonly verdict: 'better' | 'worse' | 'unclear' | 'too-few';
}

/** A figure of one group, and its 95 % confidence interval. */
export interface Estimate extends Partial<Difference> {
  readonly pages: number;
}

/** Peers less control, and the 95 % confidence interval of that. */
export interface Difference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What a tracker says of one site: `POST /v1/tracker-reports`, with the bearer token for live roots. A node sends one
 * for each site about once a minute.
 */
export interface TrackerReport {
  readonly site: Site;
  /** How long ago (s) the last one was sent; what is counted is counted since then. */
  readonly seconds: number;
  /** Connected to this node now. */
  readonly visitors: number;
  /** Peers shown to visitors, questions for holders, and messages that were refused. */
  readonly introductions: number;
  readonly wants: number;
  readonly refused: number;
}

/** Seconds that one report covers at most: of a longer silence, nothing is known. */
export const MAX_REPORTED_SECONDS = 600;
const MAX_REPORT = 4096;
const MAX_COUNTED = 1e9;

export function parseTrackerReport(text: string): TrackerReport | undefined {
  const body = parseObject(text, MAX_REPORT);
  if (!isObject(body) || !isSite(body['site'])) return undefined;
  const { site, seconds, visitors, introductions, wants, refused } = body;
  if (!isWhole(seconds, 1, MAX_REPORTED_SECONDS) || !isWhole(visitors, 0, MAX_COUNTED)) return undefined;
  if (!isWhole(introductions, 0, MAX_COUNTED) || !isWhole(wants, 0, MAX_COUNTED)) return undefined;
  if (!isWhole(refused, 0, MAX_COUNTED)) return undefined;
  return { site, seconds, visitors, introductions, wants, refused };
}
