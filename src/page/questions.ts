import type { Clock, Timer } from '../core/clock.js';

/** A worker that runs answers within milliseconds; one that was stopped is started when it has not by then (ms), */
export const WAKE_AFTER = 500;
/** and after this long (ms) in all there is no answer. */
export const ANSWER_TIMEOUT = 3000;
/** Open questions at once: every link may ask for some pieces, and each tells of some peers. */
export const MAX_QUESTIONS = 256;

interface Question<Answer> {
  readonly post: () => void;
  readonly resolve: (answer: Answer | undefined) => void;
  timer: Timer;
}

/** Questions to the worker and their answers, matched by number. Every question gets an answer in time. */
export class Questions<Answer> {
  readonly #open = new Map<number, Question<Answer>>();
  #next = 0;

  constructor(
    private readonly clock: Clock,
    /** Has the worker start, if it was stopped. */
    private readonly wake: () => void,
  ) {}

  /** Puts a question by `post`. `undefined` when there was no answer in time, or too much is open. */
  ask(post: (id: number) => void): Promise<Answer | undefined> {
    if (this.#open.size >= MAX_QUESTIONS) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise((resolve) => {
      const question: Question<Answer> = {
        post: () => {
          post(id);
        },
        resolve,
        timer: this.clock.setTimeout(() => {
          question.timer = this.clock.setTimeout(() => {
            this.answer(id, undefined);
          }, ANSWER_TIMEOUT - WAKE_AFTER);
          this.wake();
        }, WAKE_AFTER),
      };
      this.#open.set(id, question);
      question.post();
    });
  }

  answer(id: number, answer: Answer | undefined): void {
    const question = this.#open.get(id);
    if (!question) return;
    this.#open.delete(id);
    this.clock.clearTimeout(question.timer);
    question.resolve(answer);
  }

  /** The worker was started anew: what it has not answered it never heard. */
  again(): void {
    for (const { post } of [...this.#open.values()]) post();
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.answer(id, undefined);
  }
}
