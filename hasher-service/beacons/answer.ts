import type { Site } from '../../src/core/brands.js';
import { BEACON_BYTES } from '../../src/protocol/beacon.js';
import type { Bytes, Compared, FiguresResponse, Series } from '../../src/protocol/figures.js';
import { compareQuantiles, compareRates } from './comparison.js';
import { SLOT, type Figures } from './figures.js';
import { HOUR } from './figures-store.js';
import { SLOTS, SiteHour, addRow, emptyRow, type Row } from './site-hour.js';

/** Which part of the figures is asked for: seconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Up to here (s) the series has all slots, beyond it hours. */
const FINE_RANGE = 2 * 24 * HOUR;
const RESOURCES_SHOWN = 20;
const MEDIAN = 0.5;
/** Most images are loaded before anybody gets there, and waited for by nobody: what can be better is the rest. */
const NINE_OF_TEN = 0.9;
/** Trackers have told of a moment so long (s) after it. */
const REPORTED_WITHIN = 60;
type Tracked = 'introductions' | 'wants' | 'refused';

/** What the figures say by themselves; the refusals are the catalogue's. */
export type FiguresOfRange = Omit<FiguresResponse, 'sites' | 'refusals'>;

/** One point of the series. */
interface Point {
  readonly at: number;
  readonly row: Row;
}

/** Reads one hour after the other, so that others are served in between. */
export async function figuresOf(
  figures: Figures,
  site: Site,
  { from, to }: Range,
  now: number,
): Promise<FiguresOfRange> {
  const step = to - from <= FINE_RANGE ? SLOT : HOUR;
  const begin = Math.floor(from / step) * step;
  const whole = new SiteHour();
  const points: Point[] = [];
  for (let at = Math.floor(from / HOUR) * HOUR; at < to; at += HOUR) {
    const hour = await figures.read(site, at / HOUR);
    whole.merge(hour);
    for (const point of pointsOf(hour, at, step)) if (point.at >= begin && point.at < to) points.push(point);
  }
  return {
    ...{ site, from: begin, to, step },
    series: seriesOf(points, step, now),
    bytes: bytesOf(points),
    ...summaryOf(whole),
  };
}

function summaryOf(
  whole: SiteHour,
): Omit<FiguresOfRange, 'site' | keyof Range | 'step' | 'series' | 'bytes'> {
  const { peers, control } = whole;
  return {
    beacons: { peers: peers.beacons, control: control.beacons },
    reasons: whole.reasons.sorted,
    errors: whole.errors.sorted,
    resources: whole.resources.top(RESOURCES_SHOWN),
    comparison: comparisonOf(whole),
  };
}

function comparisonOf({ peers, control }: SiteHour): Compared[] {
  return [
    compareQuantiles('paint', MEDIAN, peers.paint, control.paint),
    compareQuantiles('images', NINE_OF_TEN, peers.images, control.images),
    compareQuantiles('starts', MEDIAN, peers.starts, control.starts),
    compareRates('stalls', peers.stalls, control.stalls),
  ];
}

function pointsOf(hour: SiteHour, at: number, step: number): Point[] {
  const points = Array.from({ length: SLOTS }, (_, slot) => ({ at: at + slot * SLOT, row: hour.row(slot) }));
  if (step === SLOT) return points;
  const row = emptyRow();
  for (const point of points) addRow(row, point.row);
  return [{ at, row }];
}

function seriesOf(points: readonly Point[], step: number, now: number): Series {
  const column = (name: keyof Row): number[] => points.map(({ row }) => row[name]);
  const bytes = Object.fromEntries(BEACON_BYTES.map((name) => [name, column(name)])) as Record<
    keyof Bytes,
    number[]
  >;
  const tracked = (name: Tracked): (number | null)[] =>
    points.map(({ row }) => (row.reports > 0 ? row[name] : null));
  return {
    at: points.map(({ at }) => at),
    ...bytes,
    visitors: points.map((point) => visitorsAt(point, step, now)),
    links: points.map(({ row }) => (row.linked > 0 ? row.links / row.linked : null)),
    introductions: tracked('introductions'),
    wants: tracked('wants'),
    refused: tracked('refused'),
  };
}

/** Of the step that goes on, only what trackers have told of it counts. */
function visitorsAt({ at, row }: Point, step: number, now: number): number | null {
  if (row.reports === 0) return null;
  const isOver = at + step + REPORTED_WITHIN <= now;
  const told = step === SLOT ? row.until + row.lead - SLOT : Math.min(step, now - at);
  return row.visitorSeconds / (isOver ? step : Math.max(1, told));
}

function bytesOf(points: readonly Point[]): Bytes {
  const sum = emptyRow();
  for (const { row } of points) addRow(sum, row);
  return Object.fromEntries(BEACON_BYTES.map((name) => [name, sum[name]])) as unknown as Bytes;
}
