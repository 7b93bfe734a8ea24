import type { CanonicalUrl, Root, Site } from '../src/core/brands.js';
import { LeastRecentlyUsedMap } from '../src/core/bounded-map.js';

/** URLs with open reports; more are dropped oldest first, so a flood costs only old reports. */
const MAX_REPORTED = 10_000;

/** Counts the distinct visitors who saw other bytes than a token says. */
export class Reports {
  readonly #visitors = new LeastRecentlyUsedMap<string, Set<string>>(MAX_REPORTED);

  constructor(private readonly threshold: number) {}

  /**
   * Counts a report by the visitor with key thumbprint `jkt`; true when the last one that was needed
   * has come, after which counting starts anew.
   */
  add(site: Site, url: CanonicalUrl, signed: Root, jkt: string): boolean {
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
}
