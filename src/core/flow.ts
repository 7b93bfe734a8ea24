import type { Clock } from './clock.js';

/** Bytes that went by so long ago (ms) have lost 63 % of their weight: a glance at a display sees what goes on now. */
const DECAY = 2000;

/** Counts bytes, and how many of them go by per second at present. Costs the same whoever looks, and however often. */
export class Flow {
  #total = 0;
  #recent = 0;
  #at = 0;

  constructor(private readonly clock: Clock) {}

  add(bytes: number): void {
    this.#recent = this.#faded() + bytes;
    this.#at = this.clock.ticks();
    this.#total += bytes;
  }

  get total(): number {
    return this.#total;
  }

  /** Bytes per second of late; a pause of some seconds brings it to 0. */
  get rate(): number {
    return Math.round((this.#faded() * 1000) / DECAY);
  }

  #faded(): number {
    return this.#recent * Math.exp((this.#at - this.clock.ticks()) / DECAY);
  }
}
