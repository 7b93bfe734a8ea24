import { createHash } from 'node:crypto';
import { Bitfield } from '../../src/core/bitfield.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { ByteLength, PeerId, PieceIndex, Root, UrlHash } from '../../src/core/brands.js';
import { pieceCount, pieceLengthFor, pieceSize, type Cut } from '../../src/core/pieces.js';
import type {
  Contact,
  Need,
  PeerInfo,
  PeerReport,
  ReceivedPiece,
  SendSignals,
  SwarmOptions,
} from '../../src/peer/contract.js';
import type { Clock } from '../../src/core/clock.js';
import type { LinkFactory } from '../../src/peer/link.js';
import { Swarm } from '../../src/peer/swarm.js';
import { decodeFrame, type RequestFrame } from '../../src/protocol/peer.js';
import type { AccessOptions } from './memory-access.js';
import { MemoryNetwork } from './memory-link.js';
import { seededRandom } from './random.js';

/** Divides no block and no frame, so that bytes in the wrong place are wrong bytes. */
const TILE = 4099;

/** A representation whose bytes follow from its name, so that huge ones cost nothing until they are read. */
export class Content {
  readonly root: Root;
  readonly cut: Cut;

  constructor(
    readonly name: string,
    length: number,
    piece: number = pieceLengthFor(length as ByteLength),
  ) {
    this.root = createHash('sha256').update(name).digest('hex') as Root;
    this.cut = { length: length as ByteLength, piece: piece as ByteLength };
  }

  get indexes(): PieceIndex[] {
    return Array.from({ length: pieceCount(this.cut) }, (_, i) => i as PieceIndex);
  }

  /** A tile that follows from name and index, over and over, its beginning changed by its place. */
  bytesOf(index: PieceIndex): Bytes {
    const bytes = new Uint8Array(pieceSize(this.cut, index));
    const seed = createHash('sha256').update(`${this.name} ${index}`).digest();
    const tile = Uint8Array.from({ length: TILE }, (_, i) => (seed[i % 32] ?? 0) + (i >> 5));
    for (let at = 0; at < bytes.byteLength; at += TILE) {
      bytes.set(tile.subarray(0, Math.min(TILE, bytes.byteLength - at)), at);
      bytes[at] = at / TILE;
    }
    return bytes;
  }
}

export interface VisitorOptions extends AccessOptions {
  readonly uploadRate?: number;
  readonly swarm?: Partial<SwarmOptions>;
  /** What this visitor answers to a read, instead of the right bytes. */
  readonly read?: (right: Bytes, index: PieceIndex) => Bytes | undefined;
  /** Milliseconds that the worker takes for a read or a verdict. */
  readonly workerDelay?: number;
}

/** One page with its worker: a swarm, and the checks and the store behind it. */
export class Visitor implements Contact {
  readonly pid: PeerId;
  readonly key: string;
  readonly swarm: Swarm;
  readonly held = new Map<Root, { content: Content; bits: Bitfield }>();
  readonly known = new Map<Root, Content>();
  readonly misses: { id: number; reason: string }[] = [];
  readonly wanted: Root[][] = [];
  readonly pieces: ReceivedPiece[] = [];
  readonly layers: { readonly root: Root; readonly from: number }[] = [];
  readonly tokens: { readonly url: UrlHash; readonly token: string }[] = [];
  readonly ups: PeerInfo[] = [];
  readonly downs: { peer: PeerInfo; reason: string }[] = [];
  readonly reports: PeerReport[] = [];
  readonly faults: unknown[] = [];
  /** Requests that left this visitor, as the wire saw them. */
  readonly requests: RequestFrame[] = [];

