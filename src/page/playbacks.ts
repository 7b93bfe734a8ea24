import type { ByteCounts, Source, TransferReport } from '../protocol/bridge.js';
import { isSource } from './fold.js';
import { bufferedAhead, isFedByScript } from './media.js';
import { PlayerWatch, type Play, type PlayerWatchOptions, type PlayState } from './player-watch.js';

/** How one video or audio element of the page has played what it plays now. */
export interface Playback {
  /** Address of the file, or the element's own name for what a script feeds it (`blob:`). */
  readonly source: string;
  /** Milliseconds from `play()` until it moved; absent before, and when it began before it was watched. */
  readonly startUp?: number;
  /** How often it ran dry, and for how many milliseconds in all. Going elsewhere is not running dry. */
  readonly stalls: number;
  readonly stalled: number;
  /** Seconds of playback buffered ahead. */
  readonly buffered: number;
  /** What came of it, by source; of what a script fetches, all of it when one element is fed so. */
  readonly bytes: ByteCounts;
}

/** Detail of the `playback` event. */
export interface PlaybackEvent extends Playback {
  readonly state: PlayState;
}

export interface PlaybacksOptions extends Pick<PlayerWatchOptions, 'clock' | 'document'> {
  readonly tell: (event: PlaybackEvent) => void;
}

type Counts = Record<Source | 'wasted', number>;

/** Tells of the page's players: what a visitor sees of all this is how they start, and whether they run dry. */
export class Playbacks {
  readonly #watch: PlayerWatch;
  readonly #bytes = new WeakMap<Play, Counts>();

  constructor({ tell, ...options }: PlaybacksOptions) {
    this.#watch = new PlayerWatch({
      ...options,
      tell: (state, play) => {
        tell({ state, ...this.#stateOf(play) });
      },
    });
  }

  /** To be told of every transfer of this page. */
  learn({ url, destination, bytes }: TransferReport): void {
    const fed = this.#watch
      .all()
      .filter(({ player, source }) => (destination === '' ? isFedByScript(player) : isSource(source, url)));
    const [play] = fed;
    if (!play || fed.length > 1) return;
    const counts = this.#bytesOf(play);
    for (const source of Object.keys(bytes) as (keyof ByteCounts)[]) counts[source] += bytes[source];
    this.#bytes.set(play, counts);
  }

  /** Of elements that are still on the page. */
  all(): Playback[] {
    return this.#watch.all().map((play) => this.#stateOf(play));
  }

  close(): void {
    this.#watch.close();
  }

  #bytesOf(play: Play): Counts {
    return { peer: 0, store: 0, cache: 0, http: 0, wasted: 0, ...this.#bytes.get(play) };
  }

  #stateOf(play: Play): Playback {
    const { player, source, startUp, stalls, stalled } = play;
    return {
      ...{ source, stalls, stalled, bytes: this.#bytesOf(play), buffered: bufferedAhead(player) },
      ...(startUp === undefined ? {} : { startUp }),
    };
  }
}
