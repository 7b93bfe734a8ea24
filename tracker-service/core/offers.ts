import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { MAX_WANT_ROOTS } from '../../src/core/limits.js';
import type { Vouching } from '../admission/vouching.js';
import { bestOf } from '../choosing/ranking.js';
import { Candidates } from '../holders/candidates.js';
import type { MemoryIndex } from '../holders/memory-index.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { RootTable } from '../holders/root-table.js';
import type { Dice } from './dice.js';
import type { RemoteOffer } from './elsewhere.js';
import type { Visitor } from './visitor.js';
import type { LiveWant, LiveWants } from './wants.js';

export interface OffersOptions {
  readonly index: MemoryIndex;
  readonly numbers: PeerNumbers<Visitor>;
  readonly roots: RootTable;
  readonly vouchingOf: (site: Site) => Vouching;
  readonly wants: LiveWants;
  readonly clock: Clock;
  readonly dice: Dice;
}

/** What is looked for: some positions of a want. */
export interface Question {
  readonly want: LiveWant;
  readonly positions: readonly number[];
  /** All roots of the want, when it was just asked; when it is open and has news, its watches know them. */
  readonly names?: readonly RootPrefix[];
}

/** Somebody who might be shown: a peer of this node, or of another one. */
export type Offer =
  | { readonly pid: PeerId; readonly peer: Visitor; readonly remote?: undefined }
  | { readonly pid: PeerId; readonly remote: RemoteOffer; readonly peer?: undefined };

/** For each place in the answer so many candidates are looked at closely, besides the drawn. */
const SHORT_LIST = 6;
/** Further ones drawn at random, so that newcomers and the badly scored get a chance to prove themselves. */
const DRAWN = 4;

/** Who might be shown in one answer, by slots. Its arrays are used again for every question. */
export class Offers {
  readonly candidates = new Candidates();
  /** By position: the numbers of the wanted roots, plus one. */
  readonly #roots = new Uint32Array(MAX_WANT_ROOTS);
  #remote: readonly RemoteOffer[] = [];
  /** The slot of the first one of another node. */
  #firstRemote = 0;

  constructor(private readonly options: OffersOptions) {}

  /** What has too few holders here to answer with, by position. */
  rare(question: Question): Map<number, RootPrefix> {
    const { index, roots } = this.options;
    const { want, positions, names } = question;
    const rare = new Map<number, RootPrefix>();
    this.#read(question);
    for (const position of positions) {
      const root = (this.#roots[position] ?? 0) - 1;
      if (root < 0 || index.holdersOf(root) < want.k)
        rare.set(position, names?.[position] ?? roots.nameOf(root));
    }
    return rare;
  }

  /** Looks for the best, here and among those of other nodes. Returns slots. */
  find(question: Question, remote: readonly RemoteOffer[]): number[] {
    this.#read(question);
    this.#collect(question);
    const slots = this.#shortList(question.want);
    this.#remote = remote;
    this.#firstRemote = this.candidates.count;
    for (const { has } of remote) slots.push(this.candidates.addOther(has));
    return slots;
  }

  /** Who is in a slot. */
  at(slot: number): Offer | undefined {
    const remote = this.#remoteAt(slot);
    if (remote) return { pid: remote.pid, remote };
    const peer = this.options.numbers.peerOf(this.candidates.peerAt(slot));
    return peer && { pid: peer.pid, peer };
  }

  /** How good whoever is in a slot is for somebody. */
  worthTo({ place }: Visitor, slot: number): number {
    const remote = this.#remoteAt(slot);
    return remote ? remote.score : this.options.numbers.worthTo(place, this.candidates.peerAt(slot));
  }

  #remoteAt(slot: number): RemoteOffer | undefined {
    return slot < this.#firstRemote ? undefined : this.#remote[slot - this.#firstRemote];
  }

  /** A want that was closed while other nodes were asked has no watches any more. */
  #read({ want, names }: Question): void {
    const { roots, wants } = this.options;
    if (wants.isOpen(want)) wants.rootsOf(want, this.#roots);
    else roots.findAll(names ?? [], this.#roots);
  }

  /** The holders of what is vouched for; what is held but not vouched for is asked about. */
  #collect({ want, positions }: Question): void {
    const { clock, index, numbers, roots, vouchingOf } = this.options;
    const vouching = vouchingOf(want.visitor.site);
    const now = clock.now();
    const ticks = clock.ticks();
    this.candidates.begin(want.size, numbers.end);
    for (const position of positions) {
      const root = (this.#roots[position] ?? 0) - 1;
      if (root < 0 || !index.isHeld(root)) continue;
      if (vouching.confirms(root, now, ticks)) index.collect(root, position, this.candidates);
      else vouching.check([roots.nameOf(root)]);
    }
  }

  #shortList({ visitor, k }: LiveWant): number[] {
    const { dice, numbers } = this.options;
    const { candidates } = this;
    const { count } = candidates;
    const slots = bestOf(candidates, numbers, { place: visitor.place, most: SHORT_LIST * k, dice });
    for (let i = slots.length < count ? DRAWN : 0; i > 0; i--) {
      const slot = Math.floor(dice() * count);
      if (numbers.weightOf(candidates.peerAt(slot)) > 0 && !slots.includes(slot)) slots.push(slot);
    }
    return slots.filter((slot) => candidates.peerAt(slot) !== visitor.number);
  }
}
