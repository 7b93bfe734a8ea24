import type { Clock, Timer } from '../src/core/clock.js';
import type { LiveRoots } from './state/live-roots.js';
import type { State } from './state/port.js';

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly state: State;
  readonly roots: LiveRoots;
  readonly onError: (error: unknown) => void;
}

/** Time between rounds (ms): often enough that what a round clears away never becomes much. */
const INTERVAL = 3600_000;

/** Learns after a start which roots are live, and then looks through what is kept, round after round. */
export class Housekeeping {
  readonly #end = new AbortController();
  #timer: Timer;
  #isIndexed = false;
  #recall: Promise<void> = Promise.resolve();
  #round: Promise<void> = Promise.resolve();

  constructor(private readonly options: HousekeepingOptions) {}

  start(): void {
    const { state } = this.options;
    this.#recall = this.#guarded(() => state.recall(this.#end.signal)).then(() => {
      this.#isIndexed = true;
    });
    this.#round = this.#recall.then(() => this.#rounds());
  }

  /** Whether all live roots are known that can be. */
  get isIndexed(): boolean {
    return this.#isIndexed;
  }

  /** Resolves when all live roots are known that can be. */
  indexed(): Promise<void> {
    return this.#recall;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    this.options.clock.clearTimeout(this.#timer);
    await this.#round;
  }

  async #rounds(): Promise<void> {
    await this.#guarded(() => this.#survey());
    if (this.#end.signal.aborted) return;
    this.#timer = this.options.clock.setTimeout(() => {
      this.#round = this.#rounds();
    }, INTERVAL);
  }

  async #survey(): Promise<void> {
    const { clock, roots, state } = this.options;
    roots.sweep(clock.now() / 1000);
    roots.beginRound();
    let isComplete = false;
    try {
      isComplete = await state.survey(this.#end.signal);
    } finally {
      roots.endRound(isComplete);
    }
  }

  async #guarded(job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (error) {
      if (!this.#end.signal.aborted) this.options.onError(error);
    }
  }
}
