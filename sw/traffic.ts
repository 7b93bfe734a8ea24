import type { Clock, Timer } from '../src/core/clock.js';
import { SLOW } from '../src/core/deadline.js';

/** The requests of a gallery end and begin by the dozen: they are over when none was under way for so long (ms). */
const QUIET = 200;

/** The requests of pages under way at the origin: uploading makes way for them, and they tell how it is. */
export class Traffic {
  busy = false;
  /** When each began (ms of the monotonic clock), of those that tell how the origin is. */
  readonly #underWay = new Map<symbol, number>();
  #quiet: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly changed: (busy: boolean) => void,
  ) {}

  /** Whether some request has been waiting for long. */
  get isSlow(): boolean {
    const latest = this.clock.ticks() - SLOW;
    return [...this.#underWay.values()].some((began) => began < latest);
  }

  /**
   * Counts `work` as one of them until it is over; gives what it gives. One that takes `long` for reasons of its
   * own, such as its length, tells nothing about the origin.
   */
  async count<T>(work: Promise<T>, long = false): Promise<T> {
    const request = Symbol();
    this.#underWay.set(request, long ? Number.POSITIVE_INFINITY : this.clock.ticks());
    this.#tell(true);
    try {
      return await work;
    } finally {
      this.#underWay.delete(request);
      this.clock.clearTimeout(this.#quiet);
      this.#quiet = this.clock.setTimeout(() => {
        this.#tell(this.#underWay.size > 0);
      }, QUIET);
    }
  }

  #tell(busy: boolean): void {
    if (busy === this.busy) return;
    this.busy = busy;
    this.changed(busy);
  }
}
