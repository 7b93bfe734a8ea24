import type { CanonicalUrl } from '../core/brands.js';
import { rankAtEdge } from '../core/live-edge.js';
import type { PeerStats } from '../peer/contract.js';
import type { Place } from './programmes.js';

export interface LiveEdgeOptions {
  /** Our own public key, once it is made. */
  readonly key: () => string | undefined;
  /** Linked peers that hold something of any of these; none while another tab holds the links. */
  readonly holders: (urls: readonly CanonicalUrl[]) => readonly Pick<PeerStats, 'key' | 'rate'>[];
}

/** The newest segments, which a swarm may not have yet: viewers are apart by about one. */
const NEW = 2;
/** Whoever holds one of so many segments before it watches with us. */
const RECENT = 4;

/** Our place in the queue of those who fetch for everybody what nobody has: the newest segments of live streams first. */
export class LiveEdge {
  constructor(private readonly options: LiveEdgeOptions) {}

  /**
   * How many fetch this before us; `undefined` when it is none of the newest of a live stream, or nobody is known to
   * watch with us. `missing`: nobody has it, wherever it stands, and the origin cannot give it to all.
   */
  rank(place: Place | undefined, missing = false): number | undefined {
    const own = this.options.key();
    const segment = place?.rendition.segments[place.index];
    if (!place || !segment || own === undefined) return undefined;
    const { live, segments } = place.rendition;
    if (!missing && !(live && place.index >= segments.length - NEW)) return undefined;
    const others = this.#audience(place);
    return others.length > 0 ? rankAtEdge(segment.url, own, others) : undefined;
  }

  /** How many watch this place, we included. */
  crowd(place: Place): number {
    return this.#audience(place).length + 1;
  }

  /** Public keys of those who hold one of the last segments before it. */
  #audience({ rendition, index }: Place): string[] {
    const before = rendition.segments.slice(Math.max(0, index - RECENT), index);
    return this.options.holders(before.map(({ url }) => url)).map(({ key }) => key);
  }
}
