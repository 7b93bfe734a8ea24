import { BUILD } from '../core/build.js';
import type { PageMessage, SiteConfig, WorkerMessage } from '../protocol/bridge.js';
import { BRIDGE_FORGOTTEN, isBridge, isBridgeCall, type BridgeHello } from '../protocol/hello.js';

/** The part of `navigator.serviceWorker` that the bridge needs. */
export interface WorkerContainer extends EventTarget {
  readonly controller: { postMessage(message: unknown, transfer?: Transferable[]): void } | null;
}

export interface BridgeEvents {
  /** The worker answered, and is of this build. */
  welcome(config: SiteConfig): void;
  /** The worker is of another build: HTTP only until one of the two is replaced. */
  mismatch(): void;
  message(message: WorkerMessage): void;
  /** The worker, of whatever build, has forgotten the visitor. */
  forgotten(): void;
}

export interface BridgeOptions {
  readonly container: WorkerContainer;
  /** Asked for only while allowed. */
  readonly visit: () => string;
  readonly allowed: () => boolean;
  /** Whether media elements began before the worker controlled the page. */
  readonly early: () => boolean;
  readonly on: BridgeEvents;
}

/**
 * The page's end of the line to the controlling worker: one kept port, a new hello whenever the
 * worker changes or says that it lost its ports. What arrives on an earlier port is ignored. Calls come
 * once the page is parsed: to ask for them earlier (`startMessages`) would let the messages of a site's own
 * worker come before the site listens.
 */
export class BridgeHost {
  #port: MessagePort | undefined;
  #open = true;
  /** Whether the last hello said that we are allowed. */
  #allowed = false;

  constructor(private readonly options: BridgeOptions) {
    const { container } = options;
    container.addEventListener('controllerchange', this.#hello);
    container.addEventListener('message', this.#called);
    this.#hello();
  }

  /** Posts to the worker; before the bridge is up there is nobody to tell. */
  send(message: PageMessage, transfer: Transferable[] = []): void {
    this.#port?.postMessage(message, transfer);
  }

  /** Hangs up, for example before the page is frozen. Safe to call twice. */
  close(): void {
    this.#open = false;
    this.#hangUp();
  }

  /** Greets the worker again after `close`. */
  reopen(): void {
    this.#open = true;
    this.#hello();
  }

  /** What is allowed may have changed. A hello reaches a worker that was stopped, too. */
  review(): void {
    if (this.options.allowed() !== this.#allowed) this.#hello();
  }

  readonly #called = (event: Event): void => {
    const { data } = event as MessageEvent<unknown>;
    if (isBridgeCall(data) && data.build === BUILD) this.#hello();
    else if (isBridge(data, BRIDGE_FORGOTTEN)) this.options.on.forgotten();
  };

  readonly #hello = (): void => {
    this.#hangUp();
    const { container, visit, allowed, early } = this.options;
    if (!this.#open || !container.controller) return;
    const { port1, port2 } = new MessageChannel();
    this.#allowed = allowed();
    const facts = { allowed: this.#allowed, early: early(), ...(this.#allowed && { visit: visit() }) };
    const hello: BridgeHello = { peerfold: 'hello', build: BUILD, ...facts };
    this.#port = port1;
    port1.onmessage = (event: MessageEvent) => {
      this.#dispatch(event.data as WorkerMessage);
    };
    container.controller.postMessage(hello, [port2]);
  };

  #hangUp(): void {
    const port = this.#port;
    if (!port) return;
    this.#port = undefined;
    // What was on its way when the port closed may still be delivered.
    port.onmessage = null;
    port.close();
  }

  #dispatch(message: WorkerMessage): void {
    const { on } = this.options;
    if (message.t === 'mismatch' || (message.t === 'welcome' && message.build !== BUILD)) {
      // Another worker may take over, and be of this build.
      this.#hangUp();
      on.mismatch();
    } else if (message.t === 'welcome') on.welcome(message.config);
    else on.message(message);
  }
}
