import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import type { TransferReport, Upcoming } from '../protocol/bridge.js';
import { bufferedAhead, type Player } from './media.js';

/** Seconds of a file asked for beyond what the browser has buffered, */
const WINDOW = 30;
/** and the most bytes of it. */
const MAX_WINDOW = 8 * 2 ** 20;
/** Parts end at multiples of this, so that the next list names the same ones. */
const PART = 2 ** 20;
/** What the browser is given for a request at least: that much is being read already. */
const SLICE = 512 * 1024;
/** Files whose reading is followed; a page that plays more at the same time is a wall of screens. */
const MAX_FILES = 32;

/** The latest request for a file. */
interface Reading {
  readonly start: number;
  /** Bytes of it that came; absent while they come. */
  readonly bytes?: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** How far browsers have read the files that media elements play, and what they will read next. */
export class ComingBytes {
  readonly #readings = new BoundedMap<string, Reading>(MAX_FILES);

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** The browser is reading `url` from byte `start` on. */
  requested(url: CanonicalUrl, start = 0): void {
    this.#readings.set(url, { start, since: this.clock.now() });
  }

  /** A request is over. Those of before a seek may end after the first one behind it. */
  ended({ url, start = 0, started, bytes }: TransferReport): void {
    const last = this.#readings.get(url);
    const isLate = last && started < last.since && (last.bytes !== undefined || last.start !== start);
    const came = bytes.peer + bytes.store + bytes.cache + bytes.http;
    if (!isLate) this.#readings.set(url, { start, since: started, bytes: came });
  }

  /** It reads elsewhere from now on. */
  moved(url: CanonicalUrl): void {
    this.#readings.delete(url);
  }

  /** What `player` will want of `url`, which has so many bytes; soonest first. */
  next(url: CanonicalUrl, length: number, player: Player): Upcoming[] {
    const { duration, playbackRate } = player;
    if (!(duration > 0 && duration < Infinity)) return [];
    const perSecond = length / duration;
    const ahead = bufferedAhead(player);
    const from = Math.round(this.#reached(url) ?? SLICE + (player.currentTime + ahead) * perSecond);
    const last = Math.min(length, from + Math.min(MAX_WINDOW, WINDOW * perSecond));
    const items: Upcoming[] = [];
    for (let start = from; start < last;) {
      const end = Math.min(length, (Math.floor(start / PART) + 1) * PART);
      const seconds = ahead + (start - from) / perSecond;
      items.push({ url, start, end, due: (1000 * seconds) / playbackRate });
      start = end;
    }
    return items;
  }

  #reached(url: CanonicalUrl): number | undefined {
    const reading = this.#readings.get(url);
    return reading && reading.start + (reading.bytes ?? SLICE);
  }
}
