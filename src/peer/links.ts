import type { Root } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Contact, SendSignals, SignalBatch } from './contract.js';
import type { LinkFactory, SignallingLink } from './link.js';
import { PeerBook, type PeerRecord } from './peer-book.js';
import { Session, type SessionEvents, type SessionOptions } from './session.js';

const MAX_LINKS = 8;
const MAX_CONSTRUCTED = 200;
/** Links made to one peer in a visit: one that comes back again and again is using up ours. */
const MAX_LINKS_PER_PEER = 6;
/** A link is kept at least so long (ms): what it is good for shows only after the page asked for something. */
const LEAST_STAY = 20_000;
/**
 * Share of the places that links of our own making may fill. Visitors who are all linked to each other have no
 * place left, and who comes last would find nobody.
 */
const OWN_SHARE = 5 / 8;
/** One that was of no use to either side for so long (ms) only keeps both awake. */
const LONGEST_IDLE = 120_000;
/** A link this many times slower than most gives its place to a peer that may be better. */
const LAG = 4;

/** A peer that a link exists to, or is being made to. */
export interface Partner {
  readonly peer: PeerRecord;
  readonly session: Session;
  readonly link: SignallingLink;
  readonly attempt: number;
  readonly initiator: boolean;
  readonly since: number;
}

export interface LinksOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly key: string;
  readonly factory: LinkFactory;
  readonly maxLinks?: number;
  readonly maxConstructed?: number;
  readonly session: Omit<SessionOptions, 'link' | 'events' | 'clock'>;
  /** Whether the page wants something of this root. */
  wants(root: Root): boolean;
  eventsFor(partner: () => Partner): SessionEvents;
  onFault(error: unknown): void;
}

