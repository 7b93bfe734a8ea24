import { BoundedMap } from '../core/bounded-map.js';
import type { Bytes } from '../core/bytes.js';
import type { Root, UrlHash } from '../core/brands.js';
import { chunksOf } from '../core/chunks.js';
import type { Clock, Timer } from '../core/clock.js';
import { Flow } from '../core/flow.js';
import { MAX_ASK_ROOTS } from '../core/limits.js';
import { HASH_LENGTH } from '../core/merkle.js';
import { pieceCount, pieceSize, type Cut } from '../core/pieces.js';
import {
  decodeFrame,
  encodeFrame,
  MAX_HAVE_PIECES,
  MAX_LAYER_BYTES,
  PEER_PROTOCOL_VERSION,
  type Frame,
} from '../protocol/peer.js';
import type { Content, UploadSource } from './contract.js';
import { ControlBudget } from './control-budget.js';
import { Downloads, type Assignment, type Judgement } from './downloads.js';
import { Holdings, MAX_ASKED } from './holdings.js';
import type { CloseReason, Link } from './link.js';
import type { Shelf } from './shelf.js';
import { Statements } from './statements.js';
import type { UploadGate } from './upload-gate.js';
import { UploadQueue } from './upload-queue.js';

/** How long (ms) a link may take to open and say hello: ICE gives up in less. */
const HELLO_PATIENCE = 15_000;
/** What a session tells its owner. */
export interface SessionEvents {
  /** Both sides have said hello. */
  readonly onReady: () => void;
  /** The peer said what it holds of a root. */
  readonly onHave: (root: Root) => void;
  readonly onLayer: (root: Root, hashes: Bytes) => void;
  readonly onToken: (url: UrlHash, token: string) => void;
  readonly onPiece: (assignment: Assignment, bytes: Bytes) => void;
  /** The peer will not give a piece, though it had said that it holds it (`wasPromised`), or without. */
  readonly onRejected: (assignment: Assignment, wasPromised: boolean) => void;
  readonly onRoom: () => void;
  /** The last event; `lost` are the pieces that were under way. */
  readonly onClose: (reason: CloseReason, lost: readonly Assignment[]) => void;
  readonly onFault: (error: unknown) => void;
}

export interface SessionOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly shelf: Shelf;
  readonly source: UploadSource;
  readonly gate: UploadGate;
  readonly events: SessionEvents;
}

/**
 * The conversation on one link. Nothing the peer says is believed: what it sends is measured against
 * the signed cut of roots that we asked for, and anything else closes the link.
 */
export class Session {
  readonly downloads: Downloads;
  /** Payload. */
  readonly sent: Flow;
  /** What the peer said it holds. */
  readonly holdings: Holdings;
  /** What is signed, as far as each side has sought it of the other. */
  readonly statements: Statements;
  readonly #options: SessionOptions;
  readonly #uploads: UploadQueue;
  readonly #control: ControlBudget;
  readonly #askers = new BoundedMap<Root, true>(MAX_ASKED);
  readonly #layersAsked = new Map<Root, Cut>();
  #helloTimer: Timer;
  #ready = false;
  #usedAt: number;

