/**
 * Order statistics: timings of a shared machine have long tails, and a mean would be mostly tail.
 */

/** The value below which `share` (0 to 1) of `values` lie, between neighbours by their distance. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What lies in the middle: from the first to the third quartile. */
export function middleHalf(values: readonly number[]): readonly [number, number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

/** `a` over `b`, pair by pair: what disturbs one moment of a machine disturbs both of a pair. */
export function pairedRatios(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot pair with ${b.length}`);
  return a.map((value, i) => value / (b[i] ?? Number.NaN));
}

/** The middle half of ratios as people read it: `0.97–1.04`. */
export function ratioSpread(ratios: readonly number[]): string {
  const [low, high] = middleHalf(ratios);
  return `${low.toFixed(2)}–${high.toFixed(2)}`;
}

/** The order of a round: A B, then B A, so that no kind always comes first. */
export function alternating<T>(round: number, kinds: readonly T[]): T[] {
  const shift = round % kinds.length;
  return [...kinds.slice(shift), ...kinds.slice(0, shift)];
}
