import type { Source, TransferReport } from '../protocol/bridge.js';
import { describe, formatBytes, mainSource, nameOf, received } from './overlay-model.js';

/** Entries kept: the browser itself never forgets any. */
const MAX_ENTRIES = 500;

/** Of those that Chrome's Performance panel has for tracks of others. */
const COLOURS: Readonly<Record<Source, string>> = {
  peer: 'tertiary-dark',
  store: 'tertiary-light',
  cache: 'secondary-light',
  http: 'primary',
};

/** The part of `performance` that is needed. */
export type PageTiming = Pick<Performance, 'timeOrigin' | 'measure' | 'clearMeasures'>;

/**
 * Writes transfers into the page's user timing (User Timing Level 3): the Performance panel of browsers shows them, in
 * Chrome as a track of their own.
 */
export class Timeline {
  readonly #names: string[] = [];

  constructor(private readonly timing: PageTiming) {}

  add(report: TransferReport): void {
    const start = Math.max(0, report.started - this.timing.timeOrigin);
    const name = `peerfold: ${nameOf(report.url)}`;
    this.timing.measure(name, { start, end: start + report.duration, detail: { devtools: entryOf(report) } });
    this.#names.push(name);
    if (this.#names.length > MAX_ENTRIES) this.#names.splice(0, 1).forEach(this.#forget);
  }

  close(): void {
    new Set(this.#names.splice(0)).forEach(this.#forget);
  }

  readonly #forget = (name: string): void => {
    this.timing.clearMeasures(name);
  };
}

/** As Chrome's extensibility of the Performance panel describes it. */
function entryOf(report: TransferReport): object {
  const { url, bytes, firstByte, origin, fallback } = report;
  const source = mainSource(bytes);
  const properties: [string, string][] = [
    ['URL', url],
    ['Bytes', describe(report)],
    ['First byte', `${Math.round(firstByte)} ms`],
  ];
  if (bytes.wasted > 0) properties.push(['Wasted', formatBytes(bytes.wasted)]);
  if (origin) properties.push(['Origin asked', `after ${Math.round(origin.after)} ms`]);
  if (fallback) properties.push(['Why not peers', fallback]);
  return {
    dataType: 'track-entry',
    track: 'Peerfold',
    color: source && !origin?.failed ? COLOURS[source] : 'error',
    tooltipText: `${nameOf(url)}: ${formatBytes(received(bytes))}${source ? ` from ${source}` : ''}`,
    properties,
  };
}
