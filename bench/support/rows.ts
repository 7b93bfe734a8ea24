import type { BenchRow } from '../report.js';
import { median, middleHalf, pairedRatios, ratioSpread } from './statistics.js';

/** A row that is the yardstick of others: a median and its spread. */
export function baselineRow(name: string, values: readonly number[], unit = 'ms'): BenchRow {
  return { name, value: median(values), unit, spread: middleHalf(values) };
}

/** A row with the ratio to `baseline`: the median of the ratios of pairs taken one after the other. */
export function comparedRow(
  name: string,
  values: readonly number[],
  baseline: readonly number[],
  { unit = 'ms', note }: { readonly unit?: string; readonly note?: string } = {},
): BenchRow {
  const ratios = pairedRatios(values, baseline);
  const pairs = `middle half of ${ratios.length} pairs ${ratioSpread(ratios)}`;
  return {
    ...baselineRow(name, values, unit),
    ratio: median(ratios),
    note: note === undefined ? pairs : `${pairs}; ${note}`,
  };
}
