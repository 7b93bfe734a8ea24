import type { Root } from '../core/brands.js';
import type { PeerStats, SwarmStats } from './contract.js';
import type { Links, Partner } from './links.js';
import type { Session } from './session.js';

/** Bytes of sessions that are over. */
export class Totals {
  uploaded = 0;
  downloaded = 0;
  wasted = 0;

  add({ sent, downloads }: Session): void {
    this.uploaded += sent.total;
    this.downloaded += downloads.received.total;
    this.wasted += downloads.wasted;
  }
}

/** The whole visit: sessions that are over and those that go on. */
export function statsOf(links: Links, past: Totals): SwarmStats {
  const all = new Totals();
  for (const { session } of links.all) all.add(session);
  return {
    links: links.ready.length,
    constructed: links.constructed,
    uploaded: past.uploaded + all.uploaded,
    downloaded: past.downloaded + all.downloaded,
    wasted: past.wasted + all.wasted,
    peers: [...links.all].map(peerStats),
  };
}

/** Those that said they hold something of any of these. */
export function holdersOf(links: Links, roots: readonly Root[]): PeerStats[] {
  const holds = ({ session }: Partner): boolean => roots.some((root) => session.holdings.hasAny(root));
  return links.ready.filter(holds).map(peerStats);
}

function peerStats({ peer: { pid, key, from }, session }: Partner): PeerStats {
  const { downloads, sent, ready } = session;
  const { received, inFlight, window, pace } = downloads;
  return {
    ...{ pid, key, from, inFlight },
    open: ready,
    downloaded: received.total,
    uploaded: sent.total,
    down: received.rate,
    up: sent.rate,
    latency: window.base,
    // Thousands of roots to count, for the few who look.
    get holds() {
      return session.holdings.roots().length;
    },
    rate: pace.meter.rate,
    window: window.bytes,
  };
}
