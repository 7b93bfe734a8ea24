import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { Place } from '../choosing/place.js';
import type { NodeMessage } from './messages.js';
import type { NodeName } from './names.js';

/** What a node tells the others about a visitor of its own: enough to introduce it and to weigh it. */
export interface Profile {
  readonly pid: PeerId;
  readonly key: string;
  readonly admission?: string;
  /** When the admission ends (wall clock, ms). */
  readonly until: number;
  /** As the visitor says: 0 idle to 3 full. */
  readonly upload: number;
  /** By peers that met it. */
  readonly complaints: number;
}

/**
 * A visitor of another node, and which of the roots asked for it holds. One that has moved to another
 * address may be there twice.
 */
export interface RemoteHolding {
  readonly pid: PeerId;
  readonly place: Place;
  /** Positions in the list that was asked for, ascending. */
  readonly has: readonly number[];
}

/** Some of what a visitor of this node holds. A visitor's first telling comes with its profile. */
export interface Telling {
  readonly site: Site;
  readonly pid: PeerId;
  readonly place: Place;
  readonly roots: readonly RootPrefix[];
  readonly profile?: Profile;
}

/** What the others ask of this node, and tell it. Whatever is thrown here is caught and logged. */
export interface OthersListener {
  message(message: NodeMessage): void;
  /** Was given to `send` and has reached nobody. */
  undelivered(node: NodeName, message: NodeMessage): void;
  /**
   * All that this node has told, for telling it again. Read bit by bit over minutes while things change,
   * so each telling is to be true when it is taken, and to hold some hundreds of roots at most.
   */
  retell(): Iterable<Telling>;
}

export interface OthersStatus {
  /** Other nodes that are alive. */
  readonly living: number;
  /** Since when (wall clock, ms) nothing is shared, and why. */
  readonly away?: { readonly since: number; readonly reason: string };
}

/**
 * What one node of the tracker knows of the others and says to them. Changes are said and forgotten: they
 * neither throw nor reject, and what could not be said is said again later. Look-ups answer what could be
 * learnt in a tenth of a second, if need be nothing.
 *
 * A `site` stands for all that share an index, such as the first of several federated ones.
 */
export interface Others {
  /** Rejects with `bad-config` when the others cannot be reached at first. */
  open(listener: OthersListener): Promise<void>;
  /** The secret that makes places comparable between nodes; resolves when opened. */
  placeSecret(): Promise<Bytes>;
  /** Makes a visitor known to the others, or changes what they know; before its roots are added. */
  show(site: Site, profile: Profile): void;
  /** A visitor has gone. What it held is best removed too; until it expires it leads to nobody. */
  hide(site: Site, pid: PeerId): void;
  add(site: Site, pid: PeerId, place: Place, roots: readonly RootPrefix[]): void;
  /** Also for roots that another node's visitor is said to hold though it has no profile any more. */
  remove(site: Site, pid: PeerId, place: Place, roots: readonly RootPrefix[]): void;
  /** Asks for news of these roots until then (wall clock, ms; two minutes at most). */
  watch(site: Site, roots: readonly RootPrefix[], until: number): void;
  /** Holders at other living nodes: at most `perRoot` for each of at most 300 roots. */
  find(site: Site, roots: readonly RootPrefix[], perRoot: number): Promise<readonly RemoteHolding[]>;
  /**
   * What is known of these visitors of other nodes. `gone` hears of those that left; of who else is missing
   * nothing could be learnt now.
   */
  profiles(
    site: Site,
    pids: readonly PeerId[],
    gone?: (pid: PeerId) => void,
  ): Promise<ReadonlyMap<PeerId, Profile>>;
  send(node: NodeName, message: NodeMessage): void;
  status(): OthersStatus;
  /** Takes leave: the others forget this node's visitors at once. */
  close(): Promise<void>;
}
