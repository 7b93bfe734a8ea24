import type { Clock, Timer } from '../core/clock.js';
import type { Signal } from './link.js';

/** How long (ms) the first batch waits after the description: host candidates come within that time. */
const FIRST_DELAY = 20;
/** How long (ms) later batches wait: candidates of STUN and TURN trickle in one by one. */
const LATER_DELAY = 100;
/** Signals in one batch at most: a description and so many candidates fit the tracker's limit. */
export const MAX_BATCH = 16;

/** Groups what a link signals into few messages; the description always comes first. */
export class SignalBatcher {
  readonly #clock: Clock;
  readonly #send: (signals: readonly Signal[]) => void;
  #pending: Signal[] = [];
  #timer: Timer;
  #described = false;
  #delay = FIRST_DELAY;

  constructor(clock: Clock, send: (signals: readonly Signal[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(signal: Signal): void {
    if (signal.type === 'candidate') this.#pending.push(signal);
    else this.#pending.unshift(signal);
    this.#described ||= signal.type !== 'candidate';
    if (!this.#described) return;
    if (this.#pending.length >= MAX_BATCH) this.#flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.#flush(), this.#delay);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = [];
  }

  #flush(): void {
    const batch = this.#pending.slice(0, MAX_BATCH);
    const rest = this.#pending.slice(MAX_BATCH);
    this.stop();
    this.#delay = LATER_DELAY;
    this.#send(batch);
    for (const signal of rest) this.add(signal);
  }
}
