import type { Clock, Timer } from '../core/clock.js';
import {
  parseTrackerMessage,
  type ClientMessage,
  type Hello,
  type TrackerMessage,
  type Welcome,
} from '../protocol/tracker.js';

/** A socket that is opening or open; `send` before it opened is the caller's mistake. */
export interface TrackerSocket {
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  opened(): void;
  message(data: unknown): void;
  /** Closed, or never opened; may be called more than once. */
  closed(): void;
}

export interface SessionOptions {
  readonly connect: (handlers: SocketHandlers) => TrackerSocket;
  readonly clock: Clock;
  readonly hello: Hello;
  /** Opens the challenge; `undefined` when it was not sealed for us. */
  readonly prove: (box: string) => Promise<string | undefined>;
  readonly on: {
    welcome(welcome: Welcome): void;
    /** Any message after the welcome. */
    message(message: TrackerMessage): void;
    /** The session is over, exactly once, unless `close` ended it. */
    end(reason: string, retry?: number): void;
  };
}

/** Connecting and proof of possession together (ms): a distant tracker on a bad link. */
export const HANDSHAKE_TIMEOUT = 15_000;

/**
 * One socket to the tracker, from its opening to its end: hello, challenge, proof, welcome, and then
 * whatever comes. After the end it is inert: nothing is sent, nothing late is heard.
 */
export class TrackerSession {
  #state: 'greeting' | 'proving' | 'welcomed' | 'over' = 'greeting';
  readonly #timer: Timer;
  readonly #socket: TrackerSocket;

  constructor(private readonly options: SessionOptions) {
    this.#socket = options.connect({
      opened: () => {
        if (this.#state === 'greeting') this.#socket.send(JSON.stringify(options.hello));
      },
      message: (data) => {
        this.#receive(data);
      },
      closed: () => {
        this.#end('connection closed');
      },
    });
    this.#timer = options.clock.setTimeout(() => {
      this.#end('no welcome in time');
    }, HANDSHAKE_TIMEOUT);
  }

  /** False when the session is over or not welcomed yet; nothing was sent then. */
  send(message: ClientMessage): boolean {
    if (this.#state !== 'welcomed') return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends it without a word to `on.end`. Safe to call twice. */
  close(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.options.clock.clearTimeout(this.#timer);
    this.#socket.close();
  }

  #end(reason: string, retry?: number): void {
    if (this.#state === 'over') return;
    this.close();
    this.options.on.end(reason, retry);
  }

  async #prove(box: string): Promise<void> {
    const nonce = await this.options.prove(box);
    if (this.#state !== 'proving') return;
    if (nonce === undefined) this.#end('the challenge was not sealed for us');
    else this.#socket.send(JSON.stringify({ t: 'proof', nonce }));
  }

  #receive(data: unknown): void {
    if (this.#state === 'over') return;
    const message = typeof data === 'string' ? parseTrackerMessage(data) : undefined;
    if (!message) this.#end('malformed message');
    else if (this.#state === 'welcomed') this.options.on.message(message);
    else this.#shakeHands(message);
  }

  #shakeHands(message: TrackerMessage): void {
    if (message.t === 'challenge' && this.#state === 'greeting') {
      this.#state = 'proving';
      void this.#prove(message.box);
    } else if (message.t === 'welcome' && this.#state === 'proving') {
      this.#state = 'welcomed';
      this.options.clock.clearTimeout(this.#timer);
      this.options.on.welcome(message);
    } else if (message.t === 'error') this.#end(message.code, message.retry);
    else if (message.t === 'bye') this.#end('bye', message.retry[0]);
    else this.#end(`unexpected ${message.t}`);
  }
}
