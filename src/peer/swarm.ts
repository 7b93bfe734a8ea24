import type { Bitfield } from '../core/bitfield.js';
import type { Bytes } from '../core/bytes.js';
import type { PieceIndex, Root, UrlHash } from '../core/brands.js';
import { pieceSize, type Cut } from '../core/pieces.js';
import type { Verdict } from '../protocol/bridge.js';
import type {
  Contact,
  Content,
  MissReason,
  Need,
  PeerStats,
  SendSignals,
  SignalBatch,
  SwarmOptions,
  SwarmStats,
} from './contract.js';
import type { Assignment } from './downloads.js';
import { LayerHunt } from './layer-hunt.js';
import type { CloseReason } from './link.js';
import { Links, type Partner } from './links.js';
import type { PeerRecord } from './peer-book.js';
import { Planner } from './planner.js';
import type { SessionEvents } from './session.js';
import { Shelf } from './shelf.js';
import { Ticker } from './ticker.js';
import { holdersOf, statsOf, Totals } from './totals.js';
import { UploadGate } from './upload-gate.js';
import { WantedRoots } from './wanted-roots.js';
import { Wants, type PendingNeed, type WantedPiece } from './wants.js';

/** How often (ms) what is under way is reviewed; only while something is needed. */
const REVIEW_INTERVAL = 100;

/**
 * All sessions and all wanted pieces of one page: the engine's peer-to-peer half.
 *
 * Who owns which state, and who may change it:
 *
 * - `Wants` owns the needs and the pieces they list. A piece is open, assigned to one peer, or
 *   delivered and waiting for the worker's verdict. Only the planner assigns; only the events of a
 *   session, a verdict or the end of a need move it on. A piece is with one peer at a time, whole, so
 *   that a wrong one has one culprit; it is not asked of the same peer twice unless their link broke.
 * - `Links` owns who we are linked to, the bounds on that, and the book of peers (numbers, bans).
 *   A partner stands in its table from the making of its link until the session's `onClose`.
 * - A `Session` owns one conversation: what the peer said it holds, and through `Downloads` and
 *   `UploadQueue` what is under way in each direction. It believes nothing, and reports upwards only
 *   what it has measured against a signed cut. It never looks at another session.
 * - `Shelf` owns what we offer, as the worker last said. Sessions read it and keep no copy.
 * - `UploadGate` owns the upload rate, shared by all sessions.
 * - `Planner` owns nothing. It looks at all of the above and decides.
 *
 * The swarm itself connects them, keeps the one timer, and speaks to the engine. It verifies nothing:
 * bytes go to the worker, whose verdict credits a peer, or bans it by key for the visit.
 *
 * Every event may come in the middle of something: sending can find a link dead, a delivered piece can
 * bring its verdict at once. So tables are changed before others are told, and loops run over copies.
 */
export class Swarm {
  readonly #options: SwarmOptions;
  readonly #wants = new Wants();
  readonly #shelf: Shelf;
  readonly #gate: UploadGate;
  readonly #links: Links;
  readonly #planner: Planner;
  readonly #layers: LayerHunt;
  readonly #wanted: WantedRoots;
  readonly #ticker: Ticker;
  readonly #totals = new Totals();
  #interest: readonly Content[] = [];
  #closed = false;

  constructor(options: SwarmOptions) {
    this.#options = options;
    const { clock, uploads, uploadRate, on } = options;
    this.#shelf = new Shelf(uploadRate > 0);
    this.#gate = new UploadGate({ clock, rate: uploadRate, allowance: options.allowance });
    this.#layers = new LayerHunt(clock);
    this.#wanted = new WantedRoots(clock, on.wanted.bind(on));
    this.#ticker = new Ticker(clock, REVIEW_INTERVAL, (late) => this.#review(late));
    this.#links = new Links({
      ...options,
      session: { shelf: this.#shelf, source: uploads, gate: this.#gate },
      wants: (root) => this.#wants.wants(root) || this.#interest.some((one) => one.root === root),
      eventsFor: (partner) => this.#eventsFor(partner),
      onFault: on.fault.bind(on),
    });
    const [wants, links, wanted] = [this.#wants, this.#links, this.#wanted];
    this.#planner = new Planner({ clock, wants, links, wanted, onMiss: this.#miss.bind(this) });
  }

