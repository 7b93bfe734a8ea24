import type { Site } from '../../src/core/brands.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { MAX_REPORTED_SECONDS, type TrackerReport } from '../../src/protocol/figures.js';
import type { SiteFigures } from '../core/site-counts.js';

export interface ReporterOptions {
  readonly clock: Clock;
  /** What happened at each site since this was called last. */
  readonly figures: () => Iterable<readonly [Site, SiteFigures]>;
  /** Rejects when the hash service does not take it. */
  readonly send: (report: TrackerReport) => Promise<void>;
  /** Told once, until reports are taken again. */
  readonly failed: (error: unknown) => void;
}

/** How often (ms) the hash services are told. */
export const REPORT_EVERY = 60_000;

/** Tells hash services how their sites fare, for their operators' figures. What cannot be told now is never told. */
export class Reporter {
  #timer: Timer;
  #reportedAt: number;
  #isFailing = false;
  #isSending = false;

  constructor(private readonly options: ReporterOptions) {
    this.#reportedAt = options.clock.ticks();
    this.#arm();
  }

  close(): void {
    this.options.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = this.options.clock.setTimeout(() => {
      this.#arm();
      if (!this.#isSending) void this.#report();
    }, REPORT_EVERY);
  }

  async #report(): Promise<void> {
    const { clock, figures, send, failed } = this.options;
    const now = clock.ticks();
    const passed = Math.round((now - this.#reportedAt) / 1000);
    const seconds = Math.min(MAX_REPORTED_SECONDS, Math.max(1, passed));
    this.#reportedAt = now;
    this.#isSending = true;
    try {
      for (const [site, counts] of [...figures()]) await send({ site, seconds, ...counts });
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) failed(error);
      this.#isFailing = true;
    } finally {
      this.#isSending = false;
    }
  }
}
