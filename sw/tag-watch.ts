import { BoundedMap } from '../src/core/bounded-map.js';
import type { Clock } from '../src/core/clock.js';
import type { PieceStore } from '../src/store/port.js';

export interface TagWatchOptions {
  readonly clock: Clock;
  readonly store: PieceStore;
  readonly isOnline: () => boolean;
  /** The site has no tag any more. */
  readonly onGone: () => void;
}

/** So many pages in a row that said nothing, */
export const SILENT_PAGES = 10;
/** of which the first came so long before the last (ms), are pages without the tag. */
export const SILENT_TIME = 24 * 3_600_000;
/** A page that spoke within this time (ms) speaks for the next ones: nothing is counted, or written down. */
export const GREETING_LIFE = 3_600_000;
/** Pages that are being loaded, over all tabs. */
const MAX_LOADING = 64;
const NOTE = 'tag';

/**
 * A site that takes the tag off its pages leaves the worker with every visitor who has it. The worker notices by the
 * pages that come through it and never say hello. Browsers stop workers at any time, so the count is kept in the store:
 * when a page spoke last, how many did not since, and when the first of those came (ms since 1970).
 */
export class TagWatch {
  readonly #loading = new BoundedMap<string, true>(MAX_LOADING);
  /** When a page spoke last; what is written down may be older by `GREETING_LIFE`. */
  #greeted = -Infinity;

  readonly #options: TagWatchOptions;

  constructor(options: TagWatchOptions) {
    this.#options = options;
  }

  /** A page is being loaded. It may fail to, or be something else, such as a download. */
  loads(clientId: string): void {
    this.#loading.set(clientId, true);
  }

  /** A client asks for something. With that, a page that was loading has come. */
  asks(clientId: string): void {
    if (!this.#loading.delete(clientId)) return;
    void this.#options.store.ready.then(() => {
      this.#count();
    });
  }

  /** A page has said hello, of whatever build. */
  greeted(): void {
    this.#greeted = this.#options.clock.now();
    void this.#options.store.ready.then(() => {
      const { greeted, count } = this.#recall();
      if (count > 0 || !this.#isRecent(greeted)) this.#keep(this.#greeted, 0, 0);
    });
  }

  #count(): void {
    const { clock, isOnline, onGone } = this.#options;
    const { greeted, count, first } = this.#recall();
    // Nobody ever spoke: there is nothing to forget.
    if (!greeted || !isOnline() || this.#isRecent(greeted) || this.#isRecent(this.#greeted)) return;
    const now = clock.now();
    // A clock that was set back tells nothing about how long it has been.
    const isRow = count > 0 && first <= now;
    if (isRow && count + 1 >= SILENT_PAGES && now - first >= SILENT_TIME) {
      onGone();
    } else if (isRow) this.#keep(greeted, Math.min(count + 1, SILENT_PAGES), first);
    else this.#keep(greeted, 1, now);
  }

  #isRecent(at: number): boolean {
    const age = this.#options.clock.now() - at;
    return age >= 0 && age < GREETING_LIFE;
  }

  #keep(...note: [greeted: number, count: number, first: number]): void {
    this.#options.store.remember(NOTE, note.join(' '));
  }

  /** Page scripts can write to the store: what makes no sense is nothing. */
  #recall(): { greeted: number; count: number; first: number } {
    const [greeted = NaN, count = NaN, first = NaN] = (this.#options.store.recall(NOTE) ?? '')
      .split(' ')
      .map(Number);
    const isSound = greeted + count + first >= 0;
    return isSound ? { greeted, count, first } : { greeted: 0, count: 0, first: 0 };
  }
}
