import type { Site } from '../../src/core/brands.js';
import type { Beacon } from '../../src/protocol/beacon.js';

type Changes = Partial<Omit<Beacon, 'bytes' | 'playback' | 'site'>> & {
  readonly site?: string;
  readonly bytes?: Partial<Beacon['bytes']>;
  readonly playback?: Partial<Beacon['playback']>;
};

/** A beacon of a page on which nothing happened but these. */
export function beacon({ site = 'https://site.example', bytes, playback, ...rest }: Changes = {}): Beacon {
  return {
    ...{ v: 1, site: site as Site, group: 'peers', share: 1, seconds: 10, images: [] },
    playback: { starts: [], stalls: 0, stalled: 0, played: 0, ...playback },
    bytes: { peer: 0, store: 0, cache: 0, http: 0, wasted: 0, uploaded: 0, ...bytes },
    ...{ links: 0, reasons: {}, errors: {}, resources: [] },
    ...rest,
  };
}
