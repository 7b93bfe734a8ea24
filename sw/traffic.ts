import type { Clock, Timer } from '../src/core/clock.js';

/** The requests of a gallery end and begin by the dozen: they are over when none was under way for so long (ms). */
const QUIET = 200;

/** Whether pages have requests of their own under way at the origin, which uploading makes way for. */
export class Traffic {
  busy = false;
  #underWay = 0;
  #quiet: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly changed: (busy: boolean) => void,
  ) {}

  /** Counts `work` as one of them until it is over; gives what it gives. */
  async count<T>(work: Promise<T>): Promise<T> {
    this.#underWay++;
    this.#tell(true);
    try {
      return await work;
    } finally {
      this.#underWay--;
      this.clock.clearTimeout(this.#quiet);
      this.#quiet = this.clock.setTimeout(() => {
        this.#tell(this.#underWay > 0);
      }, QUIET);
    }
  }

  #tell(busy: boolean): void {
    if (busy === this.busy) return;
    this.busy = busy;
    this.changed(busy);
  }
}
