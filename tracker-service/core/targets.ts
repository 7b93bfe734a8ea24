import type { PeerId } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';

const MINUTE = 60_000;

/** How many different peers one visitor reached out to within the last minute. */
export class Targets {
  readonly #since = new Map<PeerId, number>();

  constructor(
    private readonly clock: Clock,
    private readonly perMinute: number,
  ) {}

  /** Counts `pid` and returns 0, or returns the ms until another stranger may be signalled. */
  reach(pid: PeerId): number {
    const now = this.clock.ticks();
    for (const [target, since] of this.#since) if (now - since >= MINUTE) this.#since.delete(target);
    if (this.#since.has(pid)) return 0;
    if (this.#since.size >= this.perMinute) return this.#untilOldestLeaves(now);
    this.#since.set(pid, now);
    return 0;
  }

  #untilOldestLeaves(now: number): number {
    for (const since of this.#since.values()) return Math.max(1, since + MINUTE - now);
    return MINUTE;
  }
}
