import { BoundedMap } from '../core/bounded-map.js';
import type { MediaPlacement } from '../core/deadline.js';
import type { TransferReport } from '../protocol/bridge.js';
import { canonicalUrl } from '../protocol/url.js';
import { isSource } from './fold.js';

/** The parts of a media element that tell how its playback stands. */
export interface Player {
  readonly currentSrc: string;
  readonly currentTime: number;
  readonly duration: number;
  readonly buffered: TimeRanges;
  /** 2 plays two seconds of its film in one; 0 stands still. */
  readonly playbackRate: number;
}

/** Players skip gaps of this size (seconds), so a range that starts this close is the one being played. */
const GAP = 0.5;

/** Seconds of its film buffered ahead of the playing position; 0 right after a seek to an empty place. */
export function bufferedAhead({ buffered, currentTime }: Player): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) - GAP <= currentTime && currentTime <= buffered.end(i))
      return buffered.end(i) - currentTime;
  }
  return 0;
}

function bufferedInAll({ buffered }: Player): number {
  let seconds = 0;
  for (let i = 0; i < buffered.length; i++) seconds += buffered.end(i) - buffered.start(i);
  return seconds;
}

/** Files whose bytes are counted: a page of long films that are all begun. */
const MAX_COUNTED = 100;

/**
 * Remembers which players have had their head start. Players throw away what was played, so the head
 * start, once buffered, counts as had until the element plays something else. Of a file, bytes count as
 * well: those before its index (`moov`) was found, and those of every place that was left for another.
 */
export class HeadStarts {
  readonly #had = new WeakMap<Player, string>();
  readonly #came = new BoundedMap<string, number>(MAX_COUNTED);

  constructor(
    readonly seconds: number,
    private readonly lengthOf: (url: string) => number | undefined = () => undefined,
  ) {}

  /** To be told of every transfer of this page. */
  learn({ url, destination, bytes: { peer, store, cache, http } }: TransferReport): void {
    if (destination !== 'video' && destination !== 'audio') return;
    this.#came.set(url, (this.#came.get(url) ?? 0) + peer + store + cache + http);
  }

  /** `next`: seconds that what is asked for now would add; the head start is never exceeded by them. */
  stateOf(player: Player, next = 0): MediaPlacement['headStart'] {
    if (this.#had.get(player) === player.currentSrc) return 'filled';
    const seconds = bufferedInAll(player);
    if (this.seconds === 0 && seconds === 0) return 'unused';
    const whole = player.duration > 0 ? player.duration - GAP : Infinity;
    const had = Math.max(seconds, this.#secondsCame(player));
    // Whatever plays at all has to begin with something.
    const enough = had > 0 ? Math.min(this.seconds - next + GAP, this.seconds) : this.seconds;
    if (had < Math.min(enough, whole)) return 'filling';
    this.#had.set(player, player.currentSrc);
    return 'filled';
  }

  /** What the bytes that came of its file play, at the rate of the whole. */
  #secondsCame({ currentSrc, duration }: Player): number {
    const url = canonicalUrl(currentSrc);
    const length = url && this.lengthOf(url);
    return url && length && duration > 0 ? (duration * (this.#came.get(url) ?? 0)) / length : 0;
  }
}

/**
 * How the playback that `url` feeds stands. A media element's own request names its source; requests
 * by script (HLS, DASH) feed a player with a `blob:` or object source, of several the neediest one.
 */
export function placeMedia(
  url: string,
  destination: string,
  players: Iterable<Player>,
  headStarts: HeadStarts,
  duration?: number,
): MediaPlacement | undefined {
  const byScript = destination === '';
  let neediest: MediaPlacement | undefined;
  for (const player of players) {
    if (byScript ? !isFedByScript(player) : !isSource(player.currentSrc, url)) continue;
    const placement: MediaPlacement = {
      kind: 'media',
      // Whoever slows down may speed up again.
      buffered: bufferedAhead(player) / Math.max(1, player.playbackRate),
      headStart: headStarts.stateOf(player, duration),
    };
    if (!neediest || needier(placement, neediest)) neediest = placement;
  }
  return neediest;
}

function needier(a: MediaPlacement, b: MediaPlacement): boolean {
  if ((a.headStart === 'filling') !== (b.headStart === 'filling')) return a.headStart === 'filling';
  return a.buffered < b.buffered;
}

/** Media Source Extensions: the source is a `blob:` URL, or an object and then has no URL at all. */
export function isFedByScript({ currentSrc, duration, buffered }: Player): boolean {
  return currentSrc.startsWith('blob:') || (currentSrc === '' && (buffered.length > 0 || duration > 0));
}

/**
 * Hears of these events of all players of a document, until the returned function is called. Media events do not
 * bubble, but they are captured on the way.
 */
export function onPlayers<Name extends string>(
  document: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>,
  names: readonly Name[],
  heard: (name: Name, player: HTMLMediaElement) => void,
): () => void {
  const listener = ({ type, target }: Event): void => {
    if (target instanceof HTMLMediaElement) heard(type as Name, target);
  };
  for (const name of names) document.addEventListener(name, listener, true);
  return () => {
    for (const name of names) document.removeEventListener(name, listener, true);
  };
}
