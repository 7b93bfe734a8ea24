/** The part of `navigator.locks` that is needed. */
export interface Locks {
  request(name: string, options: LockOptions, granted: () => Promise<void>): Promise<unknown>;
  query(): Promise<LockManagerSnapshot>;
}

export const LEADER_LOCK = 'peerfold-leader';

export interface LeaderOptions {
  /** Absent in old browsers: then every tab leads itself. */
  readonly locks: Locks | undefined;
  /** Leading began, or ended by `resign` or by another tab; who still wants to lead seeks again. */
  readonly changed: (leading: boolean) => void;
}

/** One attempt to hold the lock, from asking to letting go. */
interface Attempt {
  readonly abort: AbortController;
  held: boolean;
  release(): void;
}

/**
 * Which tab holds the site's links: the one seen last. A tab that comes into view takes the lock;
 * visible tabs without it queue for it, so that somebody leads when the leader closes or hides.
 */
export class Leader {
  #attempt: Attempt | undefined;

  constructor(private readonly options: LeaderOptions) {}

  get leading(): boolean {
    return this.#attempt?.held ?? false;
  }

  /** Wants to lead: at once, taking it from another tab, or (`politely`) when nobody else does. */
  seek(manner: 'now' | 'politely'): void {
    if (this.leading || (this.#attempt && manner === 'politely')) return;
    this.resign();
    const attempt: Attempt = { abort: new AbortController(), held: false, release: () => undefined };
    this.#attempt = attempt;
    if (this.options.locks) void this.#hold(this.options.locks, attempt, manner);
    else this.#granted(attempt);
  }

  /** Lets go, and does not want it any more. Safe to call twice. */
  resign(): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    attempt.abort.abort();
    attempt.release();
    if (attempt.held) this.options.changed(false);
  }

  /** Lets go if another tab is waiting; a hidden tab that is alone may as well go on. */
  async handOver(): Promise<void> {
    const attempt = this.#attempt;
    if (!attempt?.held || !this.options.locks) return;
    const { pending } = await this.options.locks.query();
    const awaited = pending?.some(({ name }) => name === LEADER_LOCK);
    if (awaited && attempt === this.#attempt) this.resign();
  }

  async #hold(locks: Locks, attempt: Attempt, manner: 'now' | 'politely'): Promise<void> {
    const options = manner === 'now' ? { steal: true } : { signal: attempt.abort.signal };
    try {
      await locks.request(LEADER_LOCK, options, () => {
        if (attempt !== this.#attempt) return Promise.resolve();
        const held = new Promise<void>((resolve) => {
          attempt.release = resolve;
        });
        this.#granted(attempt);
        return held;
      });
    } catch {
      this.#lost(attempt);
    }
  }

  #granted(attempt: Attempt): void {
    attempt.held = true;
    this.options.changed(true);
  }

  /** Taken by another tab, or the page may not use locks at all and leads itself. */
  #lost(attempt: Attempt): void {
    if (attempt !== this.#attempt) return;
    if (!attempt.held) {
      this.#granted(attempt);
      return;
    }
    this.#attempt = undefined;
    this.options.changed(false);
  }
}
