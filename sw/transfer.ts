import type { PieceIndex } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { PeerfoldError } from '../src/core/errors.js';
import type { VerifiedLayer } from '../src/core/merkle.js';
import { pieceSize } from '../src/core/pieces.js';
import type { FallbackReason, Source, Verdict } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { Tally } from './account.js';
import { Batch, type Piece } from './batch.js';
import { fill, isDifferent } from './fill.js';
import { representationOf, type Holdings } from './holdings.js';
import { Lane, type Turn } from './lane.js';
import type { Layers } from './layers.js';
import type { Attempt, Needs } from './needs.js';
import type { Asked, Origin } from './origin.js';
import { deferred, within } from './timers.js';

/** A piece with its place. */
export type GatheredPiece = Piece & { readonly index: PieceIndex };

/** What to gather, and how patiently. */
export interface Plan {
  readonly digest: DigestClaims;
  /** In the order in which the page needs them. */
  readonly pieces: readonly PieceIndex[];
  /** Milliseconds that peers may take; 0 asks none. */
  readonly wait: number;
  /** Whether the origin gives some batches while peers give others. */
  readonly together: boolean | undefined;
  /** When store and peers bring nothing by the deadline: give up, because the origin's own answer will do. */
  readonly mayPass: boolean;
}

export interface TransferOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly layers: Layers;
  readonly holdings: Holdings;
  readonly needs: Needs;
  readonly origin: Origin;
}

/** Up to here an answer is gathered under one deadline: images, segments, slices. */
const SINGLE_BATCH = 4 * 2 ** 20;
/** Larger ones advance in steps: small enough that peers who deliver at all meet each step's deadline. */
const BATCH_BYTES = 2 ** 20;
/** What is gathered ahead of the reader; also the most memory one answer takes. */
const AHEAD_BYTES = 8 * 2 ** 20;
/** An origin that fails leaves only the peers: they get this much longer (ms). */
const ORIGIN_FAILED_WAIT = 10_000;
/** The layer from the hash service, when no page brought it (ms). */
const LAYER_WAIT = 2_000;

/**
 * Gathers the pieces of one answer. For each batch: first what the store holds, then peers until the
 * deadline (which starts when the batch before it is complete), then the origin for what is missing,
 * while peers may still win. Every piece is verified before it is settled, whatever its source.
 */
export class Transfer {
  readonly #batches: readonly Batch[];
  readonly #opening = deferred<'ready' | 'nothing'>();
  readonly #stop = new AbortController();
  readonly #lane = new Lane();
  #opened = 0;
  #reading = 0;
  #position = 0;

  readonly #options: TransferOptions;
  readonly #asked: Asked;
  readonly #plan: Plan;
  readonly #tally: Tally;

