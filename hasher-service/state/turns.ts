/** Jobs about the same thing run one after the other, in the order in which they were brought. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(thing: string, job: () => Promise<T>): Promise<T> {
    const before = this.#last.get(thing) ?? Promise.resolve();
    const mine = before.then(job, job);
    this.#last.set(thing, mine);
    const leave = (): void => {
      if (this.#last.get(thing) === mine) this.#last.delete(thing);
    };
    mine.then(leave, leave);
    return mine;
  }
}
