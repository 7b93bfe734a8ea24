import type { RootPrefix } from '../core/brands.js';
import { MAX_HAVE_ROOTS } from '../core/limits.js';
import type { Have } from '../protocol/tracker.js';

/** What we hold, and which part of it the tracker has not been told yet. */
export class Haves {
  readonly #held = new Set<RootPrefix>();
  readonly #add = new Set<RootPrefix>();
  readonly #del = new Set<RootPrefix>();
  #seq = 0;

  add(root: RootPrefix): void {
    this.#del.delete(root);
    if (this.#held.has(root)) return;
    this.#held.add(root);
    this.#add.add(root);
  }

  remove(root: RootPrefix): void {
    if (!this.#held.delete(root)) return;
    if (!this.#add.delete(root)) this.#del.add(root);
  }

  /** The tracker may know nothing (any more): tell it everything again. */
  forgotten(): void {
    this.#del.clear();
    for (const root of this.#held) this.#add.add(root);
  }

  /** The messages that bring the tracker up to date. */
  take(): Have[] {
    const messages: Have[] = [];
    const add = [...this.#add];
    const del = [...this.#del];
    this.#add.clear();
    this.#del.clear();
    while (add.length + del.length > 0) {
      const gone = del.splice(0, MAX_HAVE_ROOTS);
      const come = add.splice(0, MAX_HAVE_ROOTS - gone.length);
      messages.push({ t: 'have', seq: this.#seq++, add: come, del: gone });
    }
    return messages;
  }
}