/** Who we are linked to: making links, answering offers, and keeping within the bounds on both. */
export class Links {
  readonly book = new PeerBook();
  readonly #options: LinksOptions;
  readonly #byKey = new Map<string, Partner>();
  #constructed = 0;
  #sweep: Timer;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  get #maxLinks(): number {
    return this.#options.maxLinks ?? MAX_LINKS;
  }

  get constructed(): number {
    return this.#constructed;
  }

  get all(): IterableIterator<Partner> {
    return this.#byKey.values();
  }

  get ready(): Partner[] {
    return [...this.#byKey.values()].filter(({ session }) => session.ready);
  }

  /** Those ready, except peers that are given a rest: whom something new may be asked of. */
  get askable(): Partner[] {
    const now = this.#options.clock.ticks();
    return this.ready.filter(({ peer }) => !peer.isResting(now));
  }

  get settingUp(): boolean {
    return [...this.#byKey.values()].some(({ session }) => !session.ready);
  }

  numbered(from: number): Partner | undefined {
    const peer = this.book.numbered(from);
    return peer && this.#byKey.get(peer.key);
  }

  /** `needed`: somebody is wanted for what nobody linked holds. Otherwise some places are left to those who call us. */
  connect(contact: Contact, send: SendSignals, needed: boolean): boolean {
    const places = this.#maxLinks * (needed ? 1 : OWN_SHARE);
    if (this.#byKey.has(contact.key) || !this.#mayLink(contact.key, places)) return false;
    const attempt = Math.floor(this.#options.random() * 2 ** 32);
    return this.#create(contact, send, attempt, true) !== undefined;
  }

  signal(contact: Contact, { attempt, signals }: SignalBatch, send: SendSignals): void {
    const partner = this.#byKey.get(contact.key);
    if (partner?.attempt === attempt) {
      this.#continue(partner, signals);
    } else if (signals[0]?.type === 'offer' && !this.#isOurs(partner)) {
      this.#accept(contact, { attempt, signals }, send);
    }
  }

  /** It sent a wrong piece or broke the protocol: closes its link and never makes another. */
  ban(peer: PeerRecord): void {
    peer.banned = true;
    peer.count({ bad: 1 });
    this.#byKey.get(peer.key)?.session.close('banned');
  }

  /** Called once a partner's session has ended. */
  forget(partner: Partner): void {
    const { peer, session } = partner;
    if (this.#byKey.get(peer.key) === partner) this.#byKey.delete(peer.key);
    // Or a slow peer would look as good as new whenever it comes back.
    const { meter } = session.downloads.pace;
    if (meter.settled) peer.rate = meter.rate;
    if (this.#byKey.size > 0) return;
    this.#options.clock.clearTimeout(this.#sweep);
    this.#sweep = undefined;
  }

  #continue({ session, link, initiator }: Partner, signals: SignalBatch['signals']): void {
    if (signals.length > 0) link.signal(signals);
    else if (initiator && !session.ready) session.close('declined');
  }

  /** Two offers crossed: both sides keep the one of the smaller key. */
  #isOurs(partner: Partner | undefined): boolean {
    if (!partner?.initiator || partner.session.ready) return false;
    return this.#options.key < partner.peer.key;
  }

  #accept(contact: Contact, batch: SignalBatch, send: SendSignals): void {
    this.#byKey.get(contact.key)?.session.close('replaced');
    const partner = this.#mayLink(contact.key, this.#maxLinks)
      ? this.#create(contact, send, batch.attempt, false)
      : undefined;
    if (partner) partner.link.signal(batch.signals);
    else send({ attempt: batch.attempt, signals: [] });
  }

  #mayLink(key: string, places: number): boolean {
    const { maxConstructed = MAX_CONSTRUCTED } = this.#options;
    const peer = this.book.find(key);
    if (key === this.#options.key || (peer && !this.#mayReturn(peer))) return false;
    if (this.#constructed >= maxConstructed) return false;
    return this.#byKey.size < places || this.#makeRoom();
  }

  #mayReturn(peer: PeerRecord): boolean {
    return !peer.banned && peer.links < MAX_LINKS_PER_PEER && !peer.isResting(this.#options.clock.ticks());
  }

  /** Closes a link that is of no use to either side, or far slower than the others, if there is one. */
  #makeRoom(): boolean {
    const old = this.ready.filter(({ since }) => this.#options.clock.ticks() - since >= LEAST_STAY);
    const leaving = old.find((partner) => this.#isUseless(partner, LEAST_STAY)) ?? laggard(old);
    leaving?.session.close('replaced');
    return leaving !== undefined;
  }

  /** Nothing went either way for so long (ms), and we want nothing that it holds. */
  #isUseless({ session }: Partner, idle: number): boolean {
    if (session.idle < idle) return false;
    return !session.holdings.roots().some((root) => this.#options.wants(root));
  }

  #sweepLater(): void {
    this.#sweep ??= this.#options.clock.setTimeout(() => {
      this.#sweep = undefined;
      this.#sweepLater();
      for (const partner of this.ready) {
        const isUseless = !partner.session.mayServe && this.#isUseless(partner, LONGEST_IDLE);
        if (isUseless) partner.session.close('closed');
      }
    }, LEAST_STAY);
  }

  #create(contact: Contact, send: SendSignals, attempt: number, initiator: boolean): Partner | undefined {
    const link = this.#construct(attempt, initiator, send);
    if (!link) return undefined;
    const peer = this.book.enter(contact);
    peer.links++;
    const { clock } = this.#options;
    const events = this.#options.eventsFor(() => partner);
    const session = new Session({ ...this.#options.session, clock, link, events });
    const partner: Partner = { peer, session, link, attempt, initiator, since: clock.ticks() };
    this.#byKey.set(contact.key, partner);
    this.#sweepLater();
    return partner;
  }

  #construct(attempt: number, initiator: boolean, send: SendSignals): SignallingLink | undefined {
    this.#constructed++;
    try {
      return this.#options.factory.create({
        initiator,
        onSignals: (signals) => {
          send({ attempt, signals });
        },
      });
    } catch (error) {
      this.#options.onFault(error);
      return undefined;
    }
  }
}

/** The slowest, when it is far slower than the one in the middle. Not while it delivers something. */
function laggard(partners: readonly Partner[]): Partner | undefined {
  const pace = ({ session }: Partner): number => session.downloads.pace.meter.rate;
  const measured = partners
    .filter(({ session }) => session.downloads.pace.meter.settled && session.downloads.inFlight === 0)
    .sort((a, b) => pace(a) - pace(b));
  const middle = measured[Math.floor(measured.length / 2)];
  return measured.find((partner) => middle && pace(partner) * LAG < pace(middle));
}
