import type { PieceIndex } from '../src/core/brands.js';
import type { Bytes } from '../src/core/bytes.js';
import type { Source } from '../src/protocol/bridge.js';
import { deferred, type Deferred } from './timers.js';

/** A verified piece and where it came from. */
export interface Piece {
  readonly bytes: Bytes;
  readonly source: Source;
}

/**
 * Some pieces of one answer, gathered together under one deadline. Each settles once: the first
 * verified copy wins, later ones are refused.
 */
export class Batch {
  readonly #slots: Map<PieceIndex, Deferred<Piece>>;
  readonly #missing: Set<PieceIndex>;
  readonly #done = deferred<undefined>();

  constructor(readonly pieces: readonly PieceIndex[]) {
    this.#slots = new Map(pieces.map((index) => [index, deferred<Piece>()]));
    this.#missing = new Set(pieces);
    if (pieces.length === 0) this.#done.resolve(undefined);
  }

  /** Settles when every piece is here; rejects when the batch failed. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  get missing(): PieceIndex[] {
    return [...this.#missing];
  }

  isComplete(): boolean {
    return this.#missing.size === 0;
  }

  /** Nothing at all has come. */
  isUntouched(): boolean {
    return this.#missing.size === this.pieces.length;
  }

  /** Hands in a verified piece; false when it was not wanted (any more). */
  settle(index: PieceIndex, piece: Piece): boolean {
    if (!this.#missing.delete(index)) return false;
    this.#slots.get(index)?.resolve(piece);
    if (this.isComplete()) this.#done.resolve(undefined);
    return true;
  }

  /** Waits for a piece of this batch. */
  piece(index: PieceIndex): Promise<Piece> {
    return (
      this.#slots.get(index)?.promise ?? Promise.reject(new RangeError(`no piece ${index} in this batch`))
    );
  }

  /** Lets go of a piece that was handed out. */
  release(index: PieceIndex): void {
    this.#slots.delete(index);
  }

  fail(error: unknown): void {
    for (const index of this.#missing) this.#slots.get(index)?.reject(error);
    this.#done.reject(error);
  }
}
