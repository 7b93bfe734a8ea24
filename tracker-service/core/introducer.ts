import type { RootPrefix, Site } from '../../src/core/brands.js';
import { Bitfield } from '../../src/core/bitfield.js';
import type { Clock } from '../../src/core/clock.js';
import { toBase64Url } from '../../src/protocol/base64.js';
import type { Introduction } from '../../src/protocol/tracker.js';
import type { Vouching } from '../admission/vouching.js';
import { cover, type Candidate } from '../choosing/cover.js';
import { closeness } from '../choosing/place.js';
import { bestOf } from '../choosing/ranking.js';
import { Candidates } from '../holders/candidates.js';
import type { MemoryIndex } from '../holders/memory-index.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { Dice } from './dice.js';
import type { Passes } from './passes.js';
import type { Pressure } from './pressure.js';
import type { Tally } from './tally.js';
import type { Visitor } from './visitor.js';
import type { LiveWant, LiveWants } from './wants.js';

export interface IntroducerOptions {
  readonly index: MemoryIndex;
  readonly numbers: PeerNumbers<Visitor>;
  readonly vouchingOf: (site: Site) => Vouching;
  readonly wants: LiveWants;
  readonly passes: Passes;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly pressure: Pressure;
}

/** A pair that was introduced a moment ago and still wants has likely failed to connect. */
const MET_LATELY = 0.5;
/** Candidates that are looked at closely, besides the drawn: enough for the largest answer, several times over. */
const SHORT_LIST = 64;
/** Further ones drawn at random, so that newcomers and the badly scored get a chance to prove themselves. */
const DRAWN = 4;

/** From this level of pressure on, only so many peers are introduced at a time. */
const FEW_PEERS = 2;
const FEW = 2;

interface Offer extends Candidate {
  readonly peer: Visitor;
}

/** Shows peers to each other: who holds what is wanted, who is best, and the pass for the pair. */
export class Introducer {
  readonly #candidates = new Candidates();

  constructor(private readonly options: IntroducerOptions) {}

  /** Answers a want, if only with an empty list. */
  answer(want: LiveWant): void {
    this.#introduce(want, [...want.message.roots.keys()], false);
  }

  /** Tells an open want about the holders that `positions` got meanwhile, if there are any. */
  push(want: LiveWant, positions: readonly number[]): void {
    if (!want.visitor.line?.crowded) this.#introduce(want, positions, true);
  }

  #introduce(want: LiveWant, positions: readonly number[], pushed: boolean): void {
    const { message, visitor } = want;
    if (!visitor.line || (pushed && want.closed)) return;
    const { dice, pressure, tally, wants } = this.options;
    this.#collect(visitor.site, message.roots, positions);
    const offers = [...this.#shortList(visitor)].flatMap((slot) => this.#offer(want, slot) ?? []);
    const k = pressure.level < FEW_PEERS ? message.k : Math.min(FEW, message.k);
    const chosen = cover(offers, message.roots.length, k, dice);
    const peers = chosen.flatMap((offer) => this.#introduction(want, offer) ?? []);
    if (pushed && peers.length === 0) return;
    tally.introductions(peers.length, pushed);
    visitor.line.send({ t: 'peers', q: message.q, peers });
    wants.told(
      want,
      peers.map(({ pid }) => pid),
    );
  }

  /** The holders of what is vouched for; what is held but not vouched for is asked about. */
  #collect(site: Site, roots: readonly RootPrefix[], positions: readonly number[]): void {
    const { index, numbers } = this.options;
    const vouching = this.options.vouchingOf(site);
    this.#candidates.begin(roots.length, numbers.end);
    for (const position of positions) {
      const root = roots[position];
      if (root === undefined) continue;
      if (vouching.confirms(root)) index.collect(root, position, this.#candidates);
      else if (index.isHeld(root)) vouching.check([root]);
    }
  }

  #shortList({ place }: Visitor): Set<number> {
    const { dice, numbers } = this.options;
    const { count } = this.#candidates;
    const slots = new Set(bestOf(this.#candidates, numbers, { place, most: SHORT_LIST, dice }));
    if (slots.size < count) for (let i = 0; i < DRAWN; i++) slots.add(Math.floor(dice() * count));
    return slots;
  }

  #offer(want: LiveWant, slot: number): Offer | undefined {
    const { clock, numbers, wants } = this.options;
    const asker = want.visitor;
    const peer = numbers.peerOf(this.#candidates.peerAt(slot));
    if (!peer?.line || peer === asker || want.told.has(peer.pid)) return undefined;
    if (peer.identity.until <= clock.now()) return undefined;
    const stranger = !asker.acquaintances.knows(peer.pid);
    if (stranger && asker.allowances.introductions.waitFor(1) > 0) return undefined;
    const has = this.#candidates.positionsAt(slot);
    if (peer.allowances.offers.waitFor(1) > 0) {
      wants.remind(want, has);
      return undefined;
    }
    const novelty = asker.acquaintances.metLately(peer.pid) ? MET_LATELY : 1;
    const score = numbers.weightOf(peer.number) * closeness(asker.place, peer.place) * novelty;
    return { pid: peer.pid, has, peer, score };
  }

  /** Pays for the introduction and makes it; nothing when an allowance ran out among the chosen. */
  #introduction(want: LiveWant, { peer, has }: Offer): Introduction | undefined {
    const { acquaintances, allowances, pid } = want.visitor;
    if (!acquaintances.knows(peer.pid) && !allowances.introductions.take(1)) return undefined;
    peer.allowances.offers.take(1);
    acquaintances.meet(peer.pid, false);
    const bits = new Bitfield(want.message.roots.length);
    for (const position of has) bits.set(position);
    const { key, admission } = peer.identity;
    return {
      pid: peer.pid,
      key,
      ...(admission === undefined ? {} : { admission }),
      has: toBase64Url(bits.toBytes()),
      pass: acquaintances.passFor(peer.pid, () => this.options.passes.issue(pid, peer.pid)),
    };
  }
}
