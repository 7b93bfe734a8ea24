import type { Clock, Timer } from '../../src/core/clock.js';
import type { MediaBytes } from './media-ends.js';
import type { ParserReply, ParserRequest } from './parser-messages.js';
import { isDuration } from './timed-media.js';

/** A real file takes some 50 ms, and half a second more when the process has to start first (ms). */
export const PARSE_LIMIT = 5_000;

/** The part of a child process that is used; tests replace it. */
export interface ParserChild {
  send(request: ParserRequest, callback: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (reply: ParserReply) => void): unknown;
  on(event: 'error' | 'exit', listener: () => void): unknown;
  kill(signal: 'SIGKILL'): unknown;
  disconnect(): void;
  ref(): void;
  unref(): void;
  readonly channel?: { ref(): void; unref(): void } | null;
}

interface Task {
  readonly media: MediaBytes;
  readonly resolve: (seconds: number | undefined) => void;
  readonly timer: Timer;
}

/** One process that parses media. It keeps ours alive only while it has something to do. */
export class ParserProcess {
  #task: Task | undefined;

  constructor(
    private readonly child: ParserChild,
    private readonly clock: Clock,
    /** Called once or more when the process takes no more work. */
    private readonly onEnd: () => void,
  ) {
    child.on('message', (reply) => this.#hear(reply));
    for (const event of ['error', 'exit'] as const) {
      child.on(event, () => {
        this.onEnd();
        this.#finish(undefined);
      });
    }
    this.#hold(false);
  }

  /** One at a time. `undefined` when the duration is not known, or the process ends before it is. */
  parse(media: MediaBytes): Promise<number | undefined> {
    this.#hold(true);
    return new Promise((resolve) => {
      const timer = this.clock.setTimeout(() => this.kill(), PARSE_LIMIT);
      this.#task = { media, resolve, timer };
      this.#send({ t: 'parse', length: media.length });
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  #hear(reply: ParserReply): void {
    if (reply.t === 'parsed') this.#finish(isDuration(reply.seconds) ? reply.seconds : undefined);
    else if (reply.t === 'read') void this.#answer(reply.id, reply.start, reply.end);
    else if (!this.#task) this.#leave();
  }

  async #answer(id: number, start: number, end: number): Promise<void> {
    // A file that cannot be read is the concern of whoever hashes it.
    const bytes = await this.#task?.media.read({ start, end }).catch(() => undefined);
    this.#send({ t: 'bytes', id, bytes });
  }

  #finish(seconds: number | undefined): void {
    const task = this.#task;
    if (!task) return;
    this.#task = undefined;
    this.clock.clearTimeout(task.timer);
    this.#hold(false);
    task.resolve(seconds);
  }

  /** The process ends by itself when nobody can talk to it any more. */
  #leave(): void {
    this.onEnd();
    this.child.disconnect();
  }

  #send(request: ParserRequest): void {
    // When it cannot be sent the process has ended, which `exit` tells as well.
    this.child.send(request, () => undefined);
  }

  #hold(isBusy: boolean): void {
    const change = isBusy ? 'ref' : 'unref';
    this.child[change]();
    this.child.channel?.[change]();
  }
}
