import type { Clock, Timer } from '../core/clock.js';
import type { Refusal } from './policy.js';

/** Why this page goes without Peerfold, or that it does not. */
export type Status =
  | { readonly active: true }
  | {
      readonly active: false;
      readonly reason: Refusal | 'worker-failed' | 'worker-silent' | 'other-build' | 'stopped';
    };

/** How long (ms) a worker may take to answer, once it is registered, before its silence is an answer. */
const WELCOME_TIME = 10_000;

/** The promise that it is decided whether this page uses Peerfold, and what may put it off or bring it on. */
export class Readiness {
  // Before the promise that sets it.
  #settle: (status: Status) => void = () => undefined;
  #promise = this.#undecided();
  #decided: Status | undefined;
  #timer: Timer;

  constructor(private readonly clock: Clock) {}

  get promise(): Promise<Status> {
    return this.#promise;
  }

  /** A promise that was kept cannot be taken back: where it was decided otherwise there is a new one. */
  settle(status: Status): void {
    if (this.#decided && reasonIn(this.#decided) !== reasonIn(status)) this.again();
    this.#decided = status;
    this.#settle(status);
  }

  /** It is to be decided anew; whoever awaits the earlier promise hears what the new one says. */
  again(): void {
    const earlier = this.#settle;
    this.#decided = undefined;
    this.#promise = this.#undecided();
    void this.#promise.then(earlier);
  }

  /** Calls `silent` unless the worker is `heard` in time. */
  listen(silent: () => void): void {
    this.#timer = this.clock.setTimeout(silent, WELCOME_TIME);
  }

  heard(): void {
    this.clock.clearTimeout(this.#timer);
  }

  #undecided(): Promise<Status> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
}

const reasonIn = (status: Status): string | undefined => (status.active ? undefined : status.reason);
