import type { Dispatcher } from 'undici';
import type { Bytes } from '../../src/core/bytes.js';
import type { Headers } from '../judging/headers.js';
import { OriginFault } from './fault.js';

export interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** Bytes that may wait for their reader: four reads from a socket. */
const MAX_UNREAD = 256 * 1024;

/**
 * One request and its answer, as undici tells of them. Its streams do the same with twice the processor
 * time for each byte, and of a large file bytes are all there is.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Rejects when there is no head: with what the connection failed with, or why it was aborted. */
  readonly head: Promise<Head>;
  #found: (head: Head) => void = () => undefined;
  #failed: (fault: Error) => void = () => undefined;
  readonly #unread: Bytes[] = [];
  #unreadLength = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #end: { readonly fault?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor() {
    this.head = new Promise((resolve, reject) => {
      [this.#found, this.#failed] = [resolve, reject];
    });
    // Whoever waits for it hears of a failure; nobody has to.
    this.head.catch(() => undefined);
  }

  /** Gives up: what is not there yet never comes. Does nothing after the end. */
  abort(fault: Error): void {
    if (this.#end) return;
    this.#finish({ fault });
    this.#controller?.abort(fault);
  }

  /** The body as it comes; throws what ended it early. To be read once, or left with `abort`. */
  async *body(): AsyncGenerator<Bytes, void> {
    try {
      for (;;) {
        const chunk = this.#unread.shift();
        if (chunk) {
          this.#unreadLength -= chunk.byteLength;
          yield chunk;
        } else if (this.#end) {
          if (this.#end.fault) throw this.#end.fault;
          return;
        } else {
          this.#controller?.resume();
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.abort(new OriginFault('truncated'));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end?.fault) controller.abort(this.#end.fault);
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Dispatcher.ResponseData['headers'],
  ): void {
    // Informational heads come before the real one.
    if (status >= 200) this.#found({ status, headers: linesOf(headers) });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer<ArrayBuffer>): void {
    this.#unread.push(chunk);
    this.#unreadLength += chunk.byteLength;
    if (this.#unreadLength >= MAX_UNREAD) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_: Dispatcher.DispatchController, fault: Error): void {
    this.#finish({ fault });
  }

  #finish(end: { readonly fault?: Error }): void {
    if (this.#end) return;
    this.#end = end;
    // Once there is a head, it is the reader of the body who hears of it.
    this.#failed(end.fault ?? new OriginFault('truncated'));
    this.#wake();
  }
}

function linesOf(headers: Dispatcher.ResponseData['headers']): Headers {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat()]);
  return Object.fromEntries(lines) as Headers;
}
