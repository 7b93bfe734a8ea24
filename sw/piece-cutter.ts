import type { PieceIndex } from '../src/core/brands.js';
import type { Bytes } from '../src/core/bytes.js';
import { PeerfoldError } from '../src/core/errors.js';
import { pieceSize, type Cut } from '../src/core/pieces.js';

/** The origin's bytes are not the signed ones: its file was replaced, or the token is wrong. */
export function different(): PeerfoldError {
  return new PeerfoldError('bad-token', "the origin's bytes are not the signed ones");
}

/** Cuts a body that begins at a piece's start into whole pieces. Holds no more than one piece. */
export class PieceCutter {
  #index: PieceIndex;
  #piece: Bytes;
  #filled = 0;

  readonly #cut: Cut;

  constructor(cut: Cut, first: PieceIndex) {
    this.#cut = cut;
    this.#index = first;
    this.#piece = this.#fresh();
  }

  /** Bytes of a piece that is not whole yet. */
  get pending(): number {
    return this.#filled;
  }

  /**
   * Takes the next bytes; yields the pieces they complete. Bytes past the end of the representation
   * throw: the origin's file is longer than the one that was signed.
   */
  *push(chunk: Uint8Array): Generator<{ readonly index: PieceIndex; readonly bytes: Bytes }> {
    for (let at = 0; at < chunk.byteLength;) {
      if (this.#piece.byteLength === 0) throw different();
      const part = chunk.subarray(at, at + this.#piece.byteLength - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === this.#piece.byteLength) yield this.#finish();
    }
  }

  #finish(): { index: PieceIndex; bytes: Bytes } {
    const whole = { index: this.#index, bytes: this.#piece };
    this.#index = (this.#index + 1) as PieceIndex;
    this.#filled = 0;
    this.#piece = this.#fresh();
    return whole;
  }

  #fresh(): Bytes {
    // Past the end of the representation there is nothing left to fill.
    return new Uint8Array(Math.max(0, pieceSize(this.#cut, this.#index)));
  }
}
