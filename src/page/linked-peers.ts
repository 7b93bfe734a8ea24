import type { PeerStats, SwarmStats } from '../peer/contract.js';
import type { EngineStats, LinkedPeer } from './engine-host.js';

/** What the page may know of the swarm: nothing that tells who a peer is. */
export function linksOf({
  links,
  uploaded,
  peers,
}: SwarmStats): Pick<EngineStats, 'links' | 'uploaded' | 'peers'> {
  return { links, uploaded, peers: peers.filter(({ open }) => open).map(linkedPeer) };
}

function linkedPeer({ from, down, up, latency, holds }: PeerStats): LinkedPeer {
  return { peer: from, down, up, holds, ...(latency > 0 ? { rtt: Math.round(latency) } : {}) };
}
