import type { Clock, Timer } from '../core/clock.js';

/** A worker that was stopped never answers; it is started, and asked again with the next piece or peer (ms). */
export const ANSWER_TIMEOUT = 3000;
/** Open questions at once: every link may ask for some pieces, and each tells of some peers. */
export const MAX_QUESTIONS = 256;

/** Questions to the worker and their answers, matched by number. Every question gets an answer in time. */
export class Questions<Answer> {
  readonly #open = new Map<number, { resolve: (answer: Answer | undefined) => void; timer: Timer }>();
  #next = 0;

  constructor(
    private readonly clock: Clock,
    /** There was no answer in time. */
    private readonly late: () => void,
  ) {}

  /** Puts a question by `post`. `undefined` when there was no answer in time, or too much is open. */
  ask(post: (id: number) => void): Promise<Answer | undefined> {
    if (this.#open.size >= MAX_QUESTIONS) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise((resolve) => {
      const timer = this.clock.setTimeout(() => {
        this.answer(id, undefined);
        this.late();
      }, ANSWER_TIMEOUT);
      this.#open.set(id, { resolve, timer });
      post(id);
    });
  }

  answer(id: number, answer: Answer | undefined): void {
    const question = this.#open.get(id);
    if (!question) return;
    this.#open.delete(id);
    this.clock.clearTimeout(question.timer);
    question.resolve(answer);
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.answer(id, undefined);
  }
}
