import type { MediaPlacement } from '../core/deadline.js';
import { isSource } from './fold.js';

/** The parts of a media element that tell how its playback stands. */
export interface Player {
  readonly currentSrc: string;
  readonly currentTime: number;
  readonly duration: number;
  readonly buffered: TimeRanges;
}

/** Players skip gaps of this size (seconds), so a range that starts this close is the one being played. */
const GAP = 0.5;

/** Seconds buffered ahead of the playing position; 0 right after a seek to an empty place. */
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

/**
 * Remembers which players have had their head start. Players throw away what was played, so the head
 * start, once buffered, counts as had until the element plays something else.
 */
export class HeadStarts {
  readonly #had = new WeakMap<Player, string>();

  constructor(readonly seconds: number) {}

  stateOf(player: Player): MediaPlacement['headStart'] {
    if (this.#had.get(player) === player.currentSrc) return 'filled';
    const seconds = bufferedInAll(player);
    if (this.seconds === 0 && seconds === 0) return 'unused';
    const whole = player.duration > 0 ? player.duration - GAP : Infinity;
    if (seconds < Math.min(this.seconds, whole)) return 'filling';
    this.#had.set(player, player.currentSrc);
    return 'filled';
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
): MediaPlacement | undefined {
  const byScript = destination === '';
  let neediest: MediaPlacement | undefined;
  for (const player of players) {
    if (byScript ? !isFedByScript(player) : !isSource(player.currentSrc, url)) continue;
    const placement: MediaPlacement = {
      kind: 'media',
      buffered: bufferedAhead(player),
      headStart: headStarts.stateOf(player),
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
function isFedByScript({ currentSrc, duration, buffered }: Player): boolean {
  return currentSrc.startsWith('blob:') || (currentSrc === '' && (buffered.length > 0 || duration > 0));
}
