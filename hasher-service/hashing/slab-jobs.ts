import type { Bytes } from '../../src/core/bytes.js';
import type { SlabHashes } from '../../src/core/merkle-slab.js';
import { MIN_PIECE_LENGTH } from '../../src/core/pieces.js';

/**
 * Bytes that are handed over in one job. Hashing them takes a thread 0.4 ms, ten times what handing them
 * over costs, and every stream that is being read holds one of these.
 */
export const SLAB_LENGTH = 8 * MIN_PIECE_LENGTH;

/** Bytes of a file in one job: more, as nobody holds them. */
export const SPAN_LENGTH = 32 * MIN_PIECE_LENGTH;

/** A slab for a thread to hash: bytes whose buffer moves there, or a span of an open file. */
export type SlabJob =
  | { readonly kind: 'bytes'; readonly slab: Bytes }
  | { readonly kind: 'file'; readonly fd: number; readonly start: number; readonly length: number };

export interface SlabRequest {
  readonly id: number;
  readonly job: SlabJob;
}

/** What a thread found. `slab` is that of the job, moved back to be used again. */
export interface SlabResult {
  readonly hashes: SlabHashes;
  readonly slab?: Bytes;
}

export type SlabReply =
  | { readonly id: number; readonly result: SlabResult }
  /** The file ends within the span. */
  | { readonly id: number; readonly fault: 'short' }
  | { readonly id: number; readonly fault: 'failed'; readonly reason: string };
