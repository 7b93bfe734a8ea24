import type { Clock, Timer } from '../../src/core/clock.js';
import type { TrackerConfig } from '../config.js';

/** What is stopped, as far as stopping it goes. */
export interface Stoppable {
  /** Takes no connection any more; resolves when the last one is gone. */
  closed(): Promise<void>;
  /** Says goodbye to so many visitors at most; returns how many are left. */
  farewell(count: number): number;
  /** Cuts every connection that is left. */
  cut(): void;
}

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly config: Pick<TrackerConfig, 'drainMs' | 'shutdownMs'>;
  readonly stoppable: Stoppable;
}

export type Stage = 'open' | 'draining' | 'closing';

/** Goodbyes are said in turns of so many, so often (ms): the event loop lives, and nobody is pushed out in one crowd. */
const TURN = 200;
const TURN_EVERY = 20;
/** All are said in this share of the time at the latest. */
const SAYING = 0.5;
/** Time for the last ones to answer the goodbye (ms). */
const GRACE = 1_000;

/**
 * Stops in the order that loses nobody: say that we are not ready, go on until balancers have noticed,
 * take no more, tell everybody when to come back, cut off what does not go.
 */
export class Shutdown {
  #stage: Stage = 'open';
  #cutting: Timer;
  #done: Promise<void> | undefined;

  constructor(private readonly options: ShutdownOptions) {}

  get stage(): Stage {
    return this.#stage;
  }

  /** Resolves when nothing is left, `drainMs` and `shutdownMs` from now at the latest. May be called again. */
  run(): Promise<void> {
    return (this.#done ??= this.#run());
  }

  async #run(): Promise<void> {
    const { clock, config, stoppable } = this.options;
    this.#stage = 'draining';
    if (config.drainMs > 0) await this.#pause(config.drainMs);
    this.#stage = 'closing';
    const deadline = clock.ticks() + config.shutdownMs;
    const closed = stoppable.closed();
    this.#cutAfter(config.shutdownMs);
    await this.#sayGoodbye();
    this.#cutAfter(Math.max(0, Math.min(GRACE, deadline - clock.ticks())));
    await closed;
    clock.clearTimeout(this.#cutting);
  }

  async #sayGoodbye(): Promise<void> {
    const { config, stoppable } = this.options;
    const turns = Math.max(1, (config.shutdownMs * SAYING) / TURN_EVERY);
    const count = Math.max(TURN, Math.ceil(stoppable.farewell(0) / turns));
    while (stoppable.farewell(count) > 0) await this.#pause(TURN_EVERY);
  }

  #cutAfter(ms: number): void {
    const { clock, stoppable } = this.options;
    clock.clearTimeout(this.#cutting);
    this.#cutting = clock.setTimeout(() => {
      stoppable.cut();
    }, ms);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimeout(resolve, ms));
  }
}
