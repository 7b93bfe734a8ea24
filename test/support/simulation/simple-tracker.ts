import type { PeerId, Root } from '../../../src/core/brands.js';
import type { Clock } from '../../../src/core/clock.js';
import type { Contact, SignalBatch } from '../../../src/peer/contract.js';

/** Somebody whom the tracker knows, honest or not. */
export interface Member extends Contact {
  /** Peers that hold some of `roots`; on the `first` answer nobody is an answer, too. */
  introduced(peers: readonly Member[], roots: readonly Root[], first: boolean): void;
  signalled(from: Member, batch: SignalBatch): void;
}

/** Milliseconds from a question to its answer. */
const ROUND_TRIP = 60;
/** Peers in one answer (docs/protocol.md). */
const PEERS_NAMED = 6;
/** How long (ms) new holders are told of, and how many of those who wait hear of one. */
const LIVE = 60_000;
const TOLD_OF_ONE = 4;

interface Want {
  readonly member: Member;
  readonly root: Root;
  readonly until: number;
}

/** Who holds what, and who is told of whom: the tracker's rules without its sockets and statements. */
export class SimpleTracker {
  readonly #holders = new Map<Root, Set<Member>>();
  readonly #wants = new Map<Root, Map<PeerId, Want>>();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  have(member: Member, root: Root): void {
    const holders = this.#holders.get(root) ?? new Set();
    if (holders.has(member)) return;
    this.#holders.set(root, holders.add(member));
    const waiting = [...(this.#wants.get(root)?.values() ?? [])].filter(
      (want) => want.until > this.clock.ticks() && want.member !== member && !holders.has(want.member),
    );
    for (const want of this.#shuffled(waiting).slice(0, TOLD_OF_ONE)) {
      this.#tell(want.member, [member], [root], false);
    }
  }

  want(member: Member, roots: readonly Root[]): void {
    const until = this.clock.ticks() + LIVE;
    for (const root of roots) {
      const wants = this.#wants.get(root) ?? new Map<PeerId, Want>();
      this.#wants.set(root, wants.set(member.pid, { member, root, until }));
    }
    this.#tell(member, this.#cover(member, roots), roots, true);
  }

  leave(member: Member): void {
    for (const holders of this.#holders.values()) holders.delete(member);
    for (const wants of this.#wants.values()) wants.delete(member.pid);
  }

  /** The peers that hold most of the roots, and one at random. */
  #cover(member: Member, roots: readonly Root[]): Member[] {
    const score = new Map<Member, number>();
    for (const root of roots) {
      for (const holder of this.#holders.get(root) ?? []) {
        if (holder !== member) score.set(holder, (score.get(holder) ?? 0) + 1);
      }
    }
    const ranked = this.#shuffled([...score.keys()]);
    ranked.sort((a, b) => (score.get(b) ?? 0) - (score.get(a) ?? 0));
    const best = ranked.slice(0, PEERS_NAMED - 1);
    return [...best, ...this.#shuffled(ranked.slice(PEERS_NAMED - 1)).slice(0, 1)];
  }

  #tell(member: Member, peers: readonly Member[], roots: readonly Root[], first: boolean): void {
    this.clock.setTimeout(() => {
      member.introduced(peers, roots, first);
    }, ROUND_TRIP);
  }

  #shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}
