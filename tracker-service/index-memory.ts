import type { PeerId, RootPrefix } from '../src/core/brands.js';
import type { Limits } from './config.js';
import type { Dice } from './dice.js';
import type { Holder, HolderIndex, Holding } from './holder-index.js';
import { Interner } from './interner.js';
import { SortedIds } from './sorted-ids.js';

interface PeerRow {
  readonly network: string | undefined;
  readonly roots: SortedIds;
}

/**
 * The index of one site in memory: roots and peers are interned, and each entry is written twice, as a
 * peer's number under its root and as a root's number under its peer. A root without holders and a
 * peer without roots take no room.
 */
export class MemoryIndex implements HolderIndex {
  readonly #rootIds = new Interner<RootPrefix>();
  readonly #peerIds = new Interner<PeerId>();
  readonly #holders: (SortedIds | undefined)[] = [];
  readonly #peers: (PeerRow | undefined)[] = [];
  #entries = 0;

  constructor(
    private readonly limits: Pick<Limits, 'holdersPerRoot' | 'holdersPerNetwork'>,
    private readonly dice: Dice,
  ) {}

  add(holder: Holder, roots: readonly RootPrefix[]): void {
    if (roots.length === 0) return;
    const peer = this.#peerIds.intern(holder.pid);
    const row = (this.#peers[peer] ??= { network: holder.network, roots: new SortedIds() });
    for (const name of roots) {
      const root = this.#rootIds.intern(name);
      if (!row.roots.add(root)) continue;
      const holders = (this.#holders[root] ??= new SortedIds());
      this.#makeRoom(root, holders, row.network);
      holders.add(peer);
      this.#entries++;
    }
  }

  remove(pid: PeerId, roots: readonly RootPrefix[]): void {
    const peer = this.#peerIds.find(pid);
    if (peer === undefined) return;
    for (const name of roots) {
      const root = this.#rootIds.find(name);
      if (root !== undefined) this.#unlink(root, peer);
    }
    this.#releasePeer(peer);
  }

  leave(pid: PeerId): void {
    const peer = this.#peerIds.find(pid);
    const row = peer === undefined ? undefined : this.#peers[peer];
    if (peer === undefined || !row) return;
    for (const root of row.roots.view().slice()) this.#unlink(root, peer);
    this.#releasePeer(peer);
  }

  forget(name: RootPrefix): void {
    const root = this.#rootIds.find(name);
    const holders = root === undefined ? undefined : this.#holders[root];
    if (root === undefined || !holders) return;
    for (const peer of holders.view().slice()) {
      this.#unlink(root, peer);
      this.#releasePeer(peer);
    }
  }

  holds(pid: PeerId, name: RootPrefix): boolean {
    const peer = this.#peerIds.find(pid);
    const root = this.#rootIds.find(name);
    return peer !== undefined && root !== undefined && (this.#peers[peer]?.roots.has(root) ?? false);
  }

  countOf(pid: PeerId): number {
    const peer = this.#peerIds.find(pid);
    return peer === undefined ? 0 : (this.#peers[peer]?.roots.size ?? 0);
  }

  find(roots: readonly RootPrefix[]): Promise<readonly Holding[]> {
    const positions = new Map<number, number[]>();
    roots.forEach((name, position) => {
      const root = this.#rootIds.find(name);
      const holders = root === undefined ? undefined : this.#holders[root];
      for (const peer of holders?.view() ?? []) {
        const has = positions.get(peer);
        if (has) has.push(position);
        else positions.set(peer, [position]);
      }
    });
    return Promise.resolve(this.#named(positions));
  }

  size(): { roots: number; entries: number } {
    return { roots: this.#rootIds.size, entries: this.#entries };
  }

  #named(positions: ReadonlyMap<number, readonly number[]>): Holding[] {
    const holdings: Holding[] = [];
    for (const [peer, has] of positions) {
      const pid = this.#peerIds.nameOf(peer);
      if (pid !== undefined) holdings.push({ pid, has });
    }
    return holdings;
  }

  /**
   * Keeps a root's holders few and its networks mixed: a newcomer takes the place of a random holder,
   * of its own network when that one has its share, so that no single network can crowd out the rest.
   */
  #makeRoom(root: number, holders: SortedIds, network: string | undefined): void {
    const neighbours =
      network === undefined ? [] : [...holders].filter((peer) => this.#peers[peer]?.network === network);
    if (neighbours.length >= this.limits.holdersPerNetwork) this.#evict(root, neighbours);
    else if (holders.size >= this.limits.holdersPerRoot) this.#evict(root, holders.view());
  }

  #evict(root: number, among: ArrayLike<number>): void {
    const peer = among[Math.floor(this.dice() * among.length)];
    if (peer === undefined) return;
    this.#holders[root]?.delete(peer);
    this.#peers[peer]?.roots.delete(root);
    this.#entries--;
    this.#releasePeer(peer);
  }

  #unlink(root: number, peer: number): void {
    const holders = this.#holders[root];
    if (!holders || !this.#peers[peer]?.roots.delete(root)) return;
    holders.delete(peer);
    this.#entries--;
    if (holders.size > 0) return;
    this.#holders[root] = undefined;
    const name = this.#rootIds.nameOf(root);
    if (name !== undefined) this.#rootIds.release(name);
  }

  #releasePeer(peer: number): void {
    if ((this.#peers[peer]?.roots.size ?? 0) > 0) return;
    const pid = this.#peerIds.nameOf(peer);
    if (pid !== undefined) this.#peerIds.release(pid);
    this.#peers[peer] = undefined;
  }
}