  /** These pieces may be uploaded from now on; called again as they grow. The bits are kept, not copied. */
  share(root: Root, cut: Cut, bits: Bitfield, layer?: Bytes): void {
    this.#shelf.put(root, cut, bits, layer);
    for (const { session } of this.#links.ready) session.announce(root);
  }

  /** The token for a URL whose pieces are shared: given to peers that seek it. */
  state(root: Root, url: UrlHash, token: string): void {
    if (!this.#shelf.state(root, url, token)) return;
    for (const { session } of this.#links.ready) session.statements.offer(url);
  }

  /** Asks whoever is linked for the tokens of these; those come as events, now or later, or never. */
  seek(urls: readonly UrlHash[]): void {
    for (const { session } of this.#links.ready) session.statements.seek(urls);
  }

  /** Stops offering and uploading this root at once. */
  unshare(root: Root): void {
    if (!this.#shelf.remove(root)) return;
    for (const { session } of this.#links.ready) session.withdraw(root);
  }

  /** Get these pieces. Ends by `cancel`, or by the event `miss`; until then pieces come as events. */
  need(need: Need): void {
    if (this.#closed) return;
    this.cancel(need.id);
    if (need.wait <= 0) {
      this.#options.on.miss(need.id, 'deadline');
      return;
    }
    this.#wants.add(need, this.#options.clock.ticks());
    if (need.layer) this.#layers.want(need);
    for (const { session } of this.#links.ready) session.ask([need]);
    this.#replan();
    this.#ticker.start();
  }

  /** The need is over, however it ended. What was under way only for it is cancelled. */
  cancel(id: number): void {
    const need = this.#wants.get(id);
    for (const { by, root, index } of this.#wants.remove(id)) {
      if (by !== undefined) this.#links.numbered(by)?.session.downloads.release(root, index);
    }
    if (need && !this.#wants.wants(need.root)) this.#layers.end(need.root);
  }

  /**
   * What the worker found: `verified` credits peer number `from`, `mismatch` bans it (by key) for the
   * visit and asks somebody else; anything else says the piece is not wanted (any more). No index: a layer.
   */
  verdict(from: number, root: Root, index: PieceIndex | undefined, verdict: Verdict): void {
    const peer = this.#links.book.numbered(from);
    if (!peer) return;
    const piece = index === undefined ? undefined : this.#wants.find(root, index);
    const answered = piece?.state === 'delivered' && piece.by === from ? piece : undefined;
    if (verdict === 'mismatch') this.#convict(peer, answered);
    else if (answered) this.#wants.settle(answered);
    if (verdict === 'verified') peer.count({ ok: 1, bytes: answered?.size ?? 0 });
  }

  /** Contents the page will probably need: peers are asked what they hold of them. Replaces the earlier list. */
  interest(contents: readonly Content[]): void {
    this.#interest = [...contents];
    for (const { session } of this.#links.ready) session.ask(contents);
  }

  /** The tracker knows no holder of these either: needs without anybody to ask miss now. */
  absent(roots: readonly Root[]): void {
    if (this.#links.settingUp) return;
    for (const need of this.#wants.orphans) {
      if (roots.includes(need.root)) this.#miss(need, 'no-peers');
    }
  }

  /** Starts a link. False when there is one already, or none may be made (banned, full, used up, closed). */
  connect(peer: Contact, send: SendSignals): boolean {
    return !this.#closed && this.#links.connect(peer, send, this.#wants.orphans.length > 0);
  }

  /** Signals from `peer`. An offer starts a link when there is room, and is declined otherwise. */
  signal(peer: Contact, batch: SignalBatch, send: SendSignals): void {
    if (!this.#closed) this.#links.signal(peer, batch, send);
  }

  /** At 0 nothing is offered, and what is queued is refused. */
  setUploadRate(bytesPerSecond: number): void {
    this.#gate.setRate(bytesPerSecond);
    if (this.#shelf.open === bytesPerSecond > 0) return;
    this.#shelf.open = bytesPerSecond > 0;
    for (const { session } of this.#links.ready) session.announceAll();
  }

  /** Linked peers that said they hold something of any of these. */
  holders(roots: readonly Root[]): PeerStats[] {
    return holdersOf(this.#links, roots);
  }

  stats(): SwarmStats {
    return statsOf(this.#links, this.#totals);
  }

  /** Closes all links and ends all needs; the swarm can be used again, bans and bounds stay. */
  disconnect(): void {
    for (const need of [...this.#wants.needs]) this.#end(need, 'no-peers');
    for (const { session } of [...this.#links.all]) session.close('closed');
    this.#ticker.stop();
    this.#wanted.stop();
  }

  /** `disconnect`, for good. */
  close(): void {
    this.disconnect();
    this.#closed = true;
    this.#gate.close();
  }

  #eventsFor(partner: () => Partner): SessionEvents {
    const { clock, on } = this.#options;
    return {
      onReady: () => {
        this.#onReady(partner());
      },
      onHave: this.#replan.bind(this),
      onLayer: (root, hashes) => {
        if (this.#layers.end(root)) on.layer(root, hashes, partner().peer.from);
      },
      onToken: on.token.bind(on),
      onPiece: (assignment, bytes) => {
        this.#onPiece(partner(), assignment, bytes);
      },
      onRejected: (assignment, wasPromised) => {
        if (wasPromised) partner().peer.strike(clock.ticks());
        this.#reopen(assignment);
        this.#replan();
      },
      onRoom: this.#planner.assign.bind(this.#planner),
      onClose: (reason, lost) => {
        this.#onClose(partner(), reason, lost);
      },
      onFault: on.fault.bind(on),
    };
  }

  #onReady({ session, peer }: Partner): void {
    this.#options.on.linkUp(peer.info);
    session.ask([...this.#interest, ...this.#wants.needs]);
    this.#layers.review(this.#links.ready);
  }

  #onPiece({ peer }: Partner, { root, index, size }: Assignment, bytes: Bytes): void {
    const piece = this.#wants.find(root, index);
    if (!piece) {
      this.#totals.wasted += size;
      return;
    }
    piece.state = 'delivered';
    this.#options.on.piece({ root, index, from: peer.from, bytes });
  }

  #onClose(partner: Partner, reason: CloseReason, lost: readonly Assignment[]): void {
    this.#links.forget(partner);
    this.#totals.add(partner.session);
    if (reason === 'hostile') this.#links.ban(partner.peer);
    for (const assignment of lost) this.#reopen(assignment)?.tried.delete(partner.peer.from);
    this.#options.on.linkDown(partner.peer.info, reason);
    const report = partner.peer.takeReport();
    if (report) this.#options.on.report(report);
    this.#replan();
  }

  #reopen({ root, index }: Assignment): WantedPiece | undefined {
    const piece = this.#wants.find(root, index);
    if (piece) this.#wants.reopen(piece);
    return piece;
  }

  #convict(peer: PeerRecord, piece: WantedPiece | undefined): void {
    if (piece) {
      this.#wants.reopen(piece);
      this.#totals.wasted += pieceSize(piece.cut, piece.index);
    }
    this.#links.ban(peer);
    this.#replan();
  }

  #miss(need: PendingNeed, reason: MissReason): void {
    if (!need.lasting || reason === 'deadline') this.#end(need, reason);
    else if (!need.isTold) this.#options.on.miss(need.id, reason);
    need.isTold = true;
  }

  #end(need: PendingNeed, reason: MissReason): void {
    if (!this.#wants.get(need.id)) return;
    this.cancel(need.id);
    this.#options.on.miss(need.id, reason);
  }

  #replan(): void {
    this.#layers.review(this.#links.ready);
    this.#planner.assign();
    this.#planner.reviewOrphans();
  }

  #review(late: number): boolean {
    this.#layers.review(this.#links.ready);
    this.#planner.review(late);
    return this.#wants.size > 0;
  }
}
