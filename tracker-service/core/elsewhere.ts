import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { closeness } from '../choosing/place.js';
import type { MemoryIndex } from '../holders/memory-index.js';
import type { NodeMessage } from '../nodes/messages.js';
import { nodeOf, type NodeName } from '../nodes/names.js';
import type { Others, Profile, RemoteHolding, Telling } from '../nodes/port.js';
import { weightOf, type Visitor } from './visitor.js';
import type { LiveWant } from './wants.js';

export interface ElsewhereOptions {
  readonly others: Others;
  readonly node: NodeName;
  /** The site, or the first of federated ones. */
  readonly site: Site;
  readonly clock: Clock;
  readonly index: MemoryIndex;
}

/** A peer of another node that may be shown. */
export interface RemoteOffer {
  readonly pid: PeerId;
  /** Positions in the want, ascending. */
  readonly has: readonly number[];
  readonly score: number;
  readonly profile: Profile;
}

/** Holders at other nodes that are looked at, for each root. */
const PER_ROOT = 8;
/** Profiles that are asked for, for each place in the answer. */
const PROFILES = 2;
/** Peers of one's own node are a little better: their signals cost half. */
const FARTHER = 0.9;
/** The latest end of an admission that is told; open sites have none. */
const MAX_TIME = 2 ** 42;
/** Roots in one telling. */
const TOLD_AT_ONCE = 500;

/** What one site's tracker says to the other nodes, and asks them. */
export class Elsewhere {
  constructor(private readonly options: ElsewhereOptions) {}

  /** Whether a visitor with this pid has its socket at another node. */
  has(pid: PeerId): boolean {
    return nodeOf(pid) !== this.options.node;
  }

  /** A visitor holds `roots` from now on; the first of them make it known to the others. */
  holds(visitor: Visitor, roots: readonly RootPrefix[]): void {
    if (roots.length === 0) return;
    const { others, site } = this.options;
    if (visitor.told !== 'here') {
      visitor.told = 'here';
      others.show(site, profileOf(visitor));
    }
    others.add(site, visitor.pid, visitor.place, roots);
  }

  lacks(visitor: Visitor, roots: readonly RootPrefix[]): void {
    if (visitor.told === 'nothing' || roots.length === 0) return;
    const { others, site } = this.options;
    others.remove(site, visitor.pid, visitor.place, roots);
  }

  /** Its socket came or went, or what it is worth has changed. */
  changed(visitor: Visitor): void {
    const { index, others, site } = this.options;
    if (visitor.line && visitor.told === 'here') others.show(site, profileOf(visitor));
    // Whoever looked for it meanwhile has cleared away what it holds.
    else if (visitor.line && visitor.told === 'dropped') this.holds(visitor, index.rootsOf(visitor.number));
    else if (!visitor.line && visitor.told === 'here') {
      visitor.told = 'dropped';
      others.hide(site, visitor.pid);
    }
  }

  /** It is gone, with all it held. */
  gone(visitor: Visitor): void {
    const { index, others, site } = this.options;
    if (visitor.told === 'here') others.hide(site, visitor.pid);
    this.lacks(visitor, index.rootsOf(visitor.number));
    visitor.told = 'nothing';
  }

  /** All of it again, a little at a time. */
  *retell(visitors: Iterable<Visitor>): Iterable<Telling> {
    const { index, site } = this.options;
    for (const visitor of visitors) {
      if (visitor.told !== 'here') continue;
      const { pid, place } = visitor;
      const all = index.rootsOf(visitor.number);
      const profile = profileOf(visitor);
      for (let at = 0; at < all.length; at += TOLD_AT_ONCE) {
        const roots = all.slice(at, at + TOLD_AT_ONCE);
        yield { site, pid, place, roots, ...(at === 0 ? { profile } : {}) };
      }
    }
  }

  /** The others tell of new holders of `roots` until then (ticks). */
  watch(roots: readonly RootPrefix[], until: number): void {
    const { clock, others, site } = this.options;
    others.watch(site, roots, clock.now() + Math.max(0, until - clock.ticks()));
  }

  /** Peers of other nodes that hold some of `wanted`, roots by their positions in the want: the best of them. */
  async offers(
    { k, visitor }: Pick<LiveWant, 'k' | 'visitor'>,
    wanted: ReadonlyMap<number, RootPrefix>,
  ): Promise<readonly RemoteOffer[]> {
    const { others, site } = this.options;
    const [positions, roots] = [[...wanted.keys()], [...wanted.values()]];
    const holdings = await others.find(site, roots, PER_ROOT);
    const gain = ({ place, has }: RemoteHolding): number => has.length * closeness(visitor.place, place);
    const best = holdings.toSorted((a, b) => gain(b) - gain(a)).slice(0, PROFILES * k);
    const asked = new Map(best.map((holding) => [holding.pid, holding]));
    const profiles = await others.profiles(site, [...asked.keys()], (pid) => {
      // It left while it could not say so.
      const lost = asked.get(pid);
      const names = lost?.has.flatMap((i) => roots[i] ?? []) ?? [];
      if (lost) others.remove(site, pid, lost.place, names);
    });
    return best.flatMap(({ pid, place, has }) => {
      const profile = profiles.get(pid);
      if (!profile) return [];
      const score = FARTHER * weightOf(profile) * closeness(visitor.place, place);
      return [{ pid, has: has.flatMap((i) => positions[i] ?? []), score, profile }];
    });
  }

  send(to: PeerId, message: NodeMessage): void {
    this.options.others.send(nodeOf(to), message);
  }
}

function profileOf({ pid, identity, upload, complaints }: Visitor): Profile {
  const { key, admission } = identity;
  const until = Math.min(identity.until, MAX_TIME);
  return { pid, key, ...(admission === undefined ? {} : { admission }), until, upload, complaints };
}
