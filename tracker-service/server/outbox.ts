/** What is held back: the writing side of a Node stream. */
export interface Corked {
  cork(): void;
  uncork(): void;
}

/**
 * Gathers what is written to each socket in one turn of the event loop: a system call for each message
 * costs more than all else that is done with it, and many messages of one turn go to the same visitors.
 */
export class Outbox {
  #held = new Set<Corked>();

  /** `soon` runs what it is given at the end of the turn. */
  constructor(private readonly soon: (run: () => void) => void) {}

  /** What is written to the stream from now on leaves at the end of this turn. */
  hold(stream: Corked): void {
    if (this.#held.has(stream)) return;
    if (this.#held.size === 0) this.soon(this.#release);
    this.#held.add(stream);
    stream.cork();
  }

  readonly #release = (): void => {
    const held = this.#held;
    this.#held = new Set();
    for (const stream of held) stream.uncork();
  };
}