  constructor(options: SessionOptions) {
    const { link, clock, shelf, source, gate, events } = options;
    this.#options = options;
    const send = this.#send.bind(this);
    this.#usedAt = clock.ticks();
    this.sent = new Flow(clock);
    this.holdings = new Holdings(clock);
    this.#control = new ControlBudget(clock, link);
    this.downloads = new Downloads({
      clock,
      send,
      onPiece: events.onPiece,
      onRejected: (assignment) => {
        const { root, index } = assignment;
        const wasPromised = this.holdings.has(root, index);
        this.holdings.lacks(root, index);
        events.onRejected(assignment, wasPromised);
      },
      onRoom: events.onRoom,
    });
    this.statements = new Statements({ shelf, send, onToken: events.onToken });
    this.#uploads = new UploadQueue({
      link,
      gate,
      source,
      onSent: (bytes) => {
        this.sent.add(bytes);
        this.#usedAt = clock.ticks();
      },
      onFault: events.onFault,
    });
    this.#start();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Milliseconds since payload last went either way. */
  get idle(): number {
    return this.downloads.inFlight > 0 ? 0 : this.#options.clock.ticks() - this.#usedAt;
  }

  /** Whether the peer has asked for something that we hold. */
  get mayServe(): boolean {
    return [...this.#askers.keys()].some((root) => this.#options.shelf.find(root));
  }

  /** Asks what the peer holds of these; those that were asked before are skipped. */
  ask(contents: Iterable<Content>): void {
    const roots = this.holdings.asking(contents);
    for (const some of chunksOf(roots, MAX_ASK_ROOTS)) {
      this.#send({ type: 'ask', layers: false, roots: some });
    }
  }

  /** Asks for the layer of a root, too. */
  askLayer(content: Content): void {
    this.holdings.asking([content]);
    this.#layersAsked.set(content.root, content.cut);
    this.#send({ type: 'ask', layers: true, roots: [content.root] });
  }

  /** Tells the peer what we hold of a root now, if it asked for it. */
  announce(root: Root): void {
    if (this.#ready && this.#askers.has(root)) this.#sendHave(root);
  }

  /** Stops uploading a root at once and says that we hold nothing of it. */
  withdraw(root: Root): void {
    // In this order: refusing what is announced looks like a lie.
    this.announce(root);
    this.#uploads.drop(root);
  }

  /** Announces everything anew: the shelf was opened or closed. */
  announceAll(): void {
    for (const root of this.#askers.keys()) this.withdraw(root);
  }

  close(reason: CloseReason): void {
    if (this.#ready && reason === 'closed') this.#send({ type: 'bye' });
    this.#options.link.close(reason);
  }

  #start(): void {
    const { link, clock } = this.#options;
    this.#helloTimer = clock.setTimeout(() => {
      link.close('timeout');
    }, HELLO_PATIENCE);
    link.listen({
      onOpen: () => {
        this.#send({ type: 'hello', version: PEER_PROTOCOL_VERSION });
      },
      onFrame: (bytes) => {
        this.#onBytes(bytes);
      },
      onDrain: () => {
        this.#uploads.resume();
      },
      onClose: (reason) => {
        this.#onClose(reason);
      },
    });
  }

  #onClose(reason: CloseReason): void {
    this.#clearHelloTimer();
    this.#ready = false;
    this.#uploads.close();
    this.#options.events.onClose(reason, this.downloads.close());
  }

  #clearHelloTimer(): void {
    if (this.#helloTimer !== undefined) this.#options.clock.clearTimeout(this.#helloTimer);
    this.#helloTimer = undefined;
  }

  #send(frame: Frame): void {
    this.#options.link.send(encodeFrame(frame));
  }

  #onBytes(bytes: Bytes): void {
    const frame = decodeFrame(bytes);
    if (!frame || (frame.type !== 'data' && this.#control.frame() === 'hostile')) {
      this.close('hostile');
    } else if (!this.#ready) {
      this.#onFirst(frame);
    } else if (this.#judge(frame) === 'hostile') {
      this.close('hostile');
    }
  }

  #onFirst(frame: Frame): void {
    if (frame.type !== 'hello') {
      this.close('hostile');
    } else if (frame.version !== PEER_PROTOCOL_VERSION) {
      this.close('version');
    } else {
      this.#clearHelloTimer();
      this.#ready = true;
      this.#options.events.onReady();
    }
  }

  #judge(frame: Frame): Judgement {
    switch (frame.type) {
      case 'hello':
        return 'hostile';
      case 'ask':
        return this.#onAsk(frame.roots, frame.layers);
      case 'have':
        return this.#onHave(frame.root, frame.pieces, frame.bits);
      case 'request':
        return this.#onRequest(frame);
      case 'data':
        this.#usedAt = this.#options.clock.ticks();
        return this.downloads.onData(frame);
      case 'cancel':
        this.#uploads.cancel(frame.id);
        return 'fine';
      case 'reject':
        return this.downloads.onReject(frame.id);
      case 'seek':
        return this.#control.answer(this.statements.onSeek(frame.urls));
      case 'token':
        return this.statements.onToken(frame.url, frame.token);
      case 'layer':
        return this.#onLayer(frame.root, frame.hashes);
      case 'bye':
        this.#options.link.close('bye');
        return 'fine';
    }
  }

  #onAsk(roots: readonly Root[], layers: boolean): Judgement {
    for (const root of roots) {
      this.#askers.set(root, true);
      if (this.#control.answer(this.#sendHave(root)) === 'hostile') return 'hostile';
      const layer = this.#options.shelf.find(root)?.layer;
      if (layers && layer && layer.byteLength <= MAX_LAYER_BYTES) this.#uploads.addLayer(root, layer);
    }
    return 'fine';
  }

  /** Sends what we hold of a root; returns how many bytes that takes. */
  #sendHave(root: Root): number {
    const field = this.#options.shelf.find(root)?.bits;
    const told = field && field.length <= MAX_HAVE_PIECES ? field : undefined;
    const bits = told?.toBytes() ?? new Uint8Array();
    this.#send({ type: 'have', root, pieces: told?.length ?? 0, bits });
    return bits.byteLength;
  }

  #onHave(root: Root, pieces: number, bits: Bytes): Judgement {
    const judgement = this.holdings.told(root, pieces, bits);
    if (judgement === 'fine') this.#options.events.onHave(root);
    return judgement;
  }

  #onRequest(frame: Frame & { type: 'request' }): Judgement {
    const offered = this.#options.shelf.find(frame.root);
    if (offered?.bits.has(frame.piece)) {
      return this.#uploads.add(frame, pieceSize(offered.cut, frame.piece)) ? 'fine' : 'hostile';
    }
    this.#send({ type: 'reject', id: frame.id });
    return 'fine';
  }

  #onLayer(root: Root, hashes: Bytes): Judgement {
    const cut = this.#layersAsked.get(root);
    if (!cut || hashes.byteLength !== pieceCount(cut) * HASH_LENGTH) return 'hostile';
    this.#layersAsked.delete(root);
    this.#options.events.onLayer(root, hashes);
    return 'fine';
  }
}
