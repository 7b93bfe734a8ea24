import type { Clock } from '../core/clock.js';
import { RateMeter } from '../core/rate.js';

/** Shortest time (ms) that a rate is computed from: clocks of browsers are coarse on purpose. */
const SHORTEST_SAMPLE = 5;
/** Silence (ms) that is tolerated at least and at most, and before any delay was measured. */
const LEAST_PATIENCE = 500;
const MOST_PATIENCE = 5000;
const FIRST_PATIENCE = 2000;
/** Silence is a stall when it lasts this many usual delays. */
const PATIENCE_DELAYS = 4;
/** Weight of a new delay in the usual one (RFC 6298 section 2 uses the same for round trips). */
const DELAY_GAIN = 1 / 8;

/**
 * Measures how fast a peer delivers while it has something to deliver, and how long it has been silent.
 * Time between the request and its first byte is latency, not pace, and does not count.
 */
export class PaceTimer {
  readonly meter = new RateMeter();
  readonly #clock: Clock;
  #bytes = 0;
  #since: number | undefined;
  #replyAt = 0;
  #busy = false;
  #delay = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the last sign of life that was due; 0 while nothing is due. */
  get silence(): number {
    return this.#busy ? this.#clock.ticks() - this.#replyAt : 0;
  }

  /** How long a silence (ms) may last before it is a stall. */
  get patience(): number {
    if (this.#delay === 0) return FIRST_PATIENCE;
    return Math.min(MOST_PATIENCE, Math.max(LEAST_PATIENCE, PATIENCE_DELAYS * this.#delay));
  }

  get stalled(): boolean {
    return this.silence > this.patience;
  }

  /** The first request after a pause goes out. */
  onStart(): void {
    this.#busy = true;
    this.#replyAt = this.#clock.ticks();
  }

  onBytes(bytes: number, wasLast: boolean): void {
    const now = this.#clock.ticks();
    if (this.#since === undefined) this.#since = now;
    else this.#bytes += bytes;
    const ms = now - this.#since;
    if (ms >= SHORTEST_SAMPLE || (wasLast && ms >= 1)) {
      this.meter.add(this.#bytes, ms);
      this.#bytes = 0;
      this.#since = now;
    }
    this.onReply(wasLast);
  }

  /** Something came that was due, if only a refusal. */
  onReply(wasLast: boolean): void {
    this.#replyAt = this.#clock.ticks();
    if (!wasLast) return;
    this.#busy = false;
    this.#bytes = 0;
    this.#since = undefined;
  }

  /** One request was answered within `ms`. */
  onDelay(ms: number): void {
    this.#delay = this.#delay === 0 ? ms : this.#delay + DELAY_GAIN * (ms - this.#delay);
  }
}
