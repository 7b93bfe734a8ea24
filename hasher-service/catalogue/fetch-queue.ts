/** Jobs with an upper bound on how many run and on how many wait. */
export class FetchQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly maxWaiting: number,
  ) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  get running(): number {
    return this.#running;
  }

  /** How often all that run must end before one that comes now has its turn. */
  get rounds(): number {
    return Math.ceil(this.#waiting.length / this.concurrency);
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.maxWaiting;
  }

  /** Runs `job` when its turn comes; `undefined` at once when too many wait already. */
  run<T>(job: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.concurrency) return this.#start(job);
    if (this.isFull) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#start(job));
  }

  async #start<T>(job: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await job();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
