import type { Clock } from '../../../src/core/clock.js';

/** What all visitors' requests to the origin have to share: what was asked to be sent first is sent first. */
export class SharedLine {
  /** Bytes sent so far. */
  sent = 0;
  #freeAt = 0;

  constructor(
    private readonly clock: Clock,
    /** Bytes per second. */
    private readonly rate: number,
  ) {}

  /** When (ticks) `bytes` more will have come through. */
  send(bytes: number): number {
    this.sent += bytes;
    this.#freeAt = Math.max(this.#freeAt, this.clock.ticks()) + (1000 * bytes) / this.rate;
    return this.#freeAt;
  }
}
