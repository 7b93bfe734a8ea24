import type { PeerId, RootPrefix, Site } from '../../../src/core/brands.js';
import type { NodeName } from '../names.js';

/** Leads every key and channel of ours: others may share the database. */
const PREFIX = 'peerfold:tracker:';

/** What stands in braces decides the shard: what one script touches has the same there. */
export const keys = {
  /** Sorted set: holders (`member.ts`) by when they expire (wall clock, ms). */
  holders: (site: Site, root: RootPrefix) => `${PREFIX}h:{${site}|${groupOf(root)}}${root}`,
  /** Sorted set: nodes that want news, by when they stop. */
  watchers: (site: Site, root: RootPrefix) => `${PREFIX}w:{${site}|${groupOf(root)}}${root}`,
  profile: (site: Site, pid: PeerId) => `${PREFIX}p:{${site}|${pid}}`,
  /** Hash: what each living node changes with every heartbeat. */
  nodes: `${PREFIX}nodes`,
  placeSecret: `${PREFIX}place-secret`,
} as const;

/** A sharded channel: messages to one node. */
export function channelOf(node: NodeName): string {
  return `${PREFIX}n:${node}`;
}

/**
 * A site's roots in 16 groups that each lie on one shard, so that many are dealt with in few commands: a
 * command costs us five times what another root in it does.
 */
function groupOf(root: RootPrefix): string {
  return root.slice(0, 1);
}

/** The positions in `roots`, group by group. */
export function inGroups(roots: readonly RootPrefix[]): number[][] {
  const groups = new Map<string, number[]>();
  roots.forEach((root, position) => {
    const group = groups.get(groupOf(root));
    if (group) group.push(position);
    else groups.set(groupOf(root), [position]);
  });
  return [...groups.values()];
}
