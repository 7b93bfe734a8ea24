import type { Bytes } from '../core/bytes.js';
import type { Clock } from '../core/clock.js';
import { Ticker } from '../peer/ticker.js';
import { Questions } from './questions.js';

/**
 * Whoever works for all tabs needs the worker (for pieces that peers ask for, for the policy), and says so this often
 * (ms): browsers stop one that nobody asked anything for half a minute, whatever is said over its ports.
 */
export const PULSE = 20_000;

/** What a page that works for all tabs asks the worker, and what keeps that awake meanwhile. */
export class WorkerLine {
  readonly reads: Questions<Bytes>;
  readonly admits: Questions<boolean>;
  readonly #pulse: Ticker;

  /** `stay` has the worker go on, or start if it was stopped. */
  constructor(
    clock: Clock,
    private readonly stay: () => void,
  ) {
    this.reads = new Questions(clock, stay);
    this.admits = new Questions(clock, stay);
    this.#pulse = new Ticker(clock, PULSE, () => {
      stay();
      return true;
    });
  }

  open(): void {
    this.stay();
    this.#pulse.start();
  }

  /** The worker was started anew. */
  again(): void {
    this.reads.again();
    this.admits.again();
  }

  close(): void {
    this.#pulse.stop();
    this.reads.close();
    this.admits.close();
  }
}
