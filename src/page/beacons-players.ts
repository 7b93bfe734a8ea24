import type { Clock } from '../core/clock.js';
import type { PlaybackBeacon } from '../protocol/beacon.js';
import { onPlayers, type Player } from './media.js';

/** A media element as far as its times are measured. */
export interface TimedPlayer extends Player {
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
  readonly isConnected: boolean;
}

export interface PlayerTimesOptions {
  readonly clock: Clock;
  readonly document: Pick<Document, 'addEventListener' | 'removeEventListener'> & {
    querySelectorAll(selector: 'video,audio'): Iterable<TimedPlayer>;
  };
}

/** One element while it plays one source. Times are ticks of the clock. */
interface Watch {
  readonly source: string;
  asked?: number | undefined;
  started?: boolean;
  /** Since when it has been moving, or lacking what comes next. */
  moving?: number | undefined;
  dry?: number | undefined;
}

/** `readyState` from which on an element can play on (HAVE_FUTURE_DATA). */
const CAN_PLAY = 3;
const EVENTS = ['play', 'playing', 'waiting', 'pause', 'seeking', 'seeked', 'emptied', 'ended'] as const;

/**
 * How the page's players play, whether Peerfold runs or not: by the elements' own events alone. What counts as a
 * start and as a stall is what `Playbacks` says.
 */
export class PlayerTimes {
  readonly #watches = new Map<TimedPlayer, Watch>();
  readonly #deaf: () => void;
  #sums = noTimes();

  constructor(private readonly options: PlayerTimesOptions) {
    const { clock, document } = options;
    this.#deaf = onPlayers(document, EVENTS, this.#heard.bind(this));
    for (const player of document.querySelectorAll('video,audio'))
      if (isMoving(player)) Object.assign(this.#watch(player), { started: true, moving: clock.ticks() });
  }

  /** What is new since the last time. */
  take(): PlaybackBeacon {
    for (const [player, watch] of this.#watches) {
      const { moving, dry } = watch;
      // Nobody hears the events of what is on no page any more.
      if (!player.isConnected) this.#watches.delete(player);
      this.#settle(watch);
      if (moving !== undefined) watch.moving = this.#now;
      if (dry !== undefined) watch.dry = this.#now;
    }
    const taken = this.#sums;
    this.#sums = noTimes();
    return taken;
  }

  close(): void {
    this.#deaf();
  }

  #heard(name: (typeof EVENTS)[number], player: TimedPlayer): void {
    const watch = this.#watch(player);
    const { started, dry } = watch;
    if (name === 'play') watch.asked ??= this.#now;
    else if (name === 'waiting') {
      if (dry !== undefined) return;
      this.#settle(watch);
      // Before the first frame it is starting, and after a seek it is going there.
      if (!started || player.seeking || player.paused) return;
      watch.dry = this.#now;
      this.#sums.stalls++;
    } else {
      this.#settle(watch);
      if (name === 'playing') this.#start(watch);
      if (name === 'playing' || (name === 'seeked' && started && isMoving(player))) watch.moving = this.#now;
    }
  }

  #start(watch: Watch): void {
    if (!watch.started && watch.asked !== undefined) this.#sums.starts.push(this.#now - watch.asked);
    watch.started = true;
  }

  #watch(player: TimedPlayer): Watch {
    const known = this.#watches.get(player);
    const source = player.currentSrc;
    if (known?.source === source) return known;
    if (known) this.#settle(known);
    // A source that was chosen by `play()` itself has its name only after that.
    const watch: Watch = { source, asked: known?.started ? undefined : known?.asked };
    this.#watches.set(player, watch);
    return watch;
  }

  /** Adds up what has gone on until now; nothing does any more. */
  #settle(watch: Watch): void {
    const now = this.#now;
    this.#sums.played += now - (watch.moving ?? now);
    this.#sums.stalled += now - (watch.dry ?? now);
    watch.moving = watch.dry = undefined;
  }

  get #now(): number {
    return this.options.clock.ticks();
  }
}

function noTimes() {
  return { starts: [] as number[], stalls: 0, stalled: 0, played: 0 };
}

function isMoving({ paused, ended, readyState }: TimedPlayer): boolean {
  return !paused && !ended && readyState >= CAN_PLAY;
}
