import type { CanonicalUrl } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import type { SiteConfig } from '../protocol/bridge.js';
import { isOurs } from '../protocol/patterns.js';
import { canonicalUrl } from '../protocol/url.js';

export interface AheadOptions {
  readonly config: SiteConfig;
  readonly document: Document;
  readonly clock: Clock;
  /** Resolves when the page has nothing better to do. */
  readonly idle: () => Promise<void>;
  /** These will probably be requested; called with each URL once. */
  readonly found: (urls: readonly CanonicalUrl[]) => void;
}

/** A page that builds itself changes many times; it is looked at once it rests for so long (ms). */
export const SETTLE = 200;
/** URLs told in one page's life; an endless gallery finds the rest when it requests them. */
export const MAX_FOUND = 2000;

const WATCHED: MutationObserverInit = {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ['src', 'srcset', 'href'],
};

/**
 * Looks ahead: which images and media of this page will be requested later? What it finds is looked
 * up, and links to its holders are made, while the page is idle.
 */
export class Ahead {
  readonly #told = new Set<CanonicalUrl>();
  readonly #observer: MutationObserver;
  #timer: Timer;
  #open = true;

  constructor(private readonly options: AheadOptions) {
    this.#observer = new MutationObserver(() => {
      this.#schedule(SETTLE);
    });
    this.#observer.observe(options.document.documentElement, WATCHED);
    this.#schedule(0);
  }

  close(): void {
    this.#open = false;
    this.#observer.disconnect();
    this.options.clock.clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    const { clock, idle } = this.options;
    this.#timer ??= clock.setTimeout(() => {
      void idle().then(() => {
        this.#timer = undefined;
        if (this.#open) this.#look();
      });
    }, ms);
  }

  #look(): void {
    const fresh: CanonicalUrl[] = [];
    for (const [source, destination] of sourcesOf(this.options.document)) {
      const url = canonicalUrl(source);
      if (!url || this.#told.has(url) || this.#told.size >= MAX_FOUND) continue;
      if (!isOurs(this.options.config, new URL(url), destination)) continue;
      this.#told.add(url);
      fresh.push(url);
    }
    if (fresh.length > 0) this.options.found(fresh);
  }
}

/** Absolute addresses of what is not loaded yet, with their destinations; in document order. */
function* sourcesOf(document: Document): Generator<[source: string, destination: string]> {
  for (const image of document.images) {
    if (!image.complete) yield [image.currentSrc || image.src, 'image'];
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[download]')) yield [link.href, ''];
  for (const player of document.querySelectorAll<HTMLMediaElement>('video,audio')) {
    const destination = player.localName;
    yield [player.currentSrc || player.src, destination];
    if (player.currentSrc || player.src) continue;
    for (const source of player.querySelectorAll('source')) yield [source.src, destination];
  }
}
