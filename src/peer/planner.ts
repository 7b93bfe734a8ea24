import type { Clock } from '../core/clock.js';
import { assign, finishTime, type Supplier, type Wish } from '../core/picker.js';
import type { MissReason } from './contract.js';
import type { Links, Partner } from './links.js';
import type { WantedRoots } from './wanted-roots.js';
import type { PendingNeed, WantedPiece, Wants } from './wants.js';

/**
 * What a link is expected to carry (bytes/s) before any to this peer was measured: enough to be given a
 * try. Half as much for each rest it was given.
 */
const UNMEASURED_RATE = 500_000;
/** Latency (ms) assumed before it was measured. */
const UNMEASURED_LATENCY = 100;
/** A piece moves to another peer when that one would finish it so many times sooner, and this much (ms). */
const MOVE_FACTOR = 2;
const MOVE_GAIN = 250;
/** A link that was silent this long (ms) while it owed us something is closed. */
const GIVE_UP = 10_000;
/** A review that comes so much too late (ms) tells that the machine slept, or that the page stood still. */
const HELD_UP = 5000;
/** Share of a need's time that is spent waiting for a holder to turn up, and the bounds of that (ms). */
const HOLDER_SHARE = 0.5;
const LEAST_HOLDER_WAIT = 250;
const MOST_HOLDER_WAIT = 4000;
/** A need that had less time (ms) than this blames nobody for being late. */
const FAIR_TRIAL = 1000;
/** Reviews in a row that must find a need late: one bad moment of a link decides nothing. */
const LATE_REVIEWS = 3;

interface PartnerSupplier extends Supplier {
  readonly partner: Partner;
}

interface PieceWish extends Wish<PartnerSupplier> {
  readonly piece: WantedPiece;
}

export interface PlannerOptions {
  readonly clock: Clock;
  readonly wants: Wants;
  readonly links: Links;
  /** Takes roots that somebody has to be found for. */
  readonly wanted: WantedRoots;
  onMiss(need: PendingNeed, reason: MissReason): void;
}

/** Decides who is asked for what, when a piece is taken from a peer again, and when a need is hopeless. */
export class Planner {
  readonly #options: PlannerOptions;
  #assigning = false;
  #again = false;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** Gives open pieces to links with room. Safe to call from anything that assigning sets off. */
  assign(): void {
    this.#again = true;
    if (this.#assigning) return;
    this.#assigning = true;
    while (this.#again) {
      this.#again = false;
      this.#assignOnce();
    }
    this.#assigning = false;
  }

  /**
   * Looks at what is under way: stalled links, pieces better had elsewhere, needs without hope. This should have
   * been `late` ms ago: nobody else is to blame for a time in which we were not there to hear.
   */
  review(late: number): void {
    const wasAway = late > HELD_UP;
    for (const partner of this.#options.links.ready) this.#reviewPartner(partner, wasAway);
    this.assign();
    this.reviewOrphans();
    for (const need of [...this.#options.wants.needs]) this.#reviewPace(need, wasAway);
  }

  /** Notes which needs list pieces that nobody can be asked for, and ends those that waited long enough. */
  reviewOrphans(): void {
    for (const need of [...this.#options.wants.needs]) this.#reviewOrphan(need);
  }

  #assignOnce(): void {
    const open = this.#options.wants.open();
    if (open.length === 0) return;
    const suppliers = this.#options.links.askable.map(supplierOf);
    if (!suppliers.some(({ room }) => room > 0)) return;
    const wishes = open.map((piece) => wishFor(piece, suppliers));
    for (const { wish, supplier } of assign<PartnerSupplier, PieceWish>(wishes)) {
      this.#give(wish.piece, supplier.partner);
    }
  }

  /** Links and pieces may be gone by now: giving away an earlier piece can find a link dead. */
  #give(piece: WantedPiece, { session, peer }: Partner): void {
    if (!session.ready || piece.state !== 'open' || piece.needs.size === 0) return;
    piece.state = 'assigned';
    piece.by = peer.from;
    piece.tried.add(peer.from);
    session.downloads.assign(piece);
  }

  #reviewPartner(partner: Partner, wasAway: boolean): void {
    const { peer, session } = partner;
    const { pace, assignments } = session.downloads;
    const now = this.#options.clock.ticks();
    const isSilent = pace.silence > GIVE_UP;
    if (isSilent && !wasAway) peer.rest(now);
    if (isSilent || peer.isHopeless(now)) {
      session.close(wasAway ? 'lost' : 'stalled');
      return;
    }
    for (const { root, index } of [...assignments].reverse()) {
      const piece = this.#options.wants.find(root, index);
      if (piece && this.#isBetterElsewhere(piece, partner)) this.#move(piece, partner);
    }
  }

  #isBetterElsewhere(piece: WantedPiece, { session }: Partner): boolean {
    const others = this.#untried(piece).filter((other) => !other.session.downloads.pace.stalled);
    if (session.downloads.pace.stalled) return others.length > 0;
    const here = this.#timeLeft(piece, session);
    const there = others
      .map(supplierOf)
      .filter(({ room }) => room > 0)
      .map((supplier) => finishTime(supplier, piece.size));
    return there.some((time) => here > MOVE_FACTOR * time + MOVE_GAIN);
  }

  /** Milliseconds until this piece will have come at the measured pace; 0 (never moved) while unmeasured. */
  #timeLeft({ root, index }: WantedPiece, { downloads }: Partner['session']): number {
    const { rate } = downloads.pace.meter;
    return rate > 0 ? (1000 * downloads.aheadOf(root, index)) / rate : 0;
  }

  #move(piece: WantedPiece, { session, peer }: Partner): void {
    peer.strike(this.#options.clock.ticks());
    this.#options.wants.reopen(piece);
    session.downloads.release(piece.root, piece.index);
    this.assign();
  }

  #untried(piece: WantedPiece): Partner[] {
    return this.#options.links.askable.filter((partner) => mayAsk(partner, piece));
  }

  #reviewOrphan(need: PendingNeed): void {
    const missing = [...this.#options.wants.piecesOf(need)].filter(({ state }) => state !== 'delivered');
    const orphans = missing.filter((piece) => this.#isOrphan(piece));
    if (orphans.length === 0) {
      need.orphanSince = undefined;
      return;
    }
    const now = this.#options.clock.ticks();
    if (need.orphanSince === undefined) this.#options.wanted.add(need.root);
    need.orphanSince ??= now;
    if (orphans.length < missing.length) return;
    if (now - need.orphanSince >= holderWait(need)) this.#options.onMiss(need, 'no-peers');
  }

  /** Nobody can be asked for it: nobody untried holds it or may still say so, and it is with no live link. */
  #isOrphan(piece: WantedPiece): boolean {
    const { links } = this.#options;
    const holder = piece.by === undefined ? undefined : links.numbered(piece.by);
    if (holder && !holder.session.downloads.pace.stalled) return false;
    return !links.askable.some(
      (partner) => mayAsk(partner, piece) || partner.session.holdings.awaits(piece.root),
    );
  }

  /** Ends a need that is past its deadline, or will be at the pace measured now, unless it is to last. */
  #reviewPace(need: PendingNeed, wasAway: boolean): void {
    const left = need.deadline - this.#options.clock.ticks();
    need.late = !need.lasting && this.#timeNeeded(need) > left ? need.late + 1 : 0;
    if (left > 0 && need.late < LATE_REVIEWS) return;
    if (!wasAway) this.#blame(need);
    this.#options.onMiss(need, 'deadline');
  }

