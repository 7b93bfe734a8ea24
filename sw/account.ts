import type { Clock } from '../src/core/clock.js';
import { firstByte } from '../src/core/ranges.js';
import type { FallbackReason, OriginPart, Source, TransferReport, Verdict } from '../src/protocol/bridge.js';
import type { Route } from './route.js';

/** The books of one answer: each byte handed to the page has one source, everything else is waste. */
export class Tally {
  readonly #bytes: Record<Source | 'wasted', number> = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  readonly #verdicts: Partial<Record<Verdict, number>> = {};
  readonly #clock: Clock;
  readonly #ticks: number;
  readonly #request: Pick<TransferReport, 'url' | 'destination' | 'start' | 'started'>;
  #firstByte: number | undefined;
  #fallback: FallbackReason | undefined;
  #origin: OriginPart | undefined;

  constructor(clock: Clock, { url, destination, range }: Route) {
    this.#clock = clock;
    this.#ticks = clock.ticks();
    const start = firstByte(range);
    const part = start === undefined ? {} : { start };
    this.#request = { url, destination, ...part, started: clock.now() };
  }

  /** Bytes handed to the page. */
  delivered(source: Source, bytes: number): void {
    this.#firstByte ??= this.#elapsed();
    this.#bytes[source] += bytes;
  }

  /** Bytes that crossed the network for nothing: losers of a race, wrong pieces, cut-off answers. */
  wasted(bytes: number): void {
    this.#bytes.wasted += bytes;
  }

  judged(verdict: Verdict): void {
    this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
  }

  /** Why peers were not used or not enough. */
  get fallback(): FallbackReason | undefined {
    return this.#fallback;
  }

  /** The first reason counts. */
  fellBack(reason: FallbackReason): void {
    this.#fallback ??= reason;
  }

  /** The origin is asked now, or has failed to give what it was asked for. */
  origin(failed = false): void {
    this.#origin = { after: this.#origin?.after ?? this.#elapsed(), failed };
  }

  report(): TransferReport {
    const duration = this.#elapsed();
    return {
      ...this.#request,
      bytes: { ...this.#bytes },
      firstByte: this.#firstByte ?? duration,
      duration,
      verdicts: { ...this.#verdicts },
      ...(this.#fallback === undefined ? {} : { fallback: this.#fallback }),
      ...(this.#origin ? { origin: this.#origin } : {}),
    };
  }

  #elapsed(): number {
    return this.#clock.ticks() - this.#ticks;
  }
}