  constructor(options: TransferOptions, asked: Asked, plan: Plan, tally: Tally) {
    this.#options = options;
    this.#asked = asked;
    this.#plan = plan;
    this.#tally = tally;
    this.#batches = batchesOf(plan);
    const first = this.#batches[0];
    first?.piece(plan.pieces[0] ?? (0 as PieceIndex)).then(() => {
      this.#opening.resolve('ready');
    }, this.#opening.reject);
    asked.signal.addEventListener('abort', () => {
      this.close();
    });
    this.#openAhead();
  }

  /**
   * `ready`: the first piece is here. `nothing`: nothing came in time, nothing was or will be given out.
   * Rejects when it failed before the first piece.
   */
  opening(): Promise<'ready' | 'nothing'> {
    return this.#opening.promise;
  }

  /** The next piece in order; `undefined` after the last. */
  async next(): Promise<GatheredPiece | undefined> {
    const batch = this.#batches[this.#reading];
    const index = batch?.pieces[this.#position];
    if (!batch || index === undefined) return undefined;
    const piece = await batch.piece(index);
    batch.release(index);
    this.#position++;
    if (this.#position === batch.pieces.length) {
      this.#position = 0;
      this.#reading++;
      this.#openAhead();
    }
    return { ...piece, index };
  }

  /** Ends everything under way; what still comes is inert. */
  close(): void {
    this.#stop.abort();
    for (const batch of this.#batches) batch.fail(new PeerfoldError('origin-failed', 'closed'));
  }

  #openAhead(): void {
    const { piece } = this.#plan.digest;
    for (let batch = this.#batches[this.#opened]; batch; batch = this.#batches[this.#opened]) {
      const unread = this.#batches.slice(this.#reading, this.#opened + 1);
      const bytes = unread.reduce((sum, { pieces }) => sum + pieces.length * piece, 0);
      if (this.#opened > this.#reading && bytes > AHEAD_BYTES) return;
      const before = this.#batches[this.#opened - 1];
      this.#opened++;
      void this.#run(batch, before);
    }
  }

  async #run(batch: Batch, before: Batch | undefined): Promise<void> {
    try {
      if ((await this.#gather(batch, before)) === 'nothing') this.#opening.resolve('nothing');
    } catch (error) {
      batch.fail(error);
    }
  }

  async #gather(batch: Batch, before: Batch | undefined): Promise<'complete' | 'nothing'> {
    await this.#takeStored(batch);
    if (batch.isComplete()) return 'complete';
    if (this.#plan.together && this.#batches.length > 1) {
      await this.#gatherTogether(batch, before);
      return 'complete';
    }
    const attempt = this.#askPeers(batch, this.#plan.wait);
    try {
      const reason = attempt ? await this.#untilDue(batch, before, attempt) : 'no-engine';
      if (batch.isComplete()) return 'complete';
      if (this.#plan.wait > 0) this.#tally.fellBack(reason);
      if (!before && this.#plan.mayPass && batch.isUntouched()) return 'nothing';
      await this.#fill(batch);
      return 'complete';
    } finally {
      attempt?.close();
    }
  }

  /** As peers and origin can: the origin takes what peers have not got to. */
  async #gatherTogether(batch: Batch, before: Batch | undefined): Promise<void> {
    const turn = this.#lane.enter(!before);
    const attempt = turn.isGranted ? undefined : this.#askPeers(batch, this.#plan.wait);
    if (attempt) void this.#judgePeers(batch, before, turn);
    try {
      if (attempt) await this.#untilDue(batch, before, attempt, turn.promise);
      attempt?.close();
      if (!batch.isComplete()) await this.#fillHelped(batch, before);
    } finally {
      attempt?.close();
      this.#lane.leave(turn);
    }
  }

  /** Whether peers keep up is told by how long the reader waits for what they, and not the origin, bring. */
  async #judgePeers(batch: Batch, before: Batch | undefined, turn: Turn): Promise<void> {
    await Promise.race([before?.done, turn.promise]).catch(() => undefined);
    const over = Promise.race([batch.done, turn.promise]).catch(() => undefined);
    await within(this.#options.clock, this.#lane.patience, over);
    if (!turn.isGranted) this.#lane.judge(batch.isComplete());
  }

  /** The origin gives this batch; peers help when it is slow with the one that the reader waits for. */
  async #fillHelped(batch: Batch, before: Batch | undefined): Promise<void> {
    const filled = this.#fill(batch);
    await Promise.race([filled, before?.done]);
    await within(this.#options.clock, this.#plan.wait, filled);
    const attempt = batch.isComplete() ? undefined : this.#askPeers(batch, ORIGIN_FAILED_WAIT);
    await filled.finally(() => attempt?.close());
  }

  async #takeStored(batch: Batch): Promise<void> {
    const { digest } = this.#plan;
    const take = async (index: PieceIndex): Promise<void> => {
      const bytes = await this.#options.holdings.get(digest, index);
      if (bytes) this.#settle(batch, index, bytes, 'store');
    };
    await Promise.all(batch.pieces.map(take));
  }

  #askPeers(batch: Batch, wait: number): Attempt | undefined {
    const { digest } = this.#plan;
    if (wait <= 0 || this.#stop.signal.aborted) return undefined;
    return this.#options.needs.ask(digest, batch.missing, wait, {
      onPiece: (index: PieceIndex, bytes: Bytes, source: Source) => {
        this.#settle(batch, index, bytes, source);
      },
      onVerdict: (verdict: Verdict, wasted: number) => {
        this.#tally.judged(verdict);
        this.#tally.wasted(wasted);
      },
    });
  }

  /** Until the batch is complete, peers give up, it is `called` off, or the deadline passes; all but the first with a reason. */
  async #untilDue(
    batch: Batch,
    before: Batch | undefined,
    attempt: Attempt,
    called?: Promise<undefined>,
  ): Promise<FallbackReason> {
    const over = Promise.race([
      batch.done.then(() => undefined),
      attempt.missed,
      ...(called ? [called] : []),
    ]);
    await Promise.race([over, before?.done]);
    return (await within(this.#options.clock, this.#plan.wait, over)) ?? 'deadline';
  }

  async #fill(batch: Batch): Promise<void> {
    const { origin, sha256, holdings } = this.#options;
    const [asked, tally] = [this.#asked, this.#tally];
    const { signal } = this.#stop;
    const onPiece = (index: PieceIndex, bytes: Bytes): void => {
      holdings.add(this.#plan.digest, layer, index, bytes);
      this.#settle(batch, index, bytes, 'http');
    };
    const onWasted = tally.wasted.bind(tally);
    const layer = await this.#layer();
    tally.origin();
    try {
      await fill({ asked, layer, origin, sha256, signal, onPiece, onWasted }, batch);
    } catch (error) {
      if (isDifferent(error) || signal.aborted) throw error;
      tally.origin(true);
      await this.#peersAlone(batch, error);
    }
  }

  async #layer(): Promise<VerifiedLayer> {
    const { clock, layers } = this.#options;
    const layer = await within(clock, LAYER_WAIT, layers.obtain(representationOf(this.#plan.digest)));
    if (!layer) throw new PeerfoldError('origin-failed', 'no layer');
    return layer;
  }

  /** For the engine the deadline was the end of it: it is asked anew for what is missing. */
  async #peersAlone(batch: Batch, error: unknown): Promise<void> {
    const attempt = this.#askPeers(batch, ORIGIN_FAILED_WAIT);
    if (!attempt) throw error;
    const over = Promise.race([batch.done, attempt.missed]);
    await within(this.#options.clock, ORIGIN_FAILED_WAIT, over).finally(() => {
      attempt.close();
    });
    if (!batch.isComplete()) throw error;
  }

  #settle(batch: Batch, index: PieceIndex, bytes: Bytes, source: Source): void {
    const first = batch.settle(index, { bytes, source });
    if (!first && source !== 'store') this.#tally.wasted(bytes.byteLength);
  }
}

function batchesOf({ digest, pieces }: Plan): Batch[] {
  const cut = representationOf(digest).cut;
  const total = pieces.reduce((sum, index) => sum + pieceSize(cut, index), 0);
  const step = total <= SINGLE_BATCH ? pieces.length : Math.max(1, Math.floor(BATCH_BYTES / digest.piece));
  const batches: Batch[] = [];
  for (let at = 0; at < pieces.length; at += step) batches.push(new Batch(pieces.slice(at, at + step)));
  return batches;
}
