/**
 * Share of what the browser lets a site keep that is ours to take: half a gibibyte where it allows ten, as
 * Chromium says of every disk (docs/discoveries/storage-estimates.md).
 */
const SHARE = 0.05;
/** A page's worth: less would be evicted before it could be shared. */
export const LEAST_QUOTA = 32 * 2 ** 20;
/** A season of an image site, or a long film: more is seldom asked for again. */
export const MOST_QUOTA = 2 ** 30;
/** Where the browser does not tell: a few hundred images, or a short film. */
export const USUAL_QUOTA = 256 * 2 ** 20;

/** What the browser says of the site's storage, in bytes: what may be kept and what is, ours included. */
export interface Estimate {
  readonly quota?: number;
  readonly usage?: number;
}

/** A fixed number of bytes, or who knows what the platform has room for. */
export type Limit = number | (() => Promise<Estimate>);

/** Bytes written until the platform is asked again. */
const ESTIMATE_EVERY = 64 * 2 ** 20;

/** Bytes of pieces that the store may keep, of which `kept` are there already. */
export function quotaFor({ quota, usage = 0 }: Estimate, kept: number): number {
  if (quota === undefined || !(quota > 0)) return USUAL_QUOTA;
  // Usage is a guess, by design: it may be less than what we know we wrote.
  const free = Math.max(0, quota - Math.max(usage, kept)) + kept;
  return Math.min(MOST_QUOTA, Math.max(LEAST_QUOTA, SHARE * free));
}

/** How many bytes of pieces may be kept, as far as that is known at present. */
export class Quota {
  readonly #kept: () => number;
  #limit: Limit;
  #bytes: number;
  #written = 0;

  /** `kept`: bytes of pieces that there are. */
  constructor(limit: Limit, kept: () => number) {
    this.#kept = kept;
    this.#limit = limit;
    // Until the first estimate comes, nothing of earlier visits is given up.
    this.#bytes = typeof limit === 'number' ? limit : MOST_QUOTA;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** So much was written; now and then that is the time for a new estimate. */
  wrote(bytes: number): void {
    this.#written += bytes;
    if (this.#written >= ESTIMATE_EVERY) void this.estimate();
  }

  /** Asks the platform, which may never answer: nothing waits for this. Never rejects. */
  async estimate(): Promise<void> {
    this.#written = 0;
    if (typeof this.#limit === 'number') return;
    const estimate = await this.#limit().catch(() => ({}));
    if (typeof this.#limit !== 'number') this.#bytes = quotaFor(estimate, this.#kept());
  }

  /** At most `bytes` from now on, whatever the platform says. */
  restrict(bytes: number): number {
    this.#bytes = this.#limit = Math.min(this.#bytes, bytes);
    return this.#bytes;
  }
}
