import type { PieceIndex, Root } from '../core/brands.js';
import { isPieceIndex, pieceSize } from '../core/pieces.js';
import type { Content, Need } from './contract.js';

/** A piece that at least one need lists. */
export interface WantedPiece extends Content {
  readonly index: PieceIndex;
  readonly size: number;
  /** Of the needs that list it, the earliest deadline and the foremost place. */
  deadline: number;
  position: number;
  readonly needs: Set<number>;
  /** Numbers of the peers that were asked already: none is asked twice, unless its link broke. */
  readonly tried: Set<number>;
  /** Open: to be assigned. Otherwise with peer `by`, or from there with the worker for its verdict. */
  state: 'open' | 'assigned' | 'delivered';
  by: number | undefined;
}

/** A need with what the swarm found out about it. Times in milliseconds of the monotonic clock. */
export interface PendingNeed extends Need {
  readonly since: number;
  readonly deadline: number;
  /** Since when some piece has had nobody to ask; `undefined` while every piece has. */
  orphanSince: number | undefined;
  /** Reviews in a row that found it would be late. */
  late: number;
  /** Whether it was said that there are no peers for it. */
  isTold: boolean;
}

/** What the page needs and has not got: the needs, and the pieces they share. */
export class Wants {
  readonly #needs = new Map<number, PendingNeed>();
  readonly #pieces = new Map<Root, Map<PieceIndex, WantedPiece>>();

  get needs(): IterableIterator<PendingNeed> {
    return this.#needs.values();
  }

  /** The needs that list a piece that nobody can be asked for. */
  get orphans(): PendingNeed[] {
    return [...this.#needs.values()].filter(({ orphanSince }) => orphanSince !== undefined);
  }

  get size(): number {
    return this.#needs.size;
  }

  *pieces(): Generator<WantedPiece> {
    for (const ofRoot of this.#pieces.values()) yield* ofRoot.values();
  }

  *piecesOf(need: PendingNeed): Generator<WantedPiece> {
    for (const index of need.pieces) {
      const piece = this.find(need.root, index);
      if (piece) yield piece;
    }
  }

  open(): WantedPiece[] {
    return [...this.pieces()].filter((piece) => piece.state === 'open');
  }

  find(root: Root, index: PieceIndex): WantedPiece | undefined {
    return this.#pieces.get(root)?.get(index);
  }

  wants(root: Root): boolean {
    return this.#pieces.has(root);
  }

  add(need: Need, now: number): PendingNeed {
    const pending = {
      ...need,
      since: now,
      deadline: now + need.wait,
      orphanSince: undefined,
      late: 0,
      isTold: false,
    };
    this.#needs.set(need.id, pending);
    need.pieces.forEach((index, position) => {
      if (isPieceIndex(need.cut, index)) this.#want(pending, index, position);
    });
    return pending;
  }

  get(id: number): PendingNeed | undefined {
    return this.#needs.get(id);
  }

  /** Forgets a need; returns the pieces that nobody needs any more. */
  remove(id: number): WantedPiece[] {
    const need = this.#needs.get(id);
    if (!need) return [];
    this.#needs.delete(id);
    const orphans: WantedPiece[] = [];
    for (const piece of this.piecesOf(need)) {
      piece.needs.delete(id);
      if (piece.needs.size === 0) orphans.push(piece);
    }
    for (const piece of orphans) this.settle(piece);
    return orphans;
  }

  /** The piece is to be asked of somebody (else). */
  reopen(piece: WantedPiece): void {
    piece.state = 'open';
    piece.by = undefined;
  }

  /** The piece is wanted no longer: it is verified, or came from elsewhere. */
  settle({ root, index }: WantedPiece): void {
    const ofRoot = this.#pieces.get(root);
    ofRoot?.delete(index);
    if (ofRoot?.size === 0) this.#pieces.delete(root);
  }

  #want(need: PendingNeed, index: PieceIndex, position: number): void {
    const piece = this.find(need.root, index) ?? this.#create(need, index, position);
    piece.needs.add(need.id);
    piece.deadline = Math.min(piece.deadline, need.deadline);
    piece.position = Math.min(piece.position, position);
  }

  #create({ root, cut, deadline }: PendingNeed, index: PieceIndex, position: number): WantedPiece {
    const piece: WantedPiece = {
      ...{ root, cut, index, deadline, position, size: pieceSize(cut, index), state: 'open', by: undefined },
      needs: new Set(),
      tried: new Set(),
    };
    const ofRoot = this.#pieces.get(root) ?? new Map<PieceIndex, WantedPiece>();
    this.#pieces.set(root, ofRoot.set(index, piece));
    return piece;
  }
}
