import type { Clock } from '../src/core/clock.js';
import { within } from './timers.js';
import type { Traffic } from './traffic.js';
import { Turn } from './turn.js';

/** What a slow origin is asked for at once. */
const MOST_AT_ONCE = 3;
/** A turn lasts no longer (ms): what hangs must not keep the others from an origin that would give them. */
export const MOST_TURN = 60_000;
/** How often what was asked for last, which is most likely what the visitor looks at, is next. */
const NEWEST_SHARE = 0.5;

export interface QueueOptions {
  /** Settles when the work need not be done any more. */
  readonly over: Promise<unknown>;
  /** Whether others go first: peers are about to bring it. */
  readonly patient: boolean;
  /** Whether the origin is known to be slow. */
  readonly slow: boolean;
}

interface Place extends QueueOptions {
  readonly turn: Turn;
}

/**
 * What peers did not bring in time, in front of an origin that is slow: a few at a time, and while the others
 * wait for their turn, peers may still bring them. Everybody picks at random what is next, so that visitors
 * who want the same soon have different parts of it to give. An origin that is not slow is asked at once.
 */
export class OriginQueue {
  readonly #waiting: Place[] = [];
  #underWay = 0;

  constructor(
    private readonly clock: Clock,
    private readonly traffic: Traffic,
    /** Uniform in [0, 1). */
    private readonly random: () => number,
  ) {}

  /** Does `work` when its turn comes; not at all when that is over before. Fails as `work` does. */
  async take(work: () => Promise<void>, options: QueueOptions): Promise<void> {
    if (!(await this.#enter(options))) return;
    const working = Promise.resolve().then(work);
    await within(this.clock, MOST_TURN, working).catch(() => undefined);
    this.#underWay--;
    this.#next();
    await working;
  }

  async #enter(options: QueueOptions): Promise<boolean> {
    const turn = new Turn();
    const place = { ...options, turn };
    this.#waiting.push(place);
    this.#next();
    if (!turn.isGranted) await Promise.race([turn.promise, options.over]).catch(() => undefined);
    if (!turn.isGranted) this.#waiting.splice(this.#waiting.indexOf(place), 1);
    return turn.isGranted;
  }

  #next(): void {
    for (const place of [...this.#waiting]) {
      if (!place.slow && !this.traffic.isSlow) this.#grant(place);
    }
    while (this.#waiting.length > 0 && this.#underWay < MOST_AT_ONCE) this.#pick();
  }

  #pick(): void {
    const first = this.#waiting.filter(({ patient }) => !patient);
    const some = first.length > 0 ? first : this.#waiting;
    const last = some.length - 1;
    const at = this.random() < NEWEST_SHARE ? last : Math.floor(this.random() * (last + 1));
    const place = some[at];
    if (place) this.#grant(place);
  }

  #grant(place: Place): void {
    this.#waiting.splice(this.#waiting.indexOf(place), 1);
    this.#underWay++;
    place.turn.grant();
  }
}
