import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import type { Upcoming } from '../protocol/bridge.js';
import { bufferedAhead, type Player } from './media.js';
import type { Segment } from './programme.js';
import type { Place } from './programmes.js';

/** Seconds ahead of the playing position in which segments are asked for. */
const WINDOW = 60;
/** Renditions in use at the same time: one of video and one of audio, of a few players. */
const MAX_USES = 8;

export interface ComingSegmentsOptions {
  /** Which segment a URL, or the part of it from byte `start` on, is. */
  readonly find: (url: CanonicalUrl, start?: number) => Place | undefined;
}

/** Which renditions scripts feed to their players, how far they have got, and what they will fetch next. */
export class ComingSegments {
  /** The latest request for each kind of media of each programme. */
  readonly #uses = new BoundedMap<string, Pick<Segment, 'url' | 'start'>>(MAX_USES);

  constructor(private readonly options: ComingSegmentsOptions) {}

  /** A script has asked for `url`, from byte `start` on. */
  requested(url: CanonicalUrl, start?: number): void {
    const place = this.options.find(url, start);
    const segment = place?.rendition.segments[place.index];
    if (place && segment && place.rendition.kind !== 'text') this.#use(place, segment);
  }

  /** A player goes on at `time`. Where that is in a live programme only its next request tells. */
  moved(time: number): void {
    for (const place of this.#places()) {
      const { live, segments } = place.rendition;
      const segment = live ? undefined : segments.find(({ at, duration }) => time < at + duration);
      if (segment) this.#use(place, segment);
    }
  }

  /** What was fetched so far was for something else. */
  forget(): void {
    this.#uses.clear();
  }

  /** What follows the segments requested last, as `player` needs it; soonest first for each rendition. */
  next(player: Player): Upcoming[] {
    const ahead = bufferedAhead(player);
    return this.#places().flatMap(({ rendition, index }) => {
      const items: Upcoming[] = [];
      let seconds = ahead;
      for (let i = index + 1; seconds < WINDOW; i++) {
        const segment = rendition.segments[i];
        if (!segment) break;
        const { url, start, end, duration } = segment;
        const part = start === undefined || end === undefined ? {} : { start, end };
        items.push({ url, ...part, due: (1000 * seconds) / player.playbackRate });
        seconds += Math.max(duration, 0.1);
      }
      return items;
    });
  }

  /** Playlists may have been read anew: segments are found by their names each time. */
  #places(): Place[] {
    return [...this.#uses.values()].flatMap(({ url, start }) => this.options.find(url, start) ?? []);
  }

  #use({ programme, rendition }: Place, { url, start }: Segment): void {
    this.#uses.set(`${rendition.kind} ${programme.url}`, { url, ...(start === undefined ? {} : { start }) });
  }
}
