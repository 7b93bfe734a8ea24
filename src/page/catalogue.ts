import type { CanonicalUrl, Root, RootPrefix } from '../core/brands.js';
import { prefixOf } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { MAX_ASK_ROOTS } from '../core/limits.js';
import type { Cut } from '../core/pieces.js';

/** A representation that the worker knows a valid statement for. */
export interface Known {
  readonly url: CanonicalUrl;
  readonly root: Root;
  readonly cut: Cut;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Remembered representations: what one page shows and some more; the oldest are forgotten. */
export const MAX_CATALOGUE = 2000;

/** What is known by name: which representation a URL is, and which root a prefix from the tracker means. */
export class Catalogue {
  readonly #byRoot = new Map<Root, Known>();
  readonly #byPrefix = new Map<RootPrefix, Root>();

  constructor(private readonly clock: Clock) {}

  add(known: Known): void {
    const until = Math.max(known.until, this.#byRoot.get(known.root)?.until ?? 0);
    this.#byRoot.delete(known.root);
    this.#byRoot.set(known.root, { ...known, until });
    this.#byPrefix.set(prefixOf(known.root), known.root);
    for (const oldest of this.#byRoot.keys()) {
      if (this.#byRoot.size <= MAX_CATALOGUE) break;
      this.#byRoot.delete(oldest);
      this.#byPrefix.delete(prefixOf(oldest));
    }
  }

  rootOf(prefix: RootPrefix): Root | undefined {
    return this.#byPrefix.get(prefix);
  }

  /** What these are, as far as it is known. */
  rootsOf(urls: readonly CanonicalUrl[]): Root[] {
    return [...this.#byRoot.values()].filter(({ url }) => urls.includes(url)).map(({ root }) => root);
  }

  /** The latest representations that are current and that `isMissing`, as many as one may ask peers about. */
  wanted(isMissing: (root: Root) => boolean): Known[] {
    const now = this.clock.now();
    const wanted = [...this.#byRoot.values()].filter(({ root, until }) => until > now && isMissing(root));
    return wanted.slice(-MAX_ASK_ROOTS);
  }
}
