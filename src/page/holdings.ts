import { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { CanonicalUrl, Root } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import { pieceCount, type Cut } from '../core/pieces.js';
import type { WorkerMessage } from '../protocol/bridge.js';

type Held = Extract<WorkerMessage, { t: 'held' }>;

/** What may be uploaded, as the worker said. */
export interface Holding {
  readonly root: Root;
  readonly cut: Cut;
  readonly bits: Bitfield;
  readonly layer: Bytes | undefined;
  /** A URL of it, and what is signed about that. */
  readonly url: CanonicalUrl;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface HoldingEvents {
  share(holding: Holding): void;
  unshare(root: Root): void;
}

/** Roots announced by one visitor; the tracker keeps as many. */
export const MAX_HOLDINGS = 10_000;
/** The expiry is looked at this often (ms) at the latest: clocks jump, and timers have an end. */
const LONGEST_SLEEP = 60_000;

/**
 * The engine's copy of what the worker allows to be shared. It outlives links and tracker, so that
 * both can be told again, and forgets what has expired even when nobody says so.
 */
export class Holdings {
  readonly #held = new Map<Root, Holding>();
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly on: HoldingEvents,
  ) {}

  hold({ root, length, piece, bits, until, layer, url, token }: Held): void {
    const cut = { length, piece };
    const field = Bitfield.parse(bits, pieceCount(cut));
    const known = this.#held.get(root);
    if (!field || until <= this.clock.now() || (!known && this.#held.size >= MAX_HOLDINGS)) return;
    const holding = { root, cut, bits: field, layer: layer ?? known?.layer, until, url, token };
    this.#held.set(root, holding);
    this.on.share(holding);
    this.#watch();
  }

  drop(root: Root): void {
    if (this.#held.delete(root)) this.on.unshare(root);
  }

  /** Whether all of it is here, so that nobody needs to be asked for it. */
  isComplete(root: Root): boolean {
    return this.#held.get(root)?.bits.complete ?? false;
  }

  /** All that may be shared now, for whoever has to be told from the start. */
  all(): Holding[] {
    this.#expire();
    return [...this.#held.values()];
  }

  /** The worker will say anew what may be shared. */
  clear(): void {
    for (const root of [...this.#held.keys()]) this.drop(root);
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #expire(): void {
    const now = this.clock.now();
    for (const { root, until } of [...this.#held.values()]) if (until <= now) this.drop(root);
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#held.size === 0) return;
    const soonest = Math.min(...[...this.#held.values()].map(({ until }) => until - this.clock.now()));
    this.#timer = this.clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#expire();
        this.#watch();
      },
      Math.min(Math.max(soonest, 0), LONGEST_SLEEP),
    );
  }
}
