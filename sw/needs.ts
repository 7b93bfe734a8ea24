import type { PieceIndex, Root } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import type { Clock, Timer } from '../src/core/clock.js';
import type { FallbackReason, PageMessage, Source, Verdict } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { Bridge } from './bridge.js';
import type { Page } from './page.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Layers } from './layers.js';
import { deferred } from './timers.js';

/** What the opener of an attempt wants to hear. Nothing is said after `close`. */
export interface AttemptEvents {
  onPiece(index: PieceIndex, bytes: Bytes, source: Source): void;
  onVerdict(verdict: Verdict, bytes: number): void;
}

/** One request to the swarm. Closing it makes whatever still comes inert. */
export interface Attempt {
  /** Settles, with the reason, when peers will not bring (any more of) this. */
  readonly missed: Promise<FallbackReason>;
  close(): void;
}

/** What peers are asked for. */
export interface Request {
  readonly digest: DigestClaims;
  /** First ones first. */
  readonly pieces: readonly PieceIndex[];
  /** Milliseconds that peers may take. */
  readonly wait: number;
  /** Whether all of `wait` is to be waited, though nobody is known who holds any of it. */
  readonly lasting: boolean;
  /** Milliseconds for which it says nothing that nobody is known: somebody will be. */
  readonly hope?: number | undefined;
  /** Whether nothing has been requested yet, and what comes is only to be kept. */
  readonly ahead?: boolean;
}

interface Open {
  readonly page: Page;
  readonly digest: DigestClaims;
  readonly wanted: ReadonlySet<PieceIndex>;
  readonly ahead: boolean;
  readonly events: AttemptEvents;
  readonly missed: ReturnType<typeof deferred<FallbackReason>>;
  /** Ticks until which there is hope, and what ends it. */
  readonly hopeful: number;
  giveUp: Timer;
  /** Whether the page has said anything about it. */
  answered: boolean;
  /** Pieces that came before the layer they have to be checked against: one for each wanted index. */
  readonly parked: Map<PieceIndex, PieceMessage>;
}

type PieceMessage = PageMessage & { t: 'piece' };

export interface NeedsOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly bridge: Bridge;
  readonly layers: Layers;
  readonly holdings: Holdings;
}

/**
 * The open attempts. A piece counts only when the page that sends it was asked for it, and only after
 * it was verified here; the verdict goes back so that the engine can ban or credit the peer.
 */
export class Needs {
  readonly #open = new Map<number, Open>();
  /** Hears which pieces a request gets, whoever brings them: nobody is to be asked for them ahead of it any more. */
  taken: (root: Root, pieces: readonly PieceIndex[]) => void = () => undefined;
  #strayBytes = 0;

  readonly #options: NeedsOptions;

  constructor(options: NeedsOptions) {
    this.#options = options;
  }

