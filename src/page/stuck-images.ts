import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import { canonicalUrl } from '../protocol/url.js';

export interface StuckImagesOptions {
  readonly document: Document;
  readonly clock: Clock;
  /** Length (bytes) of what is signed about a URL; `undefined` while nothing is. */
  readonly lengthOf: (url: CanonicalUrl) => number | undefined;
  /** How many links there are. */
  readonly links: () => number;
}

/** How often (ms) the images are looked at, */
export const LOOK_INTERVAL = 1000;
/** and how many looks in a row must find one waiting for its first byte before it counts as stuck. */
export const LOOKS = 3;
/** Browsers load lazy images from this far below the viewport on (CSS pixels; Chromium's least distance). */
const LAZY_DISTANCE = 1250;
/** An image without an address drops its request in a task of its own, and a new one may join it until then (ms). */
export const LET_GO = 20;
/** Made to ask anew in one look: each is a question to the worker, and one of that to the page. */
const MOST_AT_ONCE = 8;
/** URLs remembered: a large page's images. */
const MAX_LED = 2000;
const ADDRESSES = ['srcset', 'src'] as const;

/**
 * Images that the browser asked for before the worker was there, and that an overrun origin has not even begun
 * to send. Nobody can take those requests over; but the images can be made to ask anew, and then the worker
 * gets them from peers, or from the origin in an order of its own. Each once, and only while there are peers.
 */
export class StuckImages {
  readonly #options: StuckImagesOptions;
  /** Looks that found an image waiting. */
  readonly #looks = new WeakMap<HTMLImageElement, number>();
  /** What the worker was asked for, and gets as well as it can. */
  readonly #led = new BoundedMap<CanonicalUrl, true>(MAX_LED);
  #timer: Timer;

  constructor(options: StuckImagesOptions) {
    this.#options = options;
    this.#look();
  }

  /** The worker has been asked for this. */
  led(url: CanonicalUrl): void {
    this.#led.set(url, true);
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }

  #look(): void {
    const { clock, links } = this.#options;
    let left = links() > 0 ? MOST_AT_ONCE : 0;
    for (const image of this.#waiting()) {
      const looks = (this.#looks.get(image) ?? 0) + 1;
      if (left > 0 && looks > LOOKS && this.#isOurs(image)) {
        left--;
        this.#looks.set(image, Number.NEGATIVE_INFINITY);
        this.#askAnew(image);
      } else this.#looks.set(image, looks);
    }
    this.#timer = clock.setTimeout(() => {
      this.#look();
    }, LOOK_INTERVAL);
  }

  /** Whether something signed is known about it, and the browser asked for it by itself. */
  #isOurs({ currentSrc, src }: HTMLImageElement): boolean {
    const url = canonicalUrl(currentSrc || src);
    return url !== undefined && !this.#led.has(url) && this.#options.lengthOf(url) !== undefined;
  }

  /** Images of which nothing came yet. What a `<picture>` chooses is not ours to repeat. */
  *#waiting(): Generator<HTMLImageElement> {
    const { document } = this.#options;
    const end = (document.defaultView?.innerHeight ?? 0) + LAZY_DISTANCE;
    for (const image of document.images) {
      const { complete, naturalWidth, loading, parentElement } = image;
      if (complete || naturalWidth > 0 || !image.hasAttribute('src')) continue;
      if (parentElement?.localName === 'picture') continue;
      if (loading !== 'lazy' || image.getBoundingClientRect().top < end) yield image;
    }
  }

  #askAnew(image: HTMLImageElement): void {
    const addresses = ADDRESSES.map((name) => [name, image.getAttribute(name)] as const);
    const { clock } = this.#options;
    for (const name of ADDRESSES) image.removeAttribute(name);
    clock.setTimeout(() => {
      // The page may have had other plans for it in the meantime.
      if (ADDRESSES.some((name) => image.hasAttribute(name))) return;
      const isLazy = image.loading === 'lazy';
      // It had begun to load; once it is scrolled past, a lazy one would begin only when the visitor comes back.
      if (isLazy) image.loading = 'eager';
      for (const [name, value] of addresses) if (value !== null) image.setAttribute(name, value);
      if (!isLazy) return;
      clock.setTimeout(() => {
        image.loading = 'lazy';
      }, 0);
    }, LET_GO);
  }
}
