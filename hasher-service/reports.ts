import type { CanonicalUrl, Root, Site } from '../src/core/brands.js';
import { LeastRecentlyUsedMap } from '../src/core/bounded-map.js';
import type { Clock } from '../src/core/clock.js';
import { RateLimit } from './rate-limit.js';

/** URLs with open reports; more are dropped oldest first, so a flood costs only old reports. */
const MAX_REPORTED = 10_000;
/**
 * Reports of one household that count in an hour; as many are saved up. Honest visitors have few: a URL is
 * withdrawn after the first of them. Anybody can get as many admissions as a report needs, so this, and
 * no share of each URL's reports, is what keeps one address from withdrawing all URLs of a site.
 */
const REPORTS_PER_HOUR = 60;
/**
 * The origin is looked at again for a URL at most once in this time (ms): one that gives other bytes each
 * time would else be read again for every few reports.
 */
const REVIEW_PAUSE = 3600_000;

export interface Report {
  readonly site: Site;
  readonly url: CanonicalUrl;
  /** The root that the token names. */
  readonly signed: Root;
  /** Thumbprint of the visitor's key. */
  readonly jkt: string;
}

/** Counts the distinct visitors who saw other bytes than a token says. */
export class Reports {
  readonly #visitors = new LeastRecentlyUsedMap<string, Set<string>>(MAX_REPORTED);
  readonly #reviewed = new LeastRecentlyUsedMap<string, number>(MAX_REPORTED);
  readonly #limit: RateLimit;

  constructor(
    private readonly threshold: number,
    private readonly clock: Clock,
  ) {
    const burst = Math.max(REPORTS_PER_HOUR, threshold);
    this.#limit = new RateLimit({ clock, perSecond: burst / 3600, burst });
  }

  /** 0 when `address` may report, else milliseconds until it may. */
  take(address: string): number {
    return this.#limit.take(address);
  }

  /** Counts a report; true when the last one that was needed has come, after which counting starts anew. */
  add({ site, url, signed, jkt }: Report): boolean {
    const key = `${site} ${url} ${signed}`;
    const visitors = this.#visitors.get(key) ?? new Set<string>();
    visitors.add(jkt);
    if (visitors.size < this.threshold) {
      this.#visitors.set(key, visitors);
      return false;
    }
    this.#visitors.delete(key);
    return true;
  }

  /** Whether a look at the origin is due, which then counts as made. */
  mayReview(site: Site, url: CanonicalUrl): boolean {
    const key = `${site} ${url}`;
    const now = this.clock.ticks();
    if (now - (this.#reviewed.get(key) ?? Number.NEGATIVE_INFINITY) < REVIEW_PAUSE) return false;
    this.#reviewed.set(key, now);
    return true;
  }
}
