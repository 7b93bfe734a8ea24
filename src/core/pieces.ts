import type { ByteLength, PieceIndex } from './brands.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Size of a Merkle leaf, fixed by BEP 52. */
export const LEAF_LENGTH = (16 * KIB) as ByteLength;

export const MIN_PIECE_LENGTH = (64 * KIB) as ByteLength;
export const MAX_PIECE_LENGTH = MIB as ByteLength;

/** Up to here a piece is 64 KiB: small files want their first verified byte soon. */
const SMALL_CONTENT = 4 * MIB;
/** Up to here a piece is 256 KiB, the fastest size measured for video files. */
const MEDIUM_CONTENT = 64 * MIB;

/** The piece length signed for a representation of `length` bytes. */
export function pieceLengthFor(length: ByteLength): ByteLength {
  if (length <= SMALL_CONTENT) return MIN_PIECE_LENGTH;
  return (length <= MEDIUM_CONTENT ? 256 * KIB : MAX_PIECE_LENGTH) as ByteLength;
}

/** Whether `piece` is a piece length anyone may sign: a power-of-two multiple of the leaf, within bounds. */
export function isPieceLength(piece: unknown): piece is ByteLength {
  if (typeof piece !== 'number' || !Number.isSafeInteger(piece)) return false;
  return piece >= MIN_PIECE_LENGTH && piece <= MAX_PIECE_LENGTH && Number.isInteger(Math.log2(piece));
}

/** How one representation is cut: its length and its piece length, both signed. */
export interface Cut {
  readonly length: ByteLength;
  readonly piece: ByteLength;
}

/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function pieceCount({ length, piece }: Cut): number {
  return Math.ceil(length / piece);
}

export function isPieceIndex(cut: Cut, index: unknown): index is PieceIndex {
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < pieceCount(cut);
}

/** The bytes that piece `index` covers; the last piece may be short. */
export function pieceSpan({ length, piece }: Cut, index: PieceIndex): Span {
  const start = index * piece;
  return { start, end: Math.min(start + piece, length) };
}

export function pieceSize(cut: Cut, index: PieceIndex): ByteLength {
  const { start, end } = pieceSpan(cut, index);
  return (end - start) as ByteLength;
}

/** Indexes of all pieces that overlap `span`, in order; what lies outside the representation has none. */
export function piecesOf({ length, piece }: Cut, span: Span): PieceIndex[] {
  const start = Math.max(span.start, 0);
  const end = Math.min(span.end, length);
  if (!(start < end)) return [];
  const first = Math.floor(start / piece);
  return Array.from({ length: Math.ceil(end / piece) - first }, (_, i) => (first + i) as PieceIndex);
}
