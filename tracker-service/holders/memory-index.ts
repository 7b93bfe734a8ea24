import type { RootPrefix } from '../../src/core/brands.js';
import type { Dice } from '../core/dice.js';
import type { Limits } from '../config.js';
import type { Candidates } from './candidates.js';
import { Lists } from './lists.js';
import type { RootTable } from './root-table.js';

export interface MemoryIndexOptions {
  readonly limits: Pick<Limits, 'holdersPerRoot' | 'holdersPerNetwork'>;
  readonly dice: Dice;
  readonly roots: RootTable;
  /** The network of a peer, for the limit of holders per network; 0 when it says nothing. */
  readonly networkOf: (peer: number) => number;
}

/** A peer's list is tidied when more than a quarter of it, and more than this, does not count any more. */
const SLACK = 64;
/** The most roots that a peer may hold: with the slack, what a list takes. */
export const MAX_HELD = Math.floor((Lists.MAX_SIZE - SLACK) / 1.25);

/**
 * Which peers of this node hold which roots. Roots are interned, peers come with numbers, and each entry
 * is written twice, 4 bytes each: as a peer under its root, and as a root under its peer. The first is the
 * truth; a peer's own list may name roots that it lost, and is tidied when these become many. A root
 * without holders and a peer without roots take no room.
 */
export class MemoryIndex {
  /** How many roots have holders. */
  #heldRoots = 0;
  readonly #holders = new Lists();
  readonly #held = new Lists();
  /** By peer: how many roots it holds. */
  #counts = new Uint16Array(64);
  #entries = 0;

  constructor(private readonly options: MemoryIndexOptions) {}

  get size(): { readonly roots: number; readonly entries: number } {
    return { roots: this.#heldRoots, entries: this.#entries };
  }

  /** Bytes held, slack included. */
  get bytes(): number {
    return this.#holders.bytes + this.#held.bytes + this.#counts.byteLength;
  }

  /** How many roots a peer holds. */
  countOf(peer: number): number {
    return this.#counts[peer] ?? 0;
  }

  holds(peer: number, name: RootPrefix): boolean {
    const root = this.#roots.find(name);
    return root !== undefined && this.#holders.view(root).includes(peer);
  }

  /** Adds what is new; returns it. The caller keeps to the limit of roots per visitor. */
  add(peer: number, names: readonly RootPrefix[]): RootPrefix[] {
    return names.filter((name) => this.#add(peer, name));
  }

  remove(peer: number, names: readonly RootPrefix[]): void {
    for (const name of names) {
      const root = this.#roots.find(name);
      if (root !== undefined) this.#unlink(root, peer);
    }
    this.#tidy(peer);
  }

  /** The peer is gone, with all it held. */
  leave(peer: number): void {
    // Unlinking changes no list of a peer.
    for (const root of this.#held.view(peer)) this.#unlink(root, peer);
    this.#held.clear(peer);
    this.#counts[peer] = 0;
  }

  /** The roots a peer holds. */
  rootsOf(peer: number): RootPrefix[] {
    this.#compact(peer);
    return Array.from(this.#held.view(peer), (root) => this.#roots.nameOf(root));
  }

  /** Nobody may be told any more that one of `these` peers holds this root. */
  forget(name: RootPrefix, these: (peer: number) => boolean): void {
    const root = this.#roots.find(name);
    if (root === undefined) return;
    for (const peer of this.#holders.view(root).filter(these)) {
      this.#unlink(root, peer);
      this.#tidy(peer);
    }
  }

  /** How many hold the root with this number. */
  holdersOf(root: number): number {
    return this.#holders.sizeOf(root);
  }

  /** Whether anybody does. */
  isHeld(root: number): boolean {
    return this.holdersOf(root) > 0;
  }

  /** Adds the holders of a root to the candidates, as those of the root at `position`. */
  collect(root: number, position: number, candidates: Candidates): void {
    this.#holders.read(root, (page, start, end) => {
      candidates.add(position, page, start, end);
    });
  }

  #add(peer: number, name: RootPrefix): boolean {
    const root = this.#rootToHold(name);
    if (this.#holders.view(root).includes(peer)) return false;
    this.#makeRoom(root, this.options.networkOf(peer));
    this.#holders.push(root, peer);
    this.#held.push(peer, root);
    this.#count(peer, 1);
    this.#entries++;
    return true;
  }

  /** The number of a root that will have a holder: the index is one user of it, however many hold it. */
  #rootToHold(name: RootPrefix): number {
    const known = this.#roots.find(name);
    if (known !== undefined && this.isHeld(known)) return known;
    this.#heldRoots++;
    return this.#roots.take(name);
  }

  get #roots(): RootTable {
    return this.options.roots;
  }

  /**
   * Keeps a root's holders few and its networks mixed: a newcomer takes the place of a random holder, of
   * its own network when that one has its share, so that no single network can crowd out the rest.
   */
  #makeRoom(root: number, network: number): void {
    const { limits, networkOf } = this.options;
    const holders = this.#holders.view(root);
    if (network !== 0 && holders.length >= limits.holdersPerNetwork) {
      const neighbours = [...holders.keys()].filter((at) => networkOf(holders[at] ?? 0) === network);
      if (neighbours.length >= limits.holdersPerNetwork) {
        this.#evict(root, neighbours[this.#draw(neighbours.length)] ?? 0);
        return;
      }
    }
    if (holders.length >= limits.holdersPerRoot) this.#evict(root, this.#draw(holders.length));
  }

  #draw(count: number): number {
    return Math.floor(this.options.dice() * count);
  }

  #evict(root: number, at: number): void {
    const peer = this.#holders.view(root)[at] ?? 0;
    // A newcomer follows at once, so the root stays even without holders.
    this.#holders.removeAt(root, at);
    this.#lost(peer);
    this.#tidy(peer);
  }

  #unlink(root: number, peer: number): void {
    const at = this.#holders.view(root).indexOf(peer);
    if (at < 0) return;
    this.#holders.removeAt(root, at);
    this.#lost(peer);
    if (this.#holders.sizeOf(root) > 0) return;
    this.#heldRoots--;
    this.#roots.drop(root);
  }

  #lost(peer: number): void {
    this.#count(peer, -1);
    this.#entries--;
  }

  #count(peer: number, change: number): void {
    if (peer >= this.#counts.length) {
      const counts = new Uint16Array(Math.ceil(peer * 1.5) + 1);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#counts[peer] = this.countOf(peer) + change;
  }

  #tidy(peer: number): void {
    const count = this.countOf(peer);
    if (count === 0) this.#held.clear(peer);
    else if (this.#held.sizeOf(peer) > 1.25 * count + SLACK) this.#compact(peer);
  }

  /** Leaves in a peer's list what it holds, each once. A root's number may have become another root's. */
  #compact(peer: number): void {
    const listed = this.#held.view(peer).slice().sort();
    const held = listed.filter(
      (root, i) => root !== listed[i - 1] && this.#holders.view(root).includes(peer),
    );
    this.#held.assign(peer, held, held.length);
  }
}
