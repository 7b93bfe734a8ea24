import type { Clock } from '../src/core/clock.js';
import type { FallbackReason, Source, TransferReport, Verdict } from '../src/protocol/bridge.js';

/** The books of one answer: each byte handed to the page has one source, everything else is waste. */
export class Tally {
  readonly #bytes: Record<Source | 'wasted', number> = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  readonly #verdicts: Partial<Record<Verdict, number>> = {};
  readonly #started: number;
  readonly #ticks: number;
  #firstByte: number | undefined;
  #fallback: FallbackReason | undefined;

  readonly #clock: Clock;
  readonly #url: string;
  readonly #destination: string;

  constructor(clock: Clock, url: string, destination: string) {
    this.#clock = clock;
    this.#url = url;
    this.#destination = destination;
    this.#started = clock.now();
    this.#ticks = clock.ticks();
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

  report(): TransferReport {
    const duration = this.#elapsed();
    return {
      url: this.#url,
      destination: this.#destination,
      bytes: { ...this.#bytes },
      started: this.#started,
      firstByte: this.#firstByte ?? duration,
      duration,
      verdicts: { ...this.#verdicts },
      ...(this.#fallback === undefined ? {} : { fallback: this.#fallback }),
    };
  }

  #elapsed(): number {
    return this.#clock.ticks() - this.#ticks;
  }
}
