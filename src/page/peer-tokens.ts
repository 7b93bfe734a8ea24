import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl, Root, UrlHash } from '../core/brands.js';
import type { Sha256 } from '../core/bytes.js';
import { hashOf } from '../protocol/url.js';

/** As much of the swarm as tokens need. */
export interface TokenSwarm {
  state(root: Root, url: UrlHash, token: string): void;
  seek(urls: readonly UrlHash[]): void;
}

export interface PeerTokensOptions {
  readonly sha256: Sha256;
  readonly swarm: TokenSwarm;
  /** A peer gave this for a URL that was sought; nobody has verified it. */
  readonly came: (url: CanonicalUrl, token: string) => void;
  readonly failed: (error: unknown) => void;
}

/** URLs sought in one visit; the oldest are forgotten. */
const MAX_SOUGHT = 2000;

/** Gives digest tokens to peers, and gets them from peers: then the hash service need not be asked by everybody. */
export class PeerTokens {
  readonly #sought = new BoundedMap<UrlHash, CanonicalUrl>(MAX_SOUGHT);

  constructor(private readonly options: PeerTokensOptions) {}

  /** The worker holds pieces of `root` under this token. */
  offer(root: Root, url: CanonicalUrl, token: string): void {
    const { sha256, swarm, failed } = this.options;
    hashOf(url, sha256)
      .then((hash) => {
        swarm.state(root, hash, token);
      })
      .catch(failed);
  }

  /** Asks whoever is linked. */
  seek(urls: readonly CanonicalUrl[]): void {
    const { sha256, swarm, failed } = this.options;
    Promise.all(urls.map((url) => hashOf(url, sha256)))
      .then((hashes) => {
        hashes.forEach((hash, i) => this.#sought.set(hash, urls[i] as CanonicalUrl));
        swarm.seek(hashes);
      })
      .catch(failed);
  }

  /** A peer sent the token of what was sought. */
  heard(hash: UrlHash, token: string): void {
    const url = this.#sought.get(hash);
    if (url !== undefined) this.options.came(url, token);
  }
}
