import type { BenchRow } from '../report.js';
import { baselineRow, comparedRow } from './rows.js';
import { median, middleHalf, pairedRatios } from './statistics.js';
import { NAMES, type Showing, type Way } from './theatre.js';
import type { View } from './watch.js';

/** What was shown in some ways, each once in every round. */
export type Showings = readonly Showing[];

export function of(showings: Showings, way: Way): Showing[] {
  return showings.filter((showing) => showing.way === way);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

/** Bytes that the viewer's player got. */
export function received({ bytes: { peer, store, cache, http } }: View): number {
  return peer + store + cache + http;
}

/** Share (0 to 1) of what all viewers together got that peers gave. */
export function shareOf({ views }: Showing): number {
  return sum(views.map(({ bytes }) => bytes.peer)) / sum(views.map(received));
}

/** Seconds of the stream that came by HTTP because they were the head start. */
export function headStartOf({ segments, transfers }: View): number {
  const headStarts = transfers.filter(({ fallback }) => fallback === 'head-start');
  const paths = new Set(headStarts.map(({ url }) => new URL(url).pathname));
  return sum(segments.filter(({ path }) => paths.has(path)).map(({ seconds }) => seconds));
}

/**
 * Share (0 to 1) that peers can give at most: the first viewer has nobody to ask, the others take their head
 * start over HTTP.
 */
export function ceilingOf({ views }: Showing, seconds: number): number {
  const later = views.slice(1);
  const headStart = sum(later.map(headStartOf)) / Math.max(1, later.length);
  return (1 - 1 / views.length) * (1 - headStart / seconds);
}

/** Why bytes did not come from peers, most bytes first; nothing of the first viewer, who had none. */
export function reasonsOf(showings: Showings): string {
  const bytes = new Map<string, number>();
  for (const { fallback = 'unnamed', bytes: by } of showings
    .flatMap(({ views }) => views.slice(1))
    .flatMap(({ transfers }) => transfers))
    if (by.http > 0) bytes.set(fallback, (bytes.get(fallback) ?? 0) + by.http);
  const sorted = [...bytes].sort(([, a], [, b]) => b - a);
  const words = sorted.map(([reason, count]) => `${reason} ${(count / 1e6).toFixed(1)} MB`);
  return words.length > 0 ? `; HTTP after the first viewer for ${words.join(', ')}` : '';
}

/** Share of all bytes from peers; `target` in percent. */
export function shareRow(title: string, showings: Showings, target?: number): BenchRow {
  const shares = showings.map((showing) => 100 * shareOf(showing));
  const later = showings.flatMap(({ views }) => views.slice(1));
  const least = Math.min(...later.map((view) => (100 * view.bytes.peer) / received(view)));
  const aim = target === undefined ? '' : `target ${target}; `;
  return {
    name: `from peers: ${title}`,
    value: median(shares),
    unit: '% of all bytes',
    ...spreadOf(shares),
    note: `${aim}least after the first viewer ${least.toFixed(0)}${reasonsOf(showings)}`,
  };
}

/** The share beside what it could be. */
export function ceilingRow(title: string, showings: Showings, seconds: number): BenchRow {
  const parts = showings.map((showing) => shareOf(showing) / ceilingOf(showing, seconds));
  const headStarts = showings.flatMap(({ views }) => views.slice(1)).map(headStartOf);
  const [low, high] = [Math.min(...headStarts), Math.max(...headStarts)];
  return {
    name: `of what peers could give: ${title}`,
    value: 100 * median(parts),
    unit: '%',
    ...spreadOf(parts.map((part) => 100 * part)),
    note: `target 90; head starts of ${low.toFixed(0)} to ${high.toFixed(0)} s`,
  };
}

/** How often and how long playback stood still, all viewers and rounds together, in each way. */
export function stallRows(showings: Showings, ways: readonly Way[], scene: string): BenchRow[] {
  return ways.map((way) => {
    const views = of(showings, way).flatMap((showing) => showing.views);
    const unseen = views.filter(({ ended }) => !ended).length;
    const seconds = sum(views.map(({ stalled }) => stalled)) / views.length;
    const rest = unseen > 0 ? `; ${unseen} of ${views.length} gave up before the end` : '';
    return {
      name: `stalls, ${scene}: ${NAMES[way]}`,
      value: sum(views.map(({ stalls }) => stalls)) / views.length,
      unit: 'times a viewer',
      note: `${seconds.toFixed(1)} s a viewer${rest}`,
    };
  });
}

/** From pressing play to the first picture, in each way; the first one is the yardstick. */
export function startRows(showings: Showings, ways: readonly Way[], scene: string): BenchRow[] {
  const starts = (way: Way): number[] =>
    of(showings, way).flatMap(({ views }) => views.map(({ start }) => start));
  const name = (way: Way): string => `start, ${scene}: ${NAMES[way]}`;
  const [first = 'plain', ...others] = ways;
  return [
    baselineRow(name(first), starts(first)),
    ...others.map((way) => comparedRow(name(way), starts(way), starts(first))),
  ];
}

/** What the origin sent, in each way; ratios are to the first. */
export function egressRows(showings: Showings, ways: readonly Way[], scene: string): BenchRow[] {
  const megabytes = (way: Way): number[] => of(showings, way).map(({ egress }) => egress / 1e6);
  const [first = 'plain'] = ways;
  return ways.map((way) => {
    const sent = megabytes(way);
    const name = `origin sent, ${scene}: ${NAMES[way]}`;
    const row = { name, value: median(sent), unit: 'MB', ...spreadOf(sent) };
    return way === first ? row : { ...row, ratio: median(pairedRatios(sent, megabytes(first))) };
  });
}

/** Of what was shown once there is none. */
function spreadOf(values: readonly number[]): Pick<BenchRow, 'spread'> {
  return values.length > 1 ? { spread: middleHalf(values) } : {};
}
