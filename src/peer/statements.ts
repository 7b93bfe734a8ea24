import { BoundedMap } from '../core/bounded-map.js';
import type { UrlHash } from '../core/brands.js';
import { chunksOf } from '../core/chunks.js';
import { MAX_ASK_ROOTS } from '../core/limits.js';
import type { Frame } from '../protocol/peer.js';
import type { Judgement } from './downloads.js';
import type { Shelf } from './shelf.js';

/** URLs that each side remembers having sought: several pages of images, or hours of a live stream. */
const MAX_SOUGHT = 1024;

export interface StatementsOptions {
  readonly shelf: Shelf;
  readonly send: (frame: Frame) => void;
  /** The peer sent what was sought of it; unverified. */
  readonly onToken: (url: UrlHash, token: string) => void;
}

/** The digest tokens that go over one link: each side gets what it seeks, now or when the other comes to have it. */
export class Statements {
  readonly #options: StatementsOptions;
  readonly #sought = new BoundedMap<UrlHash, true>(MAX_SOUGHT);
  readonly #seeking = new BoundedMap<UrlHash, true>(MAX_SOUGHT);

  constructor(options: StatementsOptions) {
    this.#options = options;
  }

  /** Asks the peer about these; those it has not answered yet are not asked again. */
  seek(urls: readonly UrlHash[]): void {
    const fresh = urls.filter((url) => !this.#sought.has(url));
    for (const url of fresh) this.#sought.set(url, true);
    for (const some of chunksOf(fresh, MAX_ASK_ROOTS)) this.#options.send({ type: 'seek', urls: some });
  }

  /** We came to have the token of this URL. */
  offer(url: UrlHash): void {
    if (this.#seeking.has(url)) this.#answer(url);
  }

  /** The peer seeks these; returns how many characters it was sent. */
  onSeek(urls: readonly UrlHash[]): number {
    let sent = 0;
    for (const url of urls) {
      this.#seeking.set(url, true);
      sent += this.#answer(url);
    }
    return sent;
  }

  onToken(url: UrlHash, token: string): Judgement {
    if (!this.#sought.delete(url)) return 'hostile';
    this.#options.onToken(url, token);
    return 'fine';
  }

  #answer(url: UrlHash): number {
    const token = this.#options.shelf.tokenOf(url);
    if (token === undefined) return 0;
    this.#seeking.delete(url);
    this.#options.send({ type: 'token', url, token });
    return token.length;
  }
}
