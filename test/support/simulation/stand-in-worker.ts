import { Bitfield } from '../../../src/core/bitfield.js';
import type { PieceIndex, Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { VerifiedLayer } from '../../../src/core/merkle.js';
import { pieceCount, pieceSize } from '../../../src/core/pieces.js';
import type { Verdict } from '../../../src/protocol/bridge.js';
import type { ReceivedPiece, Need } from '../../../src/peer/contract.js';
import { sha256 } from '../sha256.js';
import type { PacedOrigin } from './paced-origin.js';
import type { SiteFile } from './site-file.js';

/** Milliseconds that a verdict and a read of the store take. */
const WORKER_DELAY = 1;
/** Milliseconds that the hash service takes. */
export const HASHER_DELAY = 50;
/** What is held is told once per burst of pieces (ms). */
const TELL_DELAY = 40;

/** The page's engine, as the worker sees it. */
export interface Engine {
  need(need: Need): void;
  cancel(id: number): void;
  verdict(from: number, root: Root, index: PieceIndex | undefined, verdict: Verdict): void;
  held(file: SiteFile, bits: Bitfield): void;
}

/** What one visitor holds of one file, verified. */
interface Held {
  readonly file: SiteFile;
  readonly bits: Bitfield;
  readonly pieces: Map<PieceIndex, Bytes>;
  layer: VerifiedLayer | undefined;
}

/** One answer to the page, from its request to its end. Times are the clock's ticks. */
export class Transfer {
  readonly missing: Set<PieceIndex>;
  /** Bytes by source. */
  readonly bytes = { peer: 0, store: 0, http: 0 };
  readonly parked = new Map<PieceIndex, ReceivedPiece>();
  /** When the origin was asked, and for how many bytes. */
  http: { readonly at: number; readonly bytes: number } | undefined;
  missedAt: number | undefined;
  endedAt: number | undefined;
  /** The visitor left before it was over. */
  abandoned = false;
  stop: () => void = () => undefined;
  timer: Timer;

  constructor(
    readonly id: number,
    readonly file: SiteFile,
    readonly since: number,
    readonly wait: number,
  ) {
    this.missing = new Set(file.indexes);
  }

  get open(): boolean {
    return this.endedAt === undefined && !this.abandoned;
  }
}

/**
 * What `sw/` does for one visitor, without streams, ports and statements: takes what is stored, asks
 * peers until the deadline or a miss, then the origin for the rest; verifies every piece with the real
 * Merkle code, whatever its source; offers what is verified.
 */
export class StandInWorker {
  readonly transfers: Transfer[] = [];
  readonly #held = new Map<Root, Held>();
  readonly #untold = new Set<Root>();
  #tell: Timer;
  /** Bytes of pieces that are being read to be uploaded, and the most that ever were. */
  #reading = 0;
  mostReading = 0;

  constructor(
    private readonly clock: Clock,
    private readonly origin: PacedOrigin,
    private readonly engine: Engine,
  ) {}

  /** The page requests `file`; peers may take `wait` ms. */
  request(file: SiteFile, wait: number): Transfer {
    const transfer = new Transfer(this.transfers.length + 1, file, this.clock.ticks(), wait);
    this.transfers.push(transfer);
    const held = this.#of(file);
    for (const [index, bytes] of held.pieces) this.#settle(transfer, index, bytes, 'store');
    if (!transfer.open) return transfer;
    transfer.timer = this.clock.setTimeout(() => {
      this.#fill(transfer);
    }, wait);
    const { root, cut } = file;
    const pieces = [...transfer.missing];
    this.engine.need({ id: transfer.id, root, cut, pieces, wait, layer: held.layer === undefined });
    return transfer;
  }

  /** The bytes of a file that was transferred whole. */
  answer(file: SiteFile): Bytes[] {
    const { pieces } = this.#of(file);
    return file.indexes.map((index) => pieces.get(index) ?? new Uint8Array());
  }

  piece(piece: ReceivedPiece): void {
    const [first] = this.#wanting(piece);
    if (!first) return;
    if (this.#of(first.file).layer) void this.#judge(piece);
    else first.parked.set(piece.index, piece);
  }

  /** A layer that may be made up: the hash service is asked then. */
  async layer(root: Root, bytes: Bytes, from?: number): Promise<void> {
    const held = this.#held.get(root);
    if (!held || held.layer) return;
    held.layer = await VerifiedLayer.check(sha256, root, held.file.cut, bytes);
    if (held.layer) this.#judgeParked(root);
    else {
      if (from !== undefined) this.engine.verdict(from, root, undefined, 'mismatch');
      this.#askHasher(held.file);
    }
  }

  miss(id: number): void {
    const transfer = this.transfers[id - 1];
    if (!transfer?.open) return;
    transfer.missedAt = this.clock.ticks();
    this.#fill(transfer);
  }

  /** Answers the engine that wants to upload. */
  read(root: Root, index: PieceIndex): Promise<Bytes | undefined> {
    const copy = this.#held.get(root)?.pieces.get(index)?.slice();
    const size = copy?.byteLength ?? 0;
    this.#reading += size;
    this.mostReading = Math.max(this.mostReading, this.#reading);
    return new Promise((resolve) => {
      this.clock.setTimeout(() => {
        this.#reading -= size;
        resolve(copy);
      }, WORKER_DELAY);
    });
  }

  /** The visitor leaves the site. */
  close(): void {
    this.clock.clearTimeout(this.#tell);
    for (const transfer of this.transfers) {
      if (transfer.open) transfer.abandoned = true;
      this.#stop(transfer);
    }
  }

  #of(file: SiteFile): Held {
    const { root, cut } = file;
    const layer = VerifiedLayer.ofSinglePiece(root, cut);
    const held = this.#held.get(root) ?? {
      ...{ file, bits: new Bitfield(pieceCount(cut)), layer },
      pieces: new Map<PieceIndex, Bytes>(),
    };
    this.#held.set(root, held);
    return held;
  }

  #wanting({ root, index }: Pick<ReceivedPiece, 'root' | 'index'>): Transfer[] {
    return this.transfers.filter(
      (transfer) => transfer.open && transfer.file.root === root && transfer.missing.has(index),
    );
  }

  #judgeParked(root: Root): void {
    for (const transfer of this.transfers) {
      if (transfer.file.root !== root) continue;
      for (const piece of transfer.parked.values()) void this.#judge(piece);
      transfer.parked.clear();
    }
  }

  async #judge(piece: ReceivedPiece): Promise<void> {
    await new Promise<void>((done) => this.clock.setTimeout(done, WORKER_DELAY));
    const { root, index, from, bytes } = piece;
    const held = this.#held.get(root);
    if (!held?.layer || this.#wanting(piece).length === 0) return;
    const isRight = await held.layer.matches(sha256, index, bytes);
    this.engine.verdict(from, root, index, isRight ? 'verified' : 'mismatch');
    if (isRight) this.#keep(held, index, bytes, 'peer');
  }

  #keep(held: Held, index: PieceIndex, bytes: Bytes, source: 'peer' | 'http'): void {
    if (held.bits.set(index)) held.pieces.set(index, bytes);
    this.#untold.add(held.file.root);
    this.#tell ??= this.clock.setTimeout(() => {
      this.#tell = undefined;
      this.#tellHeld();
    }, TELL_DELAY);
    const [first, ...others] = this.#wanting({ root: held.file.root, index });
    if (first) this.#settle(first, index, bytes, source);
    for (const other of others) this.#settle(other, index, bytes, 'store');
  }

  #tellHeld(): void {
    for (const root of this.#untold) {
      const held = this.#held.get(root);
      if (held) this.engine.held(held.file, held.bits);
    }
    this.#untold.clear();
  }

  #settle(transfer: Transfer, index: PieceIndex, bytes: Bytes, source: 'peer' | 'http' | 'store'): void {
    if (!transfer.missing.delete(index)) return;
    transfer.bytes[source] += bytes.byteLength;
    if (transfer.missing.size > 0) return;
    transfer.endedAt = this.clock.ticks();
    this.#stop(transfer);
  }

  #stop(transfer: Transfer): void {
    this.clock.clearTimeout(transfer.timer);
    transfer.stop();
    this.engine.cancel(transfer.id);
  }

  /** Asks the origin for what is missing, while peers may still win. */
  #fill(transfer: Transfer): void {
    if (!transfer.open || transfer.http) return;
    this.clock.clearTimeout(transfer.timer);
    const { file, missing } = transfer;
    const bytes = [...missing].reduce((sum, index) => sum + pieceSize(file.cut, index), 0);
    transfer.http = { at: this.clock.ticks(), bytes };
    const held = this.#of(file);
    transfer.stop = this.origin.fetch(file, [...missing], (index, piece) => {
      this.#keep(held, index, piece, 'http');
    });
    // It answers before the origin does.
    this.#askHasher(file);
  }

  #askHasher({ root, layer }: SiteFile): void {
    this.clock.setTimeout(() => void this.layer(root, layer), HASHER_DELAY);
  }
}
