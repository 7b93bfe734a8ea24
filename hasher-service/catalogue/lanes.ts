import type { CanonicalUrl } from '../../src/core/brands.js';
import { matchesPattern } from '../../src/protocol/patterns.js';
import { FetchQueue } from './fetch-queue.js';

export interface LanesOptions {
  /** URL patterns of live segments. */
  readonly live: readonly string[];
  /** Looks at a time, in each lane. */
  readonly concurrency: number;
  /** Looks that may wait, in each lane. */
  readonly maxWaiting: number;
}

/**
 * Where looks wait for their turn. A live segment is worth something for seconds only, so it never
 * stands behind a file that takes minutes: live looks have a lane of their own.
 */
export class Lanes {
  readonly #live: FetchQueue;
  readonly #plain: FetchQueue;

  constructor(private readonly options: LanesOptions) {
    this.#live = new FetchQueue(options.concurrency, options.maxWaiting);
    this.#plain = new FetchQueue(options.concurrency, options.maxWaiting);
  }

  isLive(url: CanonicalUrl): boolean {
    const { live } = this.options;
    if (live.length === 0) return false;
    const parsed = new URL(url);
    return live.some((pattern) => matchesPattern(pattern, parsed));
  }

  laneOf(url: CanonicalUrl): FetchQueue {
    return this.isLive(url) ? this.#live : this.#plain;
  }

  get running(): number {
    return this.#live.running + this.#plain.running;
  }

  get waiting(): number {
    return this.#live.waiting + this.#plain.waiting;
  }
}
