import type { Site } from '../../src/core/brands.js';
import { Bitfield } from '../../src/core/bitfield.js';
import type { Clock } from '../../src/core/clock.js';
import { toBase64Url } from '../../src/protocol/base64.js';
import type { Vouching } from '../admission/vouching.js';
import { cover, type Candidate } from '../choosing/cover.js';
import { bestOf } from '../choosing/ranking.js';
import { Candidates } from '../holders/candidates.js';
import type { MemoryIndex } from '../holders/memory-index.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { Dice } from './dice.js';
import type { Elsewhere, RemoteOffer } from './elsewhere.js';
import type { Passes } from './passes.js';
import type { Pressure } from './pressure.js';
import type { Tally } from './tally.js';
import { cardOf, peersText, type Shown } from './texts.js';
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
  readonly elsewhere: Elsewhere | undefined;
}

/** A pair that was introduced a moment ago and still wants has likely failed to connect. */
const MET_LATELY = 0.5;
/** For each place in the answer so many candidates are looked at closely, besides the drawn. */
const SHORT_LIST = 6;
/** Further ones drawn at random, so that newcomers and the badly scored get a chance to prove themselves. */
const DRAWN = 4;

/** From this level of pressure on, only so many peers are introduced at a time. */
const FEW_PEERS = 2;
const FEW = 2;

/** A peer of this node, or of another one. */
type Offer =
  | (Candidate & { readonly peer: Visitor; readonly profile?: undefined })
  | (RemoteOffer & { readonly peer?: undefined });

/** Shows peers to each other: who holds what is wanted, who is best, and the pass for the pair. */
export class Introducer {
  readonly #candidates = new Candidates();

  constructor(private readonly options: IntroducerOptions) {}

  /** Answers a want, if only with an empty list; at once unless other nodes have to be asked. Never rejects. */
  answer(want: LiveWant): Promise<void> | undefined {
    return this.#introduce(want, [...want.message.roots.keys()], false);
  }

  /** Tells an open want about the holders that `positions` got meanwhile, if there are any. */
  push(want: LiveWant, positions: readonly number[]): Promise<void> | undefined {
    return want.visitor.line?.crowded ? undefined : this.#introduce(want, positions, true);
  }

  #introduce(want: LiveWant, positions: readonly number[], pushed: boolean): Promise<void> | undefined {
    const { elsewhere, tally } = this.options;
    const rare = elsewhere ? this.#rare(want, positions) : [];
    if (!elsewhere || rare.length === 0) {
      this.#show(want, this.#offersHere(want, positions), pushed);
      return undefined;
    }
    return elsewhere
      .offers(want, rare)
      .then((offers) => this.#vouchedFor(want, offers))
      .catch((error: unknown) => {
        tally.trouble(error);
        return [];
      })
      .then((offers) => {
        // Meanwhile things have changed here, too.
        this.#show(want, [...this.#offersHere(want, positions), ...offers], pushed);
      });
  }

