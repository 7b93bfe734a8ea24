import type { Root } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';

/** Roots that come within this time (ms) are told together: a page asks for its images one by one. */
const BATCH = 10;

/**
 * Collects roots that nobody connected holds, and tells them in batches. A root is told for every need:
 * whoever asks the tracker knows whether it has answered already, and says so at once.
 */
export class WantedRoots {
  readonly #pending = new Set<Root>();
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (roots: readonly Root[]) => void,
  ) {}

  add(root: Root): void {
    this.#pending.add(root);
    this.#timer ??= this.clock.setTimeout(() => {
      this.#timer = undefined;
      const roots = [...this.#pending];
      this.#pending.clear();
      this.tell(roots);
    }, BATCH);
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
  }
}
