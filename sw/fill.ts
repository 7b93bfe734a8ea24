import type { PieceIndex } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import { PeerfoldError } from '../src/core/errors.js';
import type { VerifiedLayer } from '../src/core/merkle.js';
import { pieceSpan } from '../src/core/pieces.js';
import { adjacentRuns, parseContentRange } from '../src/core/ranges.js';
import type { Batch } from './batch.js';
import { isPlausiblePart, type Asked, type Origin } from './origin.js';
import { different, PieceCutter } from './piece-cutter.js';

export interface Filling {
  readonly asked: Asked;
  readonly layer: VerifiedLayer;
  readonly origin: Origin;
  readonly sha256: Sha256;
  readonly signal: AbortSignal;
  /** A piece from the origin that matches the layer; it may have lost the race. */
  onPiece(index: PieceIndex, bytes: Bytes): void;
  onWasted(bytes: number): void;
}

/** Gaps fetched at once; browsers open six connections to a host over HTTP/1.1, the page needs some. */
const MAX_PARALLEL = 3;
/** A server may answer a range in part (RFC 9110 section 15.3.7), a connection may drop: ask again. */
const MAX_ROUNDS = 4;

/** Whether a failure is that the origin's bytes are not the signed ones. */
export function isDifferent(error: unknown): boolean {
  return error instanceof PeerfoldError && error.code === 'bad-token';
}

/**
 * Fetches what `batch` still misses from the origin, adjacent gaps together, and verifies each piece.
 * Peers may go on meanwhile. Rejects with `bad-token` when the origin's bytes are different ones, with
 * `origin-failed` when it does not give them.
 */
export async function fill(filling: Filling, batch: Batch): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS && !batch.isComplete(); round++) {
    const before = batch.missing.length;
    await fetchRuns(filling, batch, adjacentRuns(batch.missing));
    if (batch.missing.length === before) break;
  }
  if (!batch.isComplete()) throw failed();
}

async function fetchRuns(filling: Filling, batch: Batch, runs: PieceIndex[][]): Promise<void> {
  const fetchInTurn = async (): Promise<void> => {
    for (let run = runs.shift(); run; run = runs.shift()) await fetchRun(filling, batch, run);
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL }, fetchInTurn));
}

async function fetchRun(filling: Filling, batch: Batch, run: PieceIndex[]): Promise<void> {
  const stop = new AbortController();
  const stopNow = (): void => {
    stop.abort();
  };
  filling.signal.addEventListener('abort', stopNow);
  batch.done.then(stopNow, stopNow);
  try {
    await filling.origin.traffic.count(readRun(filling, batch, run, stop.signal));
  } catch (error) {
    if (!batch.isComplete()) throw error;
  } finally {
    filling.signal.removeEventListener('abort', stopNow);
  }
}

async function readRun(
  filling: Filling,
  batch: Batch,
  run: PieceIndex[],
  signal: AbortSignal,
): Promise<void> {
  const { asked, layer, origin } = filling;
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return;
  const span = { start: pieceSpan(layer.cut, first).start, end: pieceSpan(layer.cut, last).end };
  const response = await origin.fill(asked, span, signal);
  const begins = checkedStart(response, span, layer.cut.length) === 0 ? (0 as PieceIndex) : first;
  if (response.body) await readPieces(filling, batch, response.body.getReader(), begins, last);
}

/** Where the body starts in the representation; throws unless it can be a part of the signed bytes. */
function checkedStart(response: Response, span: { start: number; end: number }, length: number): number {
  if (response.status === 206) {
    const range = response.headers.get('content-range');
    const total = parseContentRange(range)?.length;
    if (total !== undefined && total !== length) throw different();
    // CORS keeps from us where a part lies, unless the origin exposes that. Its pieces tell.
    const isHidden = range === null && response.type === 'cors';
    if (!isHidden && !isPlausiblePart(response, span)) throw failed();
    return span.start;
  }
  if (response.status === 416) throw different();
  if (response.status !== 200) throw failed();
  const whole = response.headers.get('content-length');
  if (whole !== null && Number(whole) !== length && !response.headers.has('content-encoding')) {
    throw different();
  }
  return 0;
}

async function readPieces(
  filling: Filling,
  batch: Batch,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: PieceIndex,
  last: PieceIndex,
): Promise<void> {
  const cutter = new PieceCutter(filling.layer.cut, first);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      for (const piece of cutter.push(chunk.value)) await accept(filling, piece.index, piece.bytes);
      if (!batch.missing.some((index) => index <= last)) break;
    }
  } finally {
    filling.onWasted(cutter.pending);
    // Cancelling a body that has ended or failed rejects or does nothing; either is fine here.
    reader.cancel().catch(() => undefined);
  }
}

async function accept(filling: Filling, index: PieceIndex, bytes: Bytes): Promise<void> {
  if (await filling.layer.matches(filling.sha256, index, bytes)) {
    filling.onPiece(index, bytes);
    return;
  }
  filling.onWasted(bytes.byteLength);
  throw different();
}

function failed(): PeerfoldError {
  return new PeerfoldError('origin-failed', 'no bytes');
}