  constructor(
    private readonly town: Town,
    number: number,
    private readonly options: VisitorOptions,
  ) {
    this.pid = `visitor-${String(number).padStart(4, '0')}` as PeerId;
    this.key = `key-${String(number).padStart(4, '0')}`;
    this.swarm = new Swarm({
      clock: town.clock,
      random: seededRandom(number),
      key: this.key,
      factory: this.#factory(),
      uploads: { read: (root, index) => this.#read(root, index) },
      uploadRate: options.uploadRate ?? 1e9,
      on: {
        piece: (piece) => {
          this.#check(piece);
        },
        layer: (root, _, from) => this.layers.push({ root, from }),
        token: (url, token) => this.tokens.push({ url, token }),
        miss: (id, reason) => this.misses.push({ id, reason }),
        wanted: (roots) => this.wanted.push([...roots]),
        linkUp: (peer) => this.ups.push(peer),
        linkDown: (peer, reason) => this.downs.push({ peer, reason }),
        report: (report) => this.reports.push(report),
        fault: (error) => this.faults.push(error),
      },
      ...options.swarm,
    });
  }

  /** Whether every piece of `content` is here, verified. */
  has(content: Content): boolean {
    return this.held.get(content.root)?.bits.complete ?? false;
  }

  holdAll(content: Content): void {
    this.hold(content, content.indexes);
  }

  hold(content: Content, indexes: readonly PieceIndex[], layer?: Bytes): void {
    const held = this.held.get(content.root) ?? { content, bits: new Bitfield(pieceCount(content.cut)) };
    this.held.set(content.root, held);
    for (const index of indexes) held.bits.set(index);
    this.swarm.share(content.root, content.cut, held.bits, layer);
  }

  need(content: Content, need: Partial<Need> = {}): void {
    this.known.set(content.root, content);
    const { root, cut, indexes } = content;
    this.swarm.need({ id: 1, root, cut, pieces: indexes, wait: 60_000, layer: false, ...need });
  }

  /** As the tracker would: tells this visitor of the other one. */
  meet(other: Visitor): boolean {
    return this.swarm.connect(contactOf(other), this.#sender(other));
  }

  #sender(other: Visitor): SendSignals {
    return (batch) => {
      this.town.clock.setTimeout(() => {
        other.swarm.signal(contactOf(this), batch, other.#sender(this));
      }, 1);
    };
  }

  #factory(): LinkFactory {
    const { corrupt } = this.options;
    return this.town.network.visitor({
      ...this.options,
      corrupt: (frame) => {
        const parsed = decodeFrame(frame);
        if (parsed?.type === 'request') this.requests.push(parsed);
        return corrupt ? corrupt(frame) : frame;
      },
    });
  }

  #read(root: Root, index: PieceIndex): Promise<Bytes | undefined> {
    const right = this.held.get(root)?.content.bytesOf(index);
    const bytes = right && this.options.read ? this.options.read(right, index) : right;
    return new Promise((resolve) => {
      this.town.clock.setTimeout(() => {
        resolve(bytes);
      }, this.options.workerDelay ?? 1);
    });
  }

  #check(piece: ReceivedPiece): void {
    this.pieces.push(piece);
    const { root, index, from, bytes } = piece;
    const content = this.known.get(root);
    const right = content !== undefined && Buffer.compare(bytes, content.bytesOf(index)) === 0;
    this.town.clock.setTimeout(() => {
      this.swarm.verdict(from, root, index, right ? 'verified' : 'mismatch');
      if (right) this.hold(content, [index]);
    }, this.options.workerDelay ?? 1);
  }
}

function contactOf({ pid, key }: Visitor): Contact {
  return { pid, key };
}

function isLinked({ swarm }: Visitor, { key }: Visitor): boolean {
  return swarm.stats().peers.some((peer) => peer.key === key && peer.open);
}

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  advance(ms: number): Promise<void>;
}

/** Visitors on one network and one clock. */
export class Town {
  readonly network: MemoryNetwork;
  readonly visitors: Visitor[] = [];

  constructor(readonly clock: TestClock) {
    this.network = new MemoryNetwork(clock);
  }

  visitor(options: VisitorOptions = {}): Visitor {
    const visitor = new Visitor(this, this.visitors.length, { latency: 5, ...options });
    this.visitors.push(visitor);
    return visitor;
  }

  /** Links `visitor` to each of the others, one after the other. */
  async link(visitor: Visitor, ...others: Visitor[]): Promise<void> {
    for (const other of others) {
      if (!visitor.meet(other)) throw new Error(`${visitor.pid} makes no link to ${other.pid}`);
      await this.until(() => isLinked(visitor, other) && isLinked(other, visitor));
    }
  }

  /** Lets time pass until `done`; returns the milliseconds it took. Throws after `limit` of them. */
  async until(done: () => boolean, limit = 60_000): Promise<number> {
    const since = this.clock.ticks();
    while (!done()) {
      if (this.clock.ticks() - since > limit) throw new Error(`did not happen within ${limit} ms`);
      await this.clock.advance(20);
    }
    return this.clock.ticks() - since;
  }

  close(): void {
    for (const { swarm } of this.visitors) swarm.close();
  }
}
