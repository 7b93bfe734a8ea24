import type { CanonicalUrl } from '../core/brands.js';
import { rankAtEdge } from '../core/live-edge.js';
import type { PeerStats } from '../peer/contract.js';
import type { Place } from './programmes.js';

export interface LiveEdgeOptions {
  readonly find: (url: CanonicalUrl, start?: number) => Place | undefined;
  /** Our own public key, once it is made. */
  readonly key: () => string | undefined;
  /** Linked peers that hold something of any of these; none while another tab holds the links. */
  readonly holders: (urls: readonly CanonicalUrl[]) => readonly Pick<PeerStats, 'key' | 'rate'>[];
}

/** The newest segments, which a swarm may not have yet: viewers are apart by about one. */
const NEW = 2;
/** Whoever holds one of so many segments before it watches with us. */
const RECENT = 4;

/** Our place in the queue of those who fetch the newest segments of live streams for everybody. */
export class LiveEdge {
  constructor(private readonly options: LiveEdgeOptions) {}

  /** How many fetch this before us; `undefined` when it is none of the newest, or nobody is known to watch with us. */
  rank(url: CanonicalUrl, start?: number): number | undefined {
    const { find, key, holders } = this.options;
    const place = find(url, start);
    const own = key();
    if (!place?.rendition.live || own === undefined) return undefined;
    const { segments } = place.rendition;
    if (place.index < segments.length - NEW) return undefined;
    const before = segments.slice(Math.max(0, place.index - RECENT), place.index);
    const peers = holders(before.map((segment) => segment.url)).map((peer) => peer.key);
    return peers.length > 0 ? rankAtEdge(url, own, peers) : undefined;
  }
}
