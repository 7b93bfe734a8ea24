import { livePlaylist } from './stream-site.js';
import type { Theatre } from './theatre.js';

/** Segments in the playlist: half a minute of them, since the rival stays as far behind as the playlist goes back. */
const WINDOW = 15;

export interface LiveStream {
  /** The media playlist, by its path. */
  readonly playlist: string;
  /** Seconds of a segment. */
  readonly length: number;
  /** Segments in all; the last of them stays the newest. */
  readonly count: number;
}

/** Lets a stream's segments appear in the playlist at the pace of their length. Nobody knows of them before. */
export class LiveEdge {
  readonly #timer: NodeJS.Timeout;
  #first = 0;

  constructor(
    private readonly theatre: Theatre,
    private readonly stream: LiveStream,
  ) {
    this.#publish();
    this.#timer = setInterval(() => {
      this.#first = Math.min(this.#first + 1, stream.count - WINDOW);
      this.#publish();
    }, stream.length * 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #publish(): void {
    const { playlist, length } = this.stream;
    this.theatre.rule({ path: playlist, content: livePlaylist(this.#first, WINDOW, length) });
  }
}