  /** Asks the leader for pieces; `undefined` when no page leads. */
  ask(request: Request, events: AttemptEvents): Attempt | undefined {
    const { digest, pieces, wait, lasting, hope = 0, ahead = false } = request;
    const { bridge, layers, clock } = this.#options;
    const page = bridge.leader;
    if (!page) return undefined;
    const id = bridge.newId();
    const missed = deferred<FallbackReason>();
    const wanted = new Set(pieces);
    const parked = new Map<PieceIndex, PieceMessage>();
    const state = { hopeful: clock.ticks() + hope, giveUp: undefined, answered: false, parked };
    this.#open.set(id, { page, digest, wanted, ahead, events, missed, ...state });
    const { sub: url, root, len: length, piece } = digest;
    const layer = layers.known(representationOf(digest)) === undefined;
    page.post({ t: 'need', id, url, root, length, piece, pieces, wait, layer, lasting });
    // Not before: what is under way goes on for this one.
    if (!ahead) this.taken(root, pieces);
    return { missed: missed.promise, close: () => this.#close(id) };
  }

  /** Bytes that came for nothing while no request was there to count them. */
  stray(bytes: number): void {
    this.#strayBytes += bytes;
  }

  /** Bytes that came too late or unasked since this was last called. */
  takeStrayBytes(): number {
    const bytes = this.#strayBytes;
    this.#strayBytes = 0;
    return bytes;
  }

  async piece(page: Page, message: PieceMessage): Promise<void> {
    const open = this.#wanting(page, message);
    const [first] = open;
    if (!first) {
      this.#strayBytes += message.bytes.byteLength;
      return;
    }
    for (const one of open) one.answered = true;
    const { layers } = this.#options;
    const what = representationOf(first.digest);
    await layers.load(what);
    // A page may have brought it while the disk was asked.
    if (layers.known(what)) await this.#judge(page, message);
    else this.#park(first, message);
  }

  async layer(page: Page, { root, bytes, from }: PageMessage & { t: 'layer' }): Promise<void> {
    const open = [...this.#open.values()].filter((one) => one.page === page && one.digest.root === root);
    const [first] = open;
    if (!first) return;
    const { layers } = this.#options;
    const what = representationOf(first.digest);
    const offered = await layers.offer(what, bytes);
    // Who serves a layer has checked it: a wrong one is made up.
    if (!offered && from !== undefined) page.post({ t: 'verdict', root, from, verdict: 'mismatch' });
    // And then the page did not ask the hash service.
    if (!(offered ?? (await layers.obtain(what)))) return;
    for (const one of open) {
      const parked = [...one.parked.values()];
      one.parked.clear();
      for (const message of parked) await this.#judge(page, message);
    }
  }

  miss(page: Page, id: number, reason: FallbackReason): void {
    const open = this.#open.get(id);
    if (open?.page !== page) return;
    open.answered = true;
    const { clock } = this.#options;
    const left = reason === 'no-peers' ? open.hopeful - clock.ticks() : 0;
    if (left <= 0) open.missed.resolve(reason);
    else
      open.giveUp ??= clock.setTimeout(() => {
        open.missed.resolve(reason);
      }, left);
  }

  /** The page is gone or leads no more: its attempts bring nothing any more. */
  abandon(page: Page): void {
    for (const open of this.#open.values()) if (open.page === page) open.missed.resolve('no-engine');
  }

  #close(id: number): void {
    const open = this.#open.get(id);
    if (!open) return;
    this.#open.delete(id);
    this.#options.clock.clearTimeout(open.giveUp);
    open.page.post({ t: 'cancel', id });
    for (const { bytes } of open.parked.values()) open.events.onVerdict('unsigned', bytes.byteLength);
    if (!open.answered) void this.#options.bridge.checkPresence(open.page);
  }

  #wanting(page: Page, { root, index }: { root: Root; index: PieceIndex }): Open[] {
    return [...this.#open.values()].filter(
      (one) => one.page === page && one.digest.root === root && one.wanted.has(index),
    );
  }

  /** A second piece in the same place replaces the first: parking never takes more than was asked for. */
  #park(open: Open, message: PieceMessage): void {
    const before = open.parked.get(message.index);
    if (before) open.events.onVerdict('unsigned', before.bytes.byteLength);
    open.parked.set(message.index, message);
  }

  async #judge(page: Page, message: PieceMessage): Promise<void> {
    const { root, index, from, bytes } = message;
    const [asked] = this.#wanting(page, message);
    const layer = asked && this.#options.layers.known(representationOf(asked.digest));
    if (!layer) return;
    const verdict = (await layer.matches(this.#options.sha256, index, bytes)) ? 'verified' : 'mismatch';
    page.post({ t: 'verdict', root, index, from, verdict });
    if (verdict === 'verified') this.#options.holdings.add(asked.digest, layer, index, bytes);
    const [first, ...others] = this.#wanting(page, message);
    if (!first) this.#strayBytes += bytes.byteLength;
    first?.events.onVerdict(verdict, verdict === 'verified' ? 0 : bytes.byteLength);
    if (verdict === 'mismatch') return;
    if (first?.ahead) this.#options.holdings.cameAhead(root, index);
    first?.events.onPiece(index, bytes, 'peer');
    // It crossed the network once; whoever else waits for it gets it from what we hold.
    for (const other of others) other.events.onPiece(index, bytes, 'store');
  }
}
