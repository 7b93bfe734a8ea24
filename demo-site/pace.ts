import type { Clock } from './clock.js';

/**
 * How much is sent at a time under a limit. On a shared line each response waits for a part of every other:
 * with 60 of them and 50 ms' worth that is 3 s even for a short file, which no network does. Packets take turns
 * there, and TCP's first flight is 10 of them (RFC 6928), which at 1 MB/s is about this much.
 */
const PART_SECONDS = 0.016;
const LARGEST_PART = 64 * 1024;
/** Timers fire late; what the line lost by that it may catch up on, or a limit of 20 MB/s would be 19. */
const TIMER_SLACK_MS = 4;

/**
 * A line of limited bandwidth, shared by everything that is sent through it: parts queue in the order
 * they come, so that responses that run side by side get equal shares.
 */
export class Pace {
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly bytesPerSecond: number,
  ) {}

  get part(): number {
    return Math.min(LARGEST_PART, Math.max(1, Math.floor(this.bytesPerSecond * PART_SECONDS)));
  }

  /** Takes the line for `bytes`: milliseconds until the last of them has arrived at the other end. */
  reserve(bytes: number): number {
    const now = this.clock.ticks();
    this.#freeAt = Math.max(now - TIMER_SLACK_MS, this.#freeAt) + (bytes * 1000) / this.bytesPerSecond;
    return this.#freeAt - now;
  }
}
