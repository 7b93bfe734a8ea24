import type { WorkerMessage } from '../src/protocol/bridge.js';

/** The part of a `MessagePort` that the bridge uses. */
export interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** One window that said hello: its port, and what it was told and said. */
export class Page {
  /** It let a question pass unanswered, and has said nothing since. */
  silent = false;
  /** Its engine runs and says where its resources are. */
  places = false;
  /** Roots whose layer it was given. */
  readonly layersTold = new Set<string>();

  readonly #port: Port;

  constructor(
    readonly clientId: string,
    /** None of a page that is not allowed. */
    readonly visit: string | undefined,
    readonly allowed: boolean,
    /** Media elements of it began before the worker controlled it. */
    readonly early: boolean,
    port: Port,
  ) {
    this.#port = port;
  }

  post(message: WorkerMessage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  close(): void {
    this.#port.onmessage = null;
    this.#port.close();
  }
}
