import type { PieceIndex } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { PeerfoldError } from '../src/core/errors.js';
import type { VerifiedLayer } from '../src/core/merkle.js';
import type { FallbackReason, Source, Verdict } from '../src/protocol/bridge.js';
import type { Tally } from './account.js';
import type { Batch, Piece } from './batch.js';
import { fill, isDifferent } from './fill.js';
import { representationOf, type Holdings } from './holdings.js';
import { Lane } from './lane.js';
import type { Layers } from './layers.js';
import type { Attempt, Needs } from './needs.js';
import type { Asked, Origin } from './origin.js';
import { batchesOf, type Plan } from './plan.js';
import { deferred, within } from './timers.js';
import type { Turn } from './turn.js';

/** A piece with its place. */
export type GatheredPiece = Piece & { readonly index: PieceIndex };

export interface TransferOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly layers: Layers;
  readonly holdings: Holdings;
  readonly needs: Needs;
  readonly origin: Origin;
}

/** What is gathered ahead of the reader; also the most memory one answer takes. */
const AHEAD_BYTES = 8 * 2 ** 20;
/** An origin that fails leaves only the peers: they get this much longer (ms). */
const ORIGIN_FAILED_WAIT = 10_000;
/** An origin that takes longer (ms) gets help of peers, */
const HELP_AFTER = 1500;
/** who may turn up within this time (ms), if it takes as long as that. */
const HELP_WAIT = 300_000;
/** The layer from the hash service, when no page brought it (ms). */
const LAYER_WAIT = 2_000;

/**
 * Gathers the pieces of one answer. For each batch: first what the store holds, then peers until the
 * deadline (which starts when the batch before it is complete), then the origin for what is missing. While
 * that is slow, peers may still win. Every piece is verified before it is settled, whatever its source.
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

  /** Once an answer is passed on, it is the origin's to the end: one that is slow is better helped. */
  get #mayPass(): boolean {
    return this.#plan.mayPass && !this.#isSlow;
  }

  get #isSlow(): boolean {
    return this.#plan.slow === true || this.#options.origin.traffic.isSlow;
  }

  /** Without a layer it was not the origin that failed, and what peers bring is of no use either. */
  get #isVerifiable(): boolean {
    return this.#options.layers.known(representationOf(this.#plan.digest)) !== undefined;
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
    const isLasting = this.#isSlow || this.#plan.lasting !== undefined;
    const attempt = isLasting ? this.#askLasting(batch) : this.#askPeers(batch, this.#plan.wait);
    // Peers are given no time where the store was to have all of it.
    const unasked = this.#plan.wait > 0 ? 'no-engine' : 'store-failed';
    try {
      const reason = attempt ? await this.#untilDue(batch, before, attempt) : unasked;
      if (batch.isComplete()) return 'complete';
      this.#tally.fellBack(reason);
      if (!before && this.#mayPass && batch.isUntouched()) return 'nothing';
      await this.#fillHelped(batch, before, attempt && isLasting ? reason : undefined);
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

  /**
   * The origin gives this batch; peers help when it is slow with the one that the reader waits for, and are
   * all there is when it fails. `helped`: they were asked to already, and have not brought it so far for this
   * reason.
   */
  async #fillHelped(batch: Batch, before: Batch | undefined, helped?: FallbackReason): Promise<void> {
    const filled = this.#fill(batch, helped);
    let help: Attempt | undefined;
    try {
      await Promise.race([filled, before?.done]);
      if (!this.#isSlow) await within(this.#options.clock, HELP_AFTER, filled);
      if (!batch.isComplete() && !helped) help = this.#askLasting(batch);
      await filled;
    } catch (error) {
      if (isDifferent(error) || this.#stop.signal.aborted || !this.#isVerifiable) throw error;
      this.#tally.origin(true);
      await this.#peersAlone(batch, error);
    } finally {
      help?.close();
    }
  }

  async #takeStored(batch: Batch): Promise<void> {
    const { digest } = this.#plan;
    const take = async (index: PieceIndex): Promise<void> => {
      const bytes = await this.#options.holdings.get(digest, index);
      if (bytes) this.#settle(batch, index, bytes, 'store');
    };
    await Promise.all(batch.pieces.map(take));
  }

  /** Peers who hold it may turn up for as long as the origin takes. */
  #askLasting(batch: Batch): Attempt | undefined {
    return this.#plan.wait > 0 ? this.#askPeers(batch, HELP_WAIT, true) : undefined;
  }

  #askPeers(batch: Batch, wait: number, lasting = false): Attempt | undefined {
    const { digest, lasting: hope } = this.#plan;
    if (wait <= 0 || this.#stop.signal.aborted) return undefined;
    const request = { digest, pieces: batch.missing, wait, lasting, hope };
    return this.#options.needs.ask(request, {
      onPiece: this.#settle.bind(this, batch),
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
    const calls = called ? [called] : [];
    const over = Promise.race([batch.done.then(() => undefined), attempt.missed, ...calls]);
    await Promise.race([over, before?.done]);
    return (await within(this.#options.clock, this.#plan.wait, over)) ?? 'deadline';
  }

  /**
   * Images that nobody sees yet wait for their turn at a slow origin: first those that nobody holds, then those that
   * peers are only late with. A player that has waited for peers can wait no longer.
   */
  #fill(batch: Batch, helped?: FallbackReason): Promise<void> {
    const work = (): Promise<void> => this.#fillNow(batch);
    if (this.#asked.route.kind !== 'image' || this.#plan.wait <= 0) return work();
    return this.#options.origin.queue.take(work, {
      over: batch.done,
      patient: helped === 'deadline',
      slow: this.#isSlow,
    });
  }

  async #fillNow(batch: Batch): Promise<void> {
    const { origin, sha256, holdings, needs } = this.#options;
    const [asked, tally] = [this.#asked, this.#tally];
    const onPiece = (index: PieceIndex, bytes: Bytes): void => {
      holdings.add(this.#plan.digest, layer, index, bytes);
      this.#settle(batch, index, bytes, 'http');
    };
    const onWasted = tally.wasted.bind(tally);
    const layer = await this.#layer();
    tally.origin();
    needs.taken(this.#plan.digest.root, batch.missing);
    await fill({ asked, layer, origin, sha256, signal: this.#stop.signal, onPiece, onWasted }, batch);
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
