import type { CanonicalUrl } from '../core/brands.js';
import type { TransferReport } from '../protocol/bridge.js';
import { BEACON_BYTES, MAX_BEACON_RESOURCES, type Beacon, type ResourceBeacon } from '../protocol/beacon.js';
import { canonicalUrl } from '../protocol/url.js';
import type { Stats } from './engine-host.js';

/** What is read of the page's figures. */
export type BeaconStats = Pick<Stats, 'bytes' | 'uploaded' | 'links' | 'resources'>;

type Bytes = Record<(typeof BEACON_BYTES)[number], number>;
/** What a beacon says of the transfers of its page. */
export type TransferBeacon = Pick<Beacon, 'bytes' | 'reasons' | 'resources'>;

/** What is new in the page's figures each time. */
export class Transfers {
  #told = noBytes();
  #last: TransferReport | undefined;

  take(stats: BeaconStats): TransferBeacon {
    const bytes = noBytes();
    const sums: Bytes = { ...stats.bytes, uploaded: stats.uploaded };
    // An engine that was started anew begins at 0.
    for (const source of BEACON_BYTES) bytes[source] = Math.max(0, sums[source] - this.#told[source]);
    this.#told = sums;
    const { resources } = stats;
    const news = resources.slice(this.#last ? resources.lastIndexOf(this.#last) + 1 : 0);
    this.#last = resources.at(-1);
    return { bytes, reasons: reasonsOf(news), resources: largestOf(news) };
  }
}

function noBytes(): Bytes {
  return { peer: 0, store: 0, cache: 0, http: 0, wasted: 0, uploaded: 0 };
}

function reasonsOf(reports: readonly TransferReport[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { fallback, bytes } of reports)
    if (fallback !== undefined && bytes.http > 0) reasons[fallback] = (reasons[fallback] ?? 0) + bytes.http;
  return reasons;
}

function largestOf(reports: readonly TransferReport[]): ResourceBeacon[] {
  const sums = new Map<CanonicalUrl, { peer: number; http: number }>();
  for (const { url, bytes } of reports) {
    // A query that peers know is signed, and no secret; any other may say who the visitor is.
    const isSigned = bytes.peer + bytes.store > 0;
    const name = canonicalUrl(isSigned ? url : url.replace(/\?.*/s, ''));
    if (!name) continue;
    const sum = sums.get(name) ?? { peer: 0, http: 0 };
    sum.peer += bytes.peer;
    sum.http += bytes.http;
    sums.set(name, sum);
  }
  return [...sums]
    .map(([url, sum]) => ({ url, ...sum }))
    .filter(({ peer, http }) => peer + http > 0)
    .sort((a, b) => b.peer + b.http - a.peer - a.http)
    .slice(0, MAX_BEACON_RESOURCES);
}
