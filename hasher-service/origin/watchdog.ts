import type { Clock, Timer } from '../../src/core/clock.js';
import { OriginFault } from './fault.js';

export interface Pace {
  /** Milliseconds for connecting and the head, and then the span over which the rate is judged. */
  readonly window: number;
  /** Bytes per second that the body must keep. */
  readonly minRate: number;
}

/** Watches one origin request: is it late with its head, or does its body drip? */
export class Watchdog {
  #timer: Timer;
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly pace: Pace,
    private readonly onLate: (fault: OriginFault) => void,
  ) {
    this.#timer = this.#arm(() => this.#bark());
  }

  /** The head has arrived: from now on every window must bring its share of bytes. */
  headArrived(): void {
    this.stop();
    this.#bytes = 0;
    this.#timer = this.#arm(() => this.#judge());
  }

  saw(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
  }

  #judge(): void {
    if (this.#bytes < (this.pace.minRate * this.pace.window) / 1000) this.#bark();
    else this.headArrived();
  }

  #bark(): void {
    this.onLate(new OriginFault('origin-slow'));
  }

  #arm(run: () => void): Timer {
    return this.clock.setTimeout(run, this.pace.window);
  }
}