  /** The holders that still owe us something; one that delivers as well makes up for it. */
  #blame({ root, since }: PendingNeed): void {
    const now = this.#options.clock.ticks();
    if (now - since < FAIR_TRIAL) return;
    for (const { peer, session } of this.#options.links.askable) {
      if (session.downloads.inFlight > 0 && session.holdings.hasAny(root)) peer.strike(now);
    }
  }

  /** Milliseconds for the rest of a need; 0 while some link that may carry it is unmeasured. */
  #timeNeeded(need: PendingNeed): number {
    let bytes = 0;
    for (const piece of this.#options.wants.piecesOf(need)) {
      if (piece.state !== 'delivered') bytes += this.#bytesLeft(piece);
    }
    const carriers = this.#options.links.askable.filter(({ session }) => session.holdings.hasAny(need.root));
    const paces = carriers.map(({ session }) => paceOf(session));
    const pace = paces.reduce((sum, one) => sum + one, 0);
    // Without any pace at all it is for a new holder, not for the clock, to decide; see reviewOrphans.
    return pace > 0 ? (1000 * bytes) / pace : 0;
  }

  #bytesLeft({ root, index, size, by }: WantedPiece): number {
    const holder = by === undefined ? undefined : this.#options.links.numbered(by);
    return size - (holder?.session.downloads.receivedOf(root, index) ?? 0);
  }
}

function mayAsk({ session, peer }: Partner, piece: WantedPiece): boolean {
  return !piece.tried.has(peer.from) && session.holdings.has(piece.root, piece.index);
}

function wishFor(piece: WantedPiece, suppliers: readonly PartnerSupplier[]): PieceWish {
  const { size, deadline, position } = piece;
  const holders = suppliers.filter(({ partner }) => mayAsk(partner, piece));
  return { piece, size, deadline, position, holders };
}

function supplierOf(partner: Partner): PartnerSupplier {
  const { downloads } = partner.session;
  const { rate, rests } = partner.peer;
  const { stalled, meter } = downloads.pace;
  return {
    partner,
    queued: downloads.queued,
    rate: meter.rate || (rate || UNMEASURED_RATE) / 2 ** rests,
    latency: downloads.window.base || UNMEASURED_LATENCY,
    room: stalled ? 0 : downloads.room,
  };
}

function paceOf({ downloads }: Partner['session']): number {
  const { stalled, meter } = downloads.pace;
  if (stalled) return 0;
  return meter.settled ? meter.rate : Number.POSITIVE_INFINITY;
}

function holderWait({ wait }: PendingNeed): number {
  return Math.min(MOST_HOLDER_WAIT, Math.max(LEAST_HOLDER_WAIT, wait * HOLDER_SHARE));
}
