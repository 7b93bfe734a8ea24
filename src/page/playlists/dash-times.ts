import { isWhole } from '../../protocol/check.js';
import type { DashRepresentation, DashTiming } from 'mpd-parser';

/** A period as far as it can be played now; seconds from its beginning. */
export interface Period {
  /** Seconds from the beginning of the presentation. */
  readonly start: number;
  /** What is before this is gone. */
  readonly from: number;
  /** What is after this is not there yet, or part of the next period. */
  readonly to: number;
  readonly live: boolean;
}

/** One segment; `at` is in seconds from the beginning of the presentation. */
export interface Timed {
  /** Its position in the period, from 0. */
  readonly index: number;
  readonly number: number;
  /** In units of the manifest. */
  readonly time: number;
  readonly at: number;
  readonly duration: number;
}

type Timeline = NonNullable<DashRepresentation['segmentInfo']['segmentTimeline']>;

/** Segments of the same duration, one after the other; in units of the manifest. */
interface Run {
  readonly time: number;
  readonly duration: number;
  readonly count: number;
}

/** What is left of a segment, as a share, where durations that should be equal were rounded differently. */
const TOLERANCE = 0.01;

/**
 * When segments play (ISO/IEC 23009-1, 5.3.9): at most `limit`, the first ones, or the last ones while more come.
 * `count` is how many there are where they are listed. The parser could do this, but without any bound.
 */
export function timesOf(
  timing: DashTiming,
  timeline: Timeline | undefined,
  period: Period,
  limit: number,
  count = Infinity,
): Timed[] {
  const timescale = positive(timing.timescale) ?? 1;
  const offset = finite(timing.presentationTimeOffset) ?? 0;
  const startNumber = finite(timing.startNumber) ?? 1;
  const lastNumber = finite(Number(timing.endNumber)) ?? Infinity;
  const runs = timeline ? runsOf(timeline, period, timescale, offset) : steadyRun(timing, period, timescale);
  const listed = runs.reduce((sum, run) => sum + run.count, 0);
  const total = Math.min(listed, count, lastNumber - startNumber + 1);
  // A presentation that does not say how long it is may be of any length.
  if (total === Infinity) return [];
  const steady = timeline || count < Infinity ? undefined : positive(timing.duration);
  const gone = steady === undefined ? 0 : Math.floor((period.from * timescale) / steady);
  const first = Math.max(gone, period.live ? total - limit : 0, 0);
  const times: Timed[] = [];
  for (const { index, time, length } of walk(runs, first, Math.min(total, first + limit))) {
    // Media times of a timeline begin anywhere; those that are counted begin with the period.
    const within = (time - (timeline ? offset : 0)) / timescale;
    const duration = Math.min(length / timescale, period.live ? Infinity : period.to - within);
    if (duration <= 0 || !isWhole(time, 0, Number.MAX_SAFE_INTEGER)) continue;
    times.push({ index, number: startNumber + index, time, at: period.start + within, duration });
  }
  return times;
}

/** Positions from `first` up to, not including, `end`, with their times. */
function* walk(runs: readonly Run[], first: number, end: number) {
  let before = 0;
  for (const { time, duration, count } of runs) {
    for (let index = Math.max(first, before); index < Math.min(before + count, end); index++) {
      yield { index, time: time + (index - before) * duration, length: duration };
    }
    before += count;
  }
}

/** `@duration`: all are equal, but for the last one. Without it there is one segment. */
function steadyRun({ duration }: DashTiming, { to, live }: Period, timescale: number): Run[] {
  const steady = positive(duration);
  if (steady === undefined) return [{ time: 0, duration: Math.min(to, Number.MAX_SAFE_INTEGER), count: 1 }];
  const count = (to * timescale) / steady;
  return [{ time: 0, duration: steady, count: live ? Math.floor(count) : Math.ceil(count - TOLERANCE) }];
}

function runsOf(timeline: Timeline, period: Period, timescale: number, offset: number): Run[] {
  const runs: Run[] = [];
  let time = 0;
  timeline.forEach(({ t, d, r }, position) => {
    const duration = positive(d);
    time = finite(t) ?? time;
    if (duration === undefined) return;
    const next = finite(timeline[position + 1]?.t) ?? period.to * timescale + offset;
    const repeat = finite(r) ?? 0;
    const filling = Math.ceil((next - time) / duration - TOLERANCE);
    const count = repeat < 0 ? Math.max(finite(filling) ?? 1, 0) : repeat + 1;
    runs.push({ time, duration, count });
    time += count * duration;
  });
  return runs;
}

export function finite(value: number | null | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}
