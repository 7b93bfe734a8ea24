import type { Clock } from '../../src/core/clock.js';
import { pause } from '../pause.js';

type Listener = (isSaid: boolean) => void;

/** What others have done about the names that somebody here waits for. */
export class News {
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(private readonly clock: Clock) {}

  /** Listens from now on; must be stopped. */
  about(name: string): Wait {
    const listeners = this.#listeners.get(name) ?? new Set<Listener>();
    this.#listeners.set(name, listeners);
    const stop = (listener: Listener): void => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
    };
    return new Wait(this.clock, listeners, stop);
  }

  /** A statement about `name` was said and learnt; or who worked on it has ended without one. */
  tell(name: string, isSaid: boolean): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(isSaid);
  }
}

/** One wait for news; what came before `over` was asked counts too. */
export class Wait {
  #isSaid: boolean | undefined;
  #wake: (() => void) | undefined;
  readonly #listener: Listener = (isSaid) => {
    this.#isSaid ||= isSaid;
    this.#wake?.();
  };

  constructor(
    private readonly clock: Clock,
    listeners: Set<Listener>,
    private readonly leave: (listener: Listener) => void,
  ) {
    listeners.add(this.#listener);
  }

  /** Resolves when there is news, after `ms`, or when aborted; to whether a statement was said. */
  async over(ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#isSaid === undefined && !signal.aborted) {
      const asleep = new AbortController();
      const wake = (): void => asleep.abort();
      this.#wake = wake;
      signal.addEventListener('abort', wake);
      await pause(this.clock, ms, asleep.signal);
      signal.removeEventListener('abort', wake);
    }
    return this.#isSaid ?? false;
  }

  stop(): void {
    this.leave(this.#listener);
  }
}
