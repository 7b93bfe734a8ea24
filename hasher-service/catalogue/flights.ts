/** Work by key: at most one piece at a time for each, shared by all who ask for it. None of it rejects. */
export class Flights<T> {
  readonly #all = new Map<string, Promise<T>>();

  get size(): number {
    return this.#all.size;
  }

  /** What is under way for `key`. */
  get(key: string): Promise<T> | undefined {
    return this.#all.get(key);
  }

  /** Starts `work`, unless some is under way: then that is the answer. */
  start(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#all.get(key);
    if (known) return known;
    const flight = work().finally(() => this.#all.delete(key));
    this.#all.set(key, flight);
    return flight;
  }

  /** Starts `work` once what is under way has ended, which may have begun too early to count. */
  async startAfter(key: string, work: () => Promise<T>): Promise<T> {
    for (let known = this.#all.get(key); known; known = this.#all.get(key)) await known;
    return this.start(key, work);
  }

  /** Resolves when what is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#all.values());
  }
}
