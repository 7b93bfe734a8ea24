import type { RootPrefix, Site } from '../../src/core/brands.js';
import { MAX_WANT_ROOTS } from '../../src/core/limits.js';
import { cover } from '../choosing/cover.js';
import type { Elsewhere, RemoteOffer } from './elsewhere.js';
import { Offers, type Offer, type OffersOptions, type Question } from './offers.js';
import type { Passes } from './passes.js';
import type { Pressure } from './pressure.js';
import type { Tally } from './tally.js';
import { cardOf, peersText, type Shown } from './texts.js';
import type { LiveWant } from './wants.js';

export interface IntroducerOptions extends OffersOptions {
  readonly passes: Passes;
  readonly tally: Pick<Tally, 'introductions' | 'trouble'>;
  readonly pressure: Pressure;
  readonly elsewhere: Elsewhere | undefined;
  /** Whether there are as many visitors as the operator wants before any are shown to each other. */
  readonly hasAudience: () => boolean;
}

/** A pair that was introduced a moment ago and still wants has likely failed to connect. */
const MET_LATELY = 0.5;

/** From this level of pressure on, only so many peers are introduced at a time. */
const FEW_PEERS = 2;
const FEW = 2;

/** All positions of the longest want. */
const POSITIONS: readonly number[] = Array.from({ length: MAX_WANT_ROOTS }, (_, position) => position);

/** Shows peers to each other: who holds what is wanted, who is best, and the pass for the pair. */
export class Introducer {
  readonly #offers: Offers;

  constructor(private readonly options: IntroducerOptions) {
    this.#offers = new Offers(options);
  }

  /**
   * Answers a want for roots of these names, if only with an empty list; at once unless other nodes have to
   * be asked. Never rejects.
   */
  answer(want: LiveWant, names: readonly RootPrefix[]): Promise<void> | undefined {
    return this.#introduce({ want, names, positions: POSITIONS.slice(0, names.length) });
  }

  /** Tells an open want about the holders that `positions` got meanwhile, if there are any. */
  push(want: LiveWant, positions: readonly number[]): Promise<void> | undefined {
    if (!this.options.wants.isOpen(want) || want.visitor.line?.crowded) return undefined;
    return this.#introduce({ want, positions });
  }

  #introduce(question: Question): Promise<void> | undefined {
    const { elsewhere, tally, hasAudience } = this.options;
    if (!hasAudience()) {
      if (question.names) question.want.visitor.line?.sendText(peersText(question.want.q, []));
      return undefined;
    }
    const rare = elsewhere && this.#offers.rare(question);
    if (!rare || rare.size === 0) {
      this.#show(question, []);
      return undefined;
    }
    const { visitor } = question.want;
    return elsewhere
      .offers(question.want, rare)
      .then((offers) => this.#vouchedFor(visitor.site, offers, rare))
      .catch((error: unknown) => {
        tally.trouble(error);
        return [];
      })
      .then((offers) => {
        // Meanwhile things have changed here, too.
        this.#show(question, offers);
      });
  }

  /** What is held elsewhere counts here as far as it is vouched for here. */
  #vouchedFor(
    site: Site,
    offers: readonly RemoteOffer[],
    names: ReadonlyMap<number, RootPrefix>,
  ): RemoteOffer[] {
    const vouching = this.options.vouchingOf(site);
    const nameOf = (position: number): RootPrefix[] => {
      const name = names.get(position);
      return name === undefined ? [] : [name];
    };
    vouching.check([...new Set(offers.flatMap(({ has }) => has))].flatMap(nameOf));
    const isLive = (position: number): boolean => nameOf(position).every((root) => vouching.isLive(root));
    return offers.map((offer) => ({ ...offer, has: offer.has.filter(isLive) }));
  }

  #show(question: Question, remote: readonly RemoteOffer[]): void {
    const { want, names } = question;
    const { clock, dice, pressure, tally, wants } = this.options;
    const { visitor, k } = want;
    const isPushed = names === undefined;
    if (!visitor.line || (isPushed && !wants.isOpen(want))) return;
    const now = clock.now();
    const offers = this.#offers;
    const peers = cover(offers.candidates, offers.find(question, remote), {
      k: pressure.level < FEW_PEERS ? k : Math.min(FEW, k),
      dice,
      worth: (slot) => offers.worthTo(visitor, slot),
      closer: (slot) => this.#novelty(want, offers.at(slot)),
      accept: (slot) => this.#mayShow(want, slot, now),
    }).flatMap((slot) => this.#introduction(want, slot) ?? []);
    if (isPushed && peers.length === 0) return;
    tally.introductions(peers.length, isPushed);
    visitor.line.sendText(peersText(want.q, peers));
    wants.told(
      want,
      peers.map(({ pid }) => pid),
    );
  }

  #novelty({ visitor }: LiveWant, offer: Offer | undefined): number {
    return offer && visitor.acquaintances.metLately(offer.pid) ? MET_LATELY : 1;
  }

  /** Whether the peer in a slot may be shown to this visitor now; pays for it then. */
  #mayShow(want: LiveWant, slot: number, now: number): boolean {
    const offer = this.#offers.at(slot);
    if (!offer) return false;
    const { pid, peer, remote } = offer;
    const until = peer ? peer.identity.until : remote.profile.until;
    if (until <= now || want.told.includes(pid) || (peer && !peer.line)) return false;
    const { acquaintances, allowances } = want.visitor;
    const isStranger = !acquaintances.knows(pid);
    if (isStranger && allowances.introductions.waitFor(1) > 0) return false;
    if (peer && !peer.allowances.offers.take(1)) {
      this.options.wants.remind(want, this.#offers.candidates.positionsAt(slot));
      return false;
    }
    if (isStranger) allowances.introductions.charge(1);
    return true;
  }

  #introduction({ visitor }: LiveWant, slot: number): Shown | undefined {
    const offer = this.#offers.at(slot);
    if (!offer) return undefined;
    const { pid, peer, remote } = offer;
    const { acquaintances } = visitor;
    acquaintances.meet(pid, false);
    return {
      pid,
      card: peer ? peer.card : cardOf(remote.profile),
      has: this.#offers.candidates.bitfieldAt(slot),
      pass: acquaintances.passFor(pid, () => this.options.passes.issue(visitor.pid, pid)),
    };
  }
}
