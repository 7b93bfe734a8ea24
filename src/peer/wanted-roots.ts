import type { Root } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';

/** Roots that come within this time (ms) are told together: a page asks for its images one by one. */
const BATCH = 10;
/** A root is told again only after this long (ms); the tracker's answer, and its later news, outlast that. */
const AGAIN_AFTER = 5000;

/** Collects roots that nobody connected holds, and tells them in batches. */
export class WantedRoots {
  readonly #pending = new Set<Root>();
  readonly #toldAt = new Map<Root, number>();
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (roots: readonly Root[]) => void,
  ) {}

  add(root: Root): void {
    const toldAt = this.#toldAt.get(root);
    if (toldAt !== undefined && this.clock.ticks() - toldAt < AGAIN_AFTER) return;
    this.#pending.add(root);
    this.#timer ??= this.clock.setTimeout(() => {
      this.#flush();
    }, BATCH);
  }

  stop(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
    this.#toldAt.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    const now = this.clock.ticks();
    for (const [root, at] of this.#toldAt) if (now - at >= AGAIN_AFTER) this.#toldAt.delete(root);
    const roots = [...this.#pending];
    this.#pending.clear();
    for (const root of roots) this.#toldAt.set(root, now);
    this.tell(roots);
  }
}
