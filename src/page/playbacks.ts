import type { Clock } from '../core/clock.js';
import type { ByteCounts, Source, TransferReport } from '../protocol/bridge.js';
import { isSource } from './fold.js';
import { bufferedAhead, isFedByScript, onPlayers, type Player } from './media.js';

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
  readonly state: 'started' | 'stalled' | 'resumed' | 'ended';
}

/** A media element as far as it is watched. */
export interface WatchedPlayer extends Player {
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
}

export interface PlaybacksOptions {
  readonly clock: Clock;
  readonly document: Pick<Document, 'addEventListener' | 'removeEventListener'> & {
    querySelectorAll(selector: 'video,audio'): Iterable<WatchedPlayer>;
  };
  readonly tell: (event: PlaybackEvent) => void;
}

/** What is known of one element while it plays one source. Times are ticks of the clock. */
interface Watch {
  readonly player: WatchedPlayer;
  readonly source: string;
  asked: number | undefined;
  startUp: number | undefined;
  started: boolean;
  stalls: number;
  stalled: number;
  dry: number | undefined;
  readonly bytes: Record<Source | 'wasted', number>;
}

const EVENTS = ['play', 'playing', 'waiting', 'pause', 'seeking', 'emptied', 'ended'] as const;

/** Watches the page's players: what a visitor sees of all this is how they start, and whether they run dry. */
export class Playbacks {
  readonly #watches = new Map<WatchedPlayer, Watch>();
  readonly #deaf: () => void;

  constructor(private readonly options: PlaybacksOptions) {
    this.#deaf = onPlayers(options.document, EVENTS, this.#heard.bind(this));
    for (const player of options.document.querySelectorAll('video,audio')) {
      const isPlaying = !player.paused && !player.ended && bufferedAhead(player) > 0;
      if (isPlaying) this.#watch(player).started = true;
    }
  }

  /** To be told of every transfer of this page. */
  learn({ url, destination, bytes }: TransferReport): void {
    const fed = [...this.#watches.values()].filter(({ player, source }) =>
      destination === '' ? isFedByScript(player) : isSource(source, url),
    );
    const [watch] = fed;
    if (!watch || fed.length > 1) return;
    for (const source of Object.keys(bytes) as (keyof ByteCounts)[]) watch.bytes[source] += bytes[source];
  }

  /** Of elements that are still on the page. */
  all(): Playback[] {
    const present = new Set(this.options.document.querySelectorAll('video,audio'));
    for (const player of this.#watches.keys()) if (!present.has(player)) this.#watches.delete(player);
    return [...this.#watches.values()].map((watch) => this.#stateOf(watch));
  }

  close(): void {
    this.#deaf();
  }

  #heard(name: (typeof EVENTS)[number], player: HTMLMediaElement): void {
    const watch = this.#watch(player);
    if (name === 'play') watch.asked ??= this.#now;
    else if (name === 'waiting') this.#ranDry(watch);
    else if (name === 'playing') this.#moved(watch);
    else this.#rested(watch, name === 'ended');
  }

  #watch(player: WatchedPlayer): Watch {
    const known = this.#watches.get(player);
    if (known?.source === player.currentSrc) return known;
    const watch: Watch = {
      ...{ player, source: player.currentSrc, asked: undefined, startUp: undefined, started: false },
      ...{ stalls: 0, stalled: 0, dry: undefined },
      bytes: { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 },
    };
    // A source that was chosen by `play()` itself has its name only after that.
    if (known && !known.started) watch.asked = known.asked;
    this.#watches.set(player, watch);
    return watch;
  }

  /** Before the first frame it is starting, and after a seek it is going there. */
  #ranDry(watch: Watch): void {
    const { player, started, dry } = watch;
    if (!started || dry !== undefined || player.seeking || player.paused) return;
    watch.dry = this.#now;
    watch.stalls++;
    this.#tell('stalled', watch);
  }

  #moved(watch: Watch): void {
    if (watch.started) {
      this.#resumed(watch);
      return;
    }
    watch.started = true;
    if (watch.asked !== undefined) watch.startUp = this.#now - watch.asked;
    this.#tell('started', watch);
  }

  /** Paused, gone elsewhere, or over: whatever it lacks now, nobody watches it lack that. */
  #rested(watch: Watch, isEnded: boolean): void {
    this.#resumed(watch);
    if (isEnded) this.#tell('ended', watch);
  }

  #resumed(watch: Watch): void {
    if (watch.dry === undefined) return;
    watch.stalled += this.#now - watch.dry;
    watch.dry = undefined;
    this.#tell('resumed', watch);
  }

  #tell(state: PlaybackEvent['state'], watch: Watch): void {
    this.options.tell({ state, ...this.#stateOf(watch) });
  }

  #stateOf({ player, source, startUp, stalls, stalled, dry, bytes }: Watch): Playback {
    return {
      ...{ source, stalls, bytes: { ...bytes } },
      ...(startUp === undefined ? {} : { startUp }),
      stalled: stalled + (dry === undefined ? 0 : this.#now - dry),
      buffered: bufferedAhead(player),
    };
  }

  get #now(): number {
    return this.options.clock.ticks();
  }
}
