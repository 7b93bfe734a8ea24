import { concat, type Bytes } from '../src/core/bytes.js';
import { pieceSpan, type Span } from '../src/core/pieces.js';
import { formatContentRange, overlap } from '../src/core/ranges.js';
import type { Source } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { Clock } from '../src/core/clock.js';
import type { Tally } from './account.js';
import { isDifferent } from './fill.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Asked } from './origin.js';
import { Pace } from './pace.js';
import type { Readers } from './readers.js';
import { deferred } from './timers.js';
import type { GatheredPiece, Transfer } from './transfer.js';

/** One answer that is being made of verified pieces. */
export interface Gathered {
  readonly asked: Asked;
  readonly digest: DigestClaims;
  /** The bytes of the representation that the answer holds. */
  readonly span: Span;
  readonly transfer: Transfer;
  readonly tally: Tally;
  /** Bytes per second at which to hand out what is not the origin's; absent: as fast as it is read. */
  readonly rate?: number | undefined;
}

export interface VerifiedBodyOptions {
  readonly clock: Clock;
  readonly holdings: Holdings;
  readonly readers: Readers;
  readonly onOver: (asked: Asked, tally: Tally) => void;
  readonly onDiffers: (digest: DigestClaims) => void;
}

/** Makes the response: signed headers, verified bytes. From its first byte on there is no way back. */
export class VerifiedBody {
  readonly #options: VerifiedBodyOptions;
  readonly #gathered: Gathered;

  constructor(options: VerifiedBodyOptions, gathered: Gathered) {
    this.#options = options;
    this.#gathered = gathered;
  }

  /** An image whose body errors midway is broken on the page: it is answered when it is complete. */
  async atOnce(): Promise<Response> {
    const { asked, transfer, tally } = this.#gathered;
    const pieces = await gatherAll(transfer, tally);
    for (const piece of pieces) tally.delivered(this.#sourceOf(piece), piece.bytes.byteLength);
    this.#options.onOver(asked, tally);
    return this.#response(concat(pieces.map(({ bytes }) => bytes)));
  }

  /** Piece by piece, as the reader asks for more. */
  streamed(): Response {
    const { asked, transfer, tally } = this.#gathered;
    const finished = deferred<undefined>();
    let isOver = false;
    // Whoever reads may stop while the next part is waited for, which then fails: that is one end, not two.
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      transfer.close();
      this.#options.onOver(asked, tally);
      finished.resolve(undefined);
    };
    asked.waitUntil(finished.promise);
    const parts = this.#parts();
    const pull = async (to: ReadableStreamDefaultController<Bytes>): Promise<void> => {
      if (!(await this.#next(parts, to, finish))) finish();
    };
    return this.#response(new ReadableStream<Bytes>({ pull, cancel: finish }, { highWaterMark: 0 }));
  }

  /** Hands out the next part; false at the end, which it closes. */
  async #next(
    parts: AsyncGenerator<Bytes>,
    to: ReadableStreamDefaultController<Bytes>,
    fail: () => void,
  ): Promise<boolean> {
    try {
      const part = await parts.next();
      if (part.done) to.close();
      else to.enqueue(part.value);
      return !part.done;
    } catch (error) {
      if (isDifferent(error)) this.#differs();
      fail();
      throw error;
    }
  }

  async *#parts(): AsyncGenerator<Bytes> {
    const { transfer, rate } = this.#gathered;
    const pace = rate === undefined ? undefined : new Pace(this.#options.clock, rate);
    for (let piece = await transfer.next(); piece; piece = await transfer.next()) {
      const bytes = this.#handOut(piece);
      if (pace && piece.source !== 'http') {
        yield* pace.slow(bytes);
      } else {
        pace?.passed(bytes.byteLength);
        yield bytes;
      }
    }
  }

  #handOut(piece: GatheredPiece): Bytes {
    const { asked, digest, span, tally } = this.#gathered;
    const covered = pieceSpan(representationOf(digest).cut, piece.index);
    const { start, end } = overlap(covered, span);
    tally.delivered(this.#sourceOf(piece), end - start);
    if (asked.route.range && piece.source !== 'http') this.#options.readers.setMixed(asked);
    return piece.bytes.subarray(start - covered.start, end - covered.start);
  }

  #sourceOf({ source, index }: GatheredPiece): Source {
    return source === 'store' ? this.#options.holdings.sourceOf(this.#gathered.digest, index) : source;
  }

  #differs(): void {
    const { asked, digest, tally } = this.#gathered;
    tally.fellBack('mismatch');
    this.#options.onDiffers(digest);
    this.#options.readers.forget(asked);
  }

  #response(body: BodyInit): Response {
    const { asked, digest, span } = this.#gathered;
    const headers = new Headers(Object.entries(digest.hdr));
    headers.set('content-length', String(span.end - span.start));
    headers.set('accept-ranges', 'bytes');
    if (!asked.route.range) return new Response(body, { headers });
    headers.set('content-range', formatContentRange(span, digest.len));
    return new Response(body, { status: 206, headers });
  }
}

/** All pieces of an answer that is given at once; what was gathered in vain is waste. */
async function gatherAll(transfer: Transfer, tally: Tally): Promise<GatheredPiece[]> {
  const pieces: GatheredPiece[] = [];
  try {
    for (let piece = await transfer.next(); piece; piece = await transfer.next()) pieces.push(piece);
    return pieces;
  } catch (error) {
    for (const { bytes, source } of pieces) if (source !== 'store') tally.wasted(bytes.byteLength);
    throw error;
  }
}
