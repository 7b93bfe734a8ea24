import type { Compared, Difference, Estimate } from '../../src/protocol/figures.js';
import type { Frequency } from './frequency.js';
import type { Sample } from './sample.js';

/** Fewer pages than this say nothing, whatever they say. */
export const FEWEST_PAGES = 30;
/** Standard errors on either side of 95 % of a normal distribution. */
const Z = 1.96;

/** A value with the ends of its 95 % confidence interval. */
interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Quantiles of both groups; a `share` of 0.5 is the median. Each interval is Woodruff's: that of the share of times
 * below the quantile, with the design effect of sampling whole pages, read off the distribution.
 */
export function compareQuantiles(
  name: Compared['name'],
  share: number,
  peers: Sample,
  control: Sample,
): Compared {
  return compared(name, [peers, quantileOf(peers, share)], [control, quantileOf(control, share)]);
}

/** Events per hour of both groups. */
export function compareRates(name: Compared['name'], peers: Frequency, control: Frequency): Compared {
  return compared(name, [peers, rateOf(peers)], [control, rateOf(control)]);
}

function quantileOf(sample: Sample, share: number): Interval | undefined {
  const value = sample.quantile(share);
  if (value === undefined) return undefined;
  const half = Z * Math.sqrt((share * (1 - share) * sample.designEffect(share)) / sample.count);
  const low = sample.quantile(Math.max(0, share - half)) ?? value;
  return { value, low, high: sample.quantile(Math.min(1, share + half)) ?? value };
}

function rateOf(frequency: Frequency): Interval | undefined {
  const value = frequency.rate;
  if (value === undefined) return undefined;
  const half = Z * Math.sqrt(frequency.variance);
  return { value, low: Math.max(0, value - half), high: value + half };
}

type Measured = readonly [group: { readonly pages: number }, interval: Interval | undefined];

function compared(name: Compared['name'], peers: Measured, control: Measured): Compared {
  const [a, b] = [peers[1], control[1]];
  const both = { name, peers: estimateOf(peers), control: estimateOf(control) };
  if (!a || !b || Math.min(peers[0].pages, control[0].pages) < FEWEST_PAGES)
    return { ...both, verdict: 'too-few' };
  const difference = differenceOf(a, b);
  return { ...both, difference, verdict: verdictOf(difference) };
}

function estimateOf([{ pages }, interval]: Measured): Estimate {
  return interval ? { pages, ...interval } : { pages };
}

/** Peers less control. The groups are independent: their intervals' halves add up as squares (MOVER; Zou and Donner). */
function differenceOf(peers: Interval, control: Interval): Difference {
  const value = peers.value - control.value;
  const low = value - Math.hypot(peers.value - peers.low, control.high - control.value);
  return { value, low, high: value + Math.hypot(peers.high - peers.value, control.value - control.low) };
}

/** All that is compared is better when it is less. */
function verdictOf({ low, high }: Difference): Compared['verdict'] {
  if (high < 0) return 'better';
  return low > 0 ? 'worse' : 'unclear';
}
