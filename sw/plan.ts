import type { PieceIndex } from '../src/core/brands.js';
import { chunksOf } from '../src/core/chunks.js';
import { pieceSize } from '../src/core/pieces.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { Batch } from './batch.js';
import { representationOf } from './holdings.js';

/** What to gather, and how patiently. */
export interface Plan {
  readonly digest: DigestClaims;
  /** In the order in which the page needs them. */
  readonly pieces: readonly PieceIndex[];
  /** Milliseconds that peers may take; 0 asks none. */
  readonly wait: number;
  /** Whether the origin gives some batches while peers give others. */
  readonly together?: boolean | undefined;
  /** Whether the page finds the origin slow. */
  readonly slow?: boolean | undefined;
  /** Set where somebody is about to hold it whom nobody knows yet. */
  readonly lasting?: number | undefined;
  /** When store and peers bring nothing by the deadline: give up, because the origin's own answer will do, if it is quick. */
  readonly mayPass: boolean;
}

/** Up to here an answer is gathered under one deadline: images, segments, slices. */
const SINGLE_BATCH = 4 * 2 ** 20;
/** Larger ones advance in steps: small enough that peers who deliver at all meet each step's deadline. */
const BATCH_BYTES = 2 ** 20;
/** What is gathered under one deadline each, in order. */
export function batchesOf({ digest, pieces }: Plan): Batch[] {
  const cut = representationOf(digest).cut;
  const total = pieces.reduce((sum, index) => sum + pieceSize(cut, index), 0);
  const step = total <= SINGLE_BATCH ? pieces.length : Math.max(1, Math.floor(BATCH_BYTES / digest.piece));
  return chunksOf(pieces, step).map((part) => new Batch(part));
}
