import type { PeerId, RootPrefix } from '../src/core/brands.js';

/** A peer as the index sees it. */
export interface Holder {
  readonly pid: PeerId;
  /** Public network (IPv4 /24, IPv6 /48) for the limit of holders per network; absent when it says nothing. */
  readonly network: string | undefined;
}

/** A peer that holds some of the roots asked for: their positions in the question, ascending. */
export interface Holding {
  readonly pid: PeerId;
  readonly has: readonly number[];
}

/**
 * Which peers of one site hold which roots. The port behind which the memory of one node, or of
 * several, lies. Changes concern this node's own peers and are applied in order; only a look-up may
 * have to ask elsewhere.
 */
export interface HolderIndex {
  add(holder: Holder, roots: readonly RootPrefix[]): void;
  remove(pid: PeerId, roots: readonly RootPrefix[]): void;
  /** The peer is gone, with all it held. */
  leave(pid: PeerId): void;
  /** Nobody may be told about this root any more. */
  forget(root: RootPrefix): void;
  holds(pid: PeerId, root: RootPrefix): boolean;
  /** How many roots a peer of this node holds. */
  countOf(pid: PeerId): number;
  find(roots: readonly RootPrefix[]): Promise<readonly Holding[]>;
  /** For the metrics: this node's share. */
  size(): { readonly roots: number; readonly entries: number };
}
