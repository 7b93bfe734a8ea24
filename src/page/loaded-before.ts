import type { ByteCounts, SiteConfig } from '../protocol/bridge.js';
import { isOurs, isPlaylist } from '../protocol/patterns.js';

/** What the browser's own timing tells of one resource (Resource Timing). */
export type LoadedResource = Pick<
  PerformanceResourceTiming,
  'name' | 'initiatorType' | 'workerStart' | 'transferSize' | 'encodedBodySize'
>;

/**
 * Bytes of shareable resources that the page loaded while no worker controlled it. They are the
 * origin's or the HTTP cache's, and leaving them out would make the peers' share look too large.
 */
export function loadedBefore(
  config: SiteConfig,
  resources: Iterable<LoadedResource>,
): Pick<ByteCounts, 'http' | 'cache'> {
  const bytes = { http: 0, cache: 0 };
  for (const { name, initiatorType, workerStart, transferSize, encodedBodySize } of resources) {
    const url = new URL(name);
    const destination = initiatorType === 'img' ? 'image' : initiatorType;
    const media = ['image', 'video', 'audio'].includes(destination) ? destination : '';
    if (workerStart > 0 || isPlaylist(url) || !isOurs(config, url, media)) continue;
    bytes[transferSize > 0 ? 'http' : 'cache'] += encodedBodySize;
  }
  return bytes;
}
