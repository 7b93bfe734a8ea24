import type { Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import type { Contact, SendSignals, SignalBatch } from './contract.js';
import type { LinkFactory, SignallingLink } from './link.js';
import { PeerBook, type PeerRecord } from './peer-book.js';
import { Session, type SessionEvents, type SessionOptions } from './session.js';

/** Links made to one peer in a visit: one that comes back again and again is using up ours. */
const MAX_LINKS_PER_PEER = 6;
/** A link is kept at least so long (ms): what it is good for shows only after the page asked for something. */
const LEAST_STAY = 20_000;

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
  readonly maxLinks: number;
  readonly maxConstructed: number;
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

  constructor(options: LinksOptions) {
    this.#options = options;
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

  get settingUp(): boolean {
    return [...this.#byKey.values()].some(({ session }) => !session.ready);
  }

  numbered(from: number): Partner | undefined {
    const peer = this.book.numbered(from);
    return peer && this.#byKey.get(peer.key);
  }

  connect(contact: Contact, send: SendSignals): boolean {
    if (this.#byKey.has(contact.key) || !this.#mayLink(contact.key)) return false;
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

  /** Closes the link to a banned peer and never makes another. */
  ban(peer: PeerRecord): void {
    peer.banned = true;
    this.#byKey.get(peer.key)?.session.close('banned');
  }

  /** Called once a partner's session has ended. */
  forget(partner: Partner): void {
    if (this.#byKey.get(partner.peer.key) === partner) this.#byKey.delete(partner.peer.key);
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
    const partner = this.#mayLink(contact.key)
      ? this.#create(contact, send, batch.attempt, false)
      : undefined;
    if (partner) partner.link.signal(batch.signals);
    else send({ attempt: batch.attempt, signals: [] });
  }

  #mayLink(key: string): boolean {
    const { maxConstructed, maxLinks } = this.#options;
    const peer = this.book.find(key);
    if (key === this.#options.key || peer?.banned || (peer?.links ?? 0) >= MAX_LINKS_PER_PEER) return false;
    if (this.#constructed >= maxConstructed) return false;
    return this.#byKey.size < maxLinks || this.#makeRoom();
  }

  /** Closes a link that is of no use to either side, if there is one. */
  #makeRoom(): boolean {
    const useless = [...this.#byKey.values()].find((partner) => this.#isUseless(partner));
    useless?.session.close('replaced');
    return useless !== undefined;
  }

  #isUseless({ session, since }: Partner): boolean {
    const age = this.#options.clock.ticks() - since;
    if (!session.ready || age < LEAST_STAY || session.idle < LEAST_STAY) return false;
    return !session.holdings.roots().some((root) => this.#options.wants(root));
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
