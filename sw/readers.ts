import { BoundedMap } from '../src/core/bounded-map.js';
import type { Clock } from '../src/core/clock.js';
import type { Span } from '../src/core/pieces.js';
import { firstByte, type RangeSpec } from '../src/core/ranges.js';
import { NOWHERE, type Bridge } from './bridge.js';
import type { Asked } from './origin.js';

/** First slice of a reader: plays and seeks in every browser, and costs little when the reader leaves. */
export const MIN_SLICE = 512 * 1024;
/** Small slices cost throughput; larger ones bring nothing more (measured). */
export const MAX_SLICE = 2 * 2 ** 20;
/** A reader that is back within this time (ms) for what follows reads faster than small slices serve. */
const FAST_RETURN = 2_000;
/** Media elements open at the same time, over all tabs. */
const MAX_READERS = 100;

interface Reader {
  /** Where the last slice ended. */
  next: number;
  size: number;
  at: number;
  /** Bytes from peers or store were handed out: from then on the origin's are verified, too. */
  mixed: boolean;
  /** The browser's own answers were passed on: nothing else may follow them. */
  opaque: boolean;
  /** The origin gives no parts of it that say where they lie: its requests go out as they came. */
  uncut: boolean;
}

type ReaderKey = Pick<Asked, 'clientId' | 'route'>;

/** How far each media element has read, so that its slices can grow with its pace. */
export class Readers {
  readonly #readers = new BoundedMap<string, Reader>(MAX_READERS);

  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isMixed(asked: Asked): boolean {
    return this.#readers.get(keyOf(asked))?.mixed ?? false;
  }

  /**
   * Whether a media element's answers must stay the browser's own: it began with those, before the
   * worker controlled the page or because they cannot be read, and takes no others after them.
   */
  async isForeign(asked: Asked, bridge: Bridge): Promise<boolean> {
    if (!takesSlices(asked)) return false;
    const reader = this.#readers.get(keyOf(asked));
    if (reader) return reader.opaque;
    if (bridge.isBorn(asked.clientId) || !(await this.#beganBefore(asked, bridge))) return false;
    this.setOpaque(asked);
    return true;
  }

  /** Leaves a media element's request to the browser, and so all that follow it; false when answers were made for it. */
  leave(asked: ReaderKey): boolean {
    const reader = this.#readers.get(keyOf(asked));
    if (!reader) this.setOpaque(asked);
    return reader?.opaque ?? true;
  }

  setMixed(asked: Asked): void {
    this.#of(asked).mixed = true;
  }

  setOpaque(asked: ReaderKey): void {
    this.#of(asked).opaque = true;
  }

  isOpaque(asked: Asked): boolean {
    return this.#readers.get(keyOf(asked))?.opaque ?? false;
  }

  setUncut(asked: Asked): void {
    this.#of(asked).uncut = true;
  }

  isUncut(asked: Asked): boolean {
    return this.#readers.get(keyOf(asked))?.uncut ?? false;
  }

  forget(asked: Asked): void {
    this.#readers.delete(keyOf(asked));
  }

  /**
   * The part of `span` to answer with. Only media elements are given less than they asked for; ends
   * lie on multiples of `piece`, so that no piece is fetched for two slices.
   */
  slice(asked: Asked, span: Span, piece: number, mayGrow = true): Span {
    if (!takesSlices(asked)) return span;
    const reader = this.#of(asked);
    const now = this.#clock.ticks();
    const follows = mayGrow && span.start === reader.next && now - reader.at < FAST_RETURN;
    reader.size = follows ? Math.min(reader.size * 2, MAX_SLICE) : MIN_SLICE;
    const end = Math.ceil((span.start + reader.size) / piece) * piece;
    reader.next = Math.min(span.end, end);
    reader.at = now;
    return { start: span.start, end: reader.next };
  }

  /** Only the page knows how an element began that is new to us; in doubt one in the middle is foreign. */
  async #beganBefore({ clientId, route }: Asked, bridge: Bridge): Promise<boolean> {
    const page = await bridge.pageOf(clientId);
    if (page && !page.early) return false;
    const { reason } = page ? await bridge.place(clientId, route) : NOWHERE;
    return reason === 'before-worker' || (reason === 'no-answer' && !startsAtZero(route.range));
  }

  #of(asked: ReaderKey): Reader {
    const key = keyOf(asked);
    const reader = this.#readers.get(key) ?? {
      next: -1,
      size: MIN_SLICE,
      at: 0,
      mixed: false,
      opaque: false,
      uncut: false,
    };
    this.#readers.set(key, reader);
    return reader;
  }
}

/** A media element asks again for what it did not get; a script's `fetch` takes the answer as all. */
export function takesSlices({ route }: Pick<Asked, 'route'>): boolean {
  return route.destination === 'video' || route.destination === 'audio';
}

function startsAtZero(range: RangeSpec | undefined): boolean {
  return !range || firstByte(range) === 0;
}

function keyOf({ clientId, route }: ReaderKey): string {
  return `${clientId} ${route.url}`;
}