  /** What has too few holders here to answer with. */
  #rare({ message, roots }: LiveWant, positions: readonly number[]): number[] {
    return positions.filter((position) => {
      const root = (roots[position] ?? 0) - 1;
      return root < 0 || this.options.index.holdersOf(root) < message.k;
    });
  }

  /** What is held elsewhere counts here as far as it is vouched for here. */
  #vouchedFor({ message, visitor }: LiveWant, offers: readonly RemoteOffer[]): RemoteOffer[] {
    const vouching = this.options.vouchingOf(visitor.site);
    const names = (positions: readonly number[]) => positions.flatMap((i) => message.roots[i] ?? []);
    vouching.check(names([...new Set(offers.flatMap(({ has }) => has))]));
    const isLive = (position: number): boolean => names([position]).every((root) => vouching.isLive(root));
    return offers.map((offer) => ({ ...offer, has: offer.has.filter(isLive) }));
  }

  #offersHere(want: LiveWant, positions: readonly number[]): Offer[] {
    this.#collect(want, positions, this.options.clock.now());
    return this.#shortList(want.visitor, want.message.k);
  }

  #show(want: LiveWant, offers: readonly Offer[], pushed: boolean): void {
    const { message, visitor } = want;
    if (!visitor.line || (pushed && !this.options.wants.isOpen(want))) return;
    const { clock, dice, pressure, tally, wants } = this.options;
    const now = clock.now();
    const peers = cover(offers, {
      roots: message.roots.length,
      k: pressure.level < FEW_PEERS ? message.k : Math.min(FEW, message.k),
      dice,
      accept: (offer) => this.#mayShow(want, offer, now),
    }).map((offer) => this.#introduction(want, offer));
    if (pushed && peers.length === 0) return;
    tally.introductions(peers.length, pushed);
    visitor.line.sendText(peersText(message.q, peers));
    wants.told(
      want,
      peers.map(({ pid }) => pid),
    );
  }

  /** The holders of what is vouched for; what is held but not vouched for is asked about. */
  #collect({ message, visitor, roots }: LiveWant, positions: readonly number[], now: number): void {
    const { clock, index, numbers } = this.options;
    const vouching = this.options.vouchingOf(visitor.site);
    const ticks = clock.ticks();
    this.#candidates.begin(roots.length, numbers.end);
    for (const position of positions) {
      const root = (roots[position] ?? 0) - 1;
      const name = message.roots[position];
      if (root < 0 || name === undefined || !index.isHeld(root)) continue;
      if (vouching.confirms(root, now, ticks)) index.collect(root, position, this.#candidates);
      else vouching.check([name]);
    }
  }

  #shortList(asker: Visitor, k: number): Offer[] {
    const { dice, numbers } = this.options;
    const { count } = this.#candidates;
    const slots = new Set(
      bestOf(this.#candidates, numbers, { place: asker.place, most: SHORT_LIST * k, dice }),
    );
    if (slots.size < count) for (let i = 0; i < DRAWN; i++) slots.add(Math.floor(dice() * count));
    return [...slots].flatMap((slot) => this.#offer(asker, slot) ?? []);
  }

  #offer(asker: Visitor, slot: number): Offer | undefined {
    const { numbers } = this.options;
    const number = this.#candidates.peerAt(slot);
    const peer = numbers.peerOf(number);
    if (!peer || peer === asker) return undefined;
    const novelty = asker.acquaintances.metLately(peer.pid) ? MET_LATELY : 1;
    const score = numbers.weightOf(number) * numbers.closenessTo(asker.place, number) * novelty;
    return { pid: peer.pid, has: this.#candidates.positionsAt(slot), peer, score };
  }

  /** Whether the peer may be shown to this visitor now; pays for it then. */
  #mayShow(want: LiveWant, { pid, has, peer, profile }: Offer, now: number): boolean {
    const until = peer ? peer.identity.until : profile.until;
    if (until <= now || want.told?.has(pid) || (peer && !peer.line)) return false;
    const { acquaintances, allowances } = want.visitor;
    const isStranger = !acquaintances.knows(pid);
    if (isStranger && allowances.introductions.waitFor(1) > 0) return false;
    if (peer && !peer.allowances.offers.take(1)) {
      this.options.wants.remind(want, has);
      return false;
    }
    if (isStranger) allowances.introductions.charge(1);
    return true;
  }

  #introduction({ message, visitor }: LiveWant, { pid, has, peer, profile }: Offer): Shown {
    const { acquaintances } = visitor;
    acquaintances.meet(pid, false);
    const bits = new Bitfield(message.roots.length);
    for (const position of has) bits.set(position);
    return {
      pid,
      card: peer ? peer.card : cardOf(profile),
      has: toBase64Url(bits.toBytes()),
      pass: acquaintances.passFor(pid, () => this.options.passes.issue(visitor.pid, pid)),
    };
  }
}
