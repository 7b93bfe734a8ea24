import type { RootPrefix } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { MAX_WANT_ROOTS } from '../core/limits.js';
import type { CancelWant, Want } from '../protocol/tracker.js';

/** Seconds for which the tracker tells of new holders: until then a page has shown what it wanted. */
export const LIVE_SECONDS = 60;
/** Peers asked for: a cover of the wanted roots and some choice, below the eight links of a page. */
const PEERS_WANTED = 6;
/** The tracker keeps four wants of one visitor open; one stays free for what is wanted in the meantime. */
const MAX_OPEN = 3;

interface OpenWant {
  readonly q: number;
  readonly roots: readonly RootPrefix[];
  /** Clock's `ticks`. */
  readonly until: number;
  answered: boolean;
}

/**
 * Which roots the tracker is being asked about. A root is asked for once while its want is open; when
 * too many wants are open they are folded into one.
 */
export class Wants {
  readonly #waiting = new Set<RootPrefix>();
  #open: OpenWant[] = [];
  /** Whether what is open shall be asked once more. */
  #again = false;
  #q = 0;

  constructor(private readonly clock: Clock) {}

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Asks for these unless that is going on already. Returns those for which the answer is in. `again`: what came
   * of the answers was of no use, so these and all that is open are asked for once more.
   */
  add(roots: readonly RootPrefix[], again = false): RootPrefix[] {
    this.#expire();
    this.#again ||= again && roots.length > 0;
    const answered: RootPrefix[] = [];
    for (const root of roots) {
      const open = this.#open.find((want) => want.roots.includes(root));
      if (!open || again) this.#waiting.add(root);
      else if (open.answered) answered.push(root);
    }
    return answered;
  }

  /** The messages that ask for what is waiting, newest roots first when there are too many. */
  take(): (Want | CancelWant)[] {
    this.#expire();
    if (this.#waiting.size === 0) return [];
    const messages: (Want | CancelWant)[] = [];
    if (this.#again || this.#open.length >= MAX_OPEN) {
      for (const { q, roots } of this.#open.reverse()) {
        messages.push({ t: 'cancel', q });
        for (const root of roots) this.#waiting.add(root);
      }
      this.#open = [];
    }
    this.#again = false;
    const roots = [...this.#waiting].slice(0, MAX_WANT_ROOTS);
    this.#waiting.clear();
    const until = this.clock.ticks() + LIVE_SECONDS * 1000;
    const q = this.#q++;
    this.#open.push({ q, roots, until, answered: false });
    return [...messages, { t: 'want', q, roots, k: PEERS_WANTED, live: LIVE_SECONDS }];
  }

  /**
   * An answer to want `q` came: its roots, in the order asked, and whether this is its first answer
   * (later ones name new holders only). `undefined` when it is not open.
   */
  answered(q: number): { roots: readonly RootPrefix[]; first: boolean } | undefined {
    this.#expire();
    const want = this.#open.find((open) => open.q === q);
    if (!want) return undefined;
    const first = !want.answered;
    want.answered = true;
    return { roots: want.roots, first };
  }

  /** The tracker is gone or will not answer. Returns all roots that nobody has answered for. */
  drop(): RootPrefix[] {
    const lost = this.#open.filter((want) => !want.answered).flatMap((want) => want.roots);
    const unanswered = [...this.#waiting, ...lost];
    this.#waiting.clear();
    this.#open = [];
    return unanswered;
  }

  #expire(): void {
    const now = this.clock.ticks();
    this.#open = this.#open.filter((want) => want.until > now);
  }
}
