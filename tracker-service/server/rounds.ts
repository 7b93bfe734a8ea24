import type { Clock, Timer } from '../../src/core/clock.js';

export interface RoundsOptions<Member> {
  readonly clock: Clock;
  /** How long one round takes (ms): each member is visited once in it. */
  readonly period: number;
  readonly visit: (member: Member) => void;
}

/** Stops in one round: a round's work is spread over so many moments. */
const STOPS = 32;

/** Visits each member once in a period, with one timer for all of them. */
export class Rounds<Member> {
  readonly #stops = Array.from({ length: STOPS }, () => new Set<Member>());
  #next = 0;
  #timer: Timer;

  constructor(private readonly options: RoundsOptions<Member>) {
    this.#arm();
  }

  get size(): number {
    return this.#stops.reduce((sum, stop) => sum + stop.size, 0);
  }

  /** Where a member joins now (and leaves again): its first visit is a period away. */
  get stop(): Set<Member> {
    return this.#stops[(this.#next + STOPS - 1) % STOPS] ?? new Set();
  }

  *members(): Iterable<Member> {
    for (const stop of this.#stops) yield* stop;
  }

  close(): void {
    this.options.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    const { clock, period, visit } = this.options;
    this.#timer = clock.setTimeout(() => {
      this.#arm();
      const stop = this.#stops[this.#next];
      this.#next = (this.#next + 1) % STOPS;
      stop?.forEach(visit);
    }, period / STOPS);
  }
}
