import type { PeerId, RootPrefix, Site } from '../../../src/core/brands.js';
import type { Profile } from '../port.js';

/** Something to tell Redis. */
export type Change =
  | { readonly kind: 'show'; readonly site: Site; readonly profile: Profile }
  | { readonly kind: 'hide'; readonly site: Site; readonly pid: PeerId }
  | Holding;

/** A holder (`member.ts`) holds these, or does not any more. */
export interface Holding {
  readonly kind: 'add' | 'remove';
  readonly site: Site;
  readonly member: string;
  readonly roots: readonly RootPrefix[];
}

/** Roots that may wait: some seconds' worth at full pace. */
const MAX_ROOTS = 200_000;

/** Changes in the order in which they came, in portions. */
export class TellQueue {
  #changes: Change[] = [];
  /** The first one that was not taken, and how many of its roots were. */
  #head = 0;
  #offset = 0;
  #roots = 0;

  get isEmpty(): boolean {
    return this.#head === this.#changes.length;
  }

  /** False when there is no room. */
  push(change: Change): boolean {
    const roots = costOf(change);
    if (this.#roots + roots > MAX_ROOTS) return false;
    this.#roots += roots;
    this.#changes.push(change);
    return true;
  }

  /** The next change, or `most` roots of it; one without roots counts as one. */
  take(most: number): Change | undefined {
    const change = this.#changes[this.#head];
    if (!change || most < 1) return undefined;
    if (!('roots' in change)) return this.#next(change, 1);
    const from = this.#offset;
    const roots = change.roots.slice(from, from + most);
    if (from + roots.length >= change.roots.length) return this.#next({ ...change, roots }, roots.length);
    this.#offset += roots.length;
    this.#roots -= roots.length;
    return { ...change, roots };
  }

  #next(taken: Change, roots: number): Change {
    this.#roots -= roots;
    this.#offset = 0;
    this.#head++;
    // Moving what is left costs no more than what was taken.
    if (2 * this.#head >= this.#changes.length) {
      this.#changes = this.#changes.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }
}

function costOf(change: Change): number {
  return 'roots' in change ? change.roots.length : 1;
}
