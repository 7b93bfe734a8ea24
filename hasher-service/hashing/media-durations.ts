import type { Clock } from '../../src/core/clock.js';
import { closedError } from './closed-error.js';
import type { MediaBytes } from './media-ends.js';
import { ParserProcess, type ParserChild } from './parser-process.js';

/** Finds durations, one after the other, in a process that is started when there is something to do. */
export class MediaDurations {
  #process: ParserProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly startChild: () => ParserChild,
    private readonly clock: Clock,
  ) {}

  /** Seconds; `undefined` when they are not known. Rejects only when closed. */
  of(media: MediaBytes): Promise<number | undefined> {
    const turn = this.#turn.then(() => this.#find(media));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the process; what is under way rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#process?.kill();
    await this.#turn;
  }

  async #find(media: MediaBytes): Promise<number | undefined> {
    this.#checkOpen();
    const seconds = await (this.#process ??= this.#start()).parse(media);
    this.#checkOpen();
    return seconds;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError();
  }

  #start(): ParserProcess {
    const started: ParserProcess = new ParserProcess(this.startChild(), this.clock, () => {
      if (this.#process === started) this.#process = undefined;
    });
    return started;
  }
}
