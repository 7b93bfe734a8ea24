import type { Clock } from '../core/clock.js';
import { onPlayers, type Player } from './media.js';

/** A media element as far as it is watched. */
export interface WatchedPlayer extends Player {
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  readonly readyState: number;
  readonly isConnected: boolean;
}

export interface PlayerWatchOptions {
  readonly clock: Clock;
  readonly document: Pick<Document, 'addEventListener' | 'removeEventListener'> & {
    querySelectorAll(selector: 'video,audio'): Iterable<WatchedPlayer>;
  };
  readonly tell?: (state: PlayState, play: Play) => void;
  /** An element plays something else now, or is gone from the page: nothing more is told of this. */
  readonly over?: (play: Play) => void;
}

export type PlayState = 'started' | 'stalled' | 'resumed' | 'ended';

/** `readyState` from which on an element can play on (HAVE_FUTURE_DATA). */
const CAN_PLAY = 3;
const EVENTS = ['play', 'playing', 'waiting', 'pause', 'seeking', 'seeked', 'emptied', 'ended'] as const;

/** How the page's media elements play, by their own events alone. */
export class PlayerWatch {
  readonly #plays = new Map<WatchedPlayer, Play>();
  readonly #deaf: () => void;

  constructor(private readonly options: PlayerWatchOptions) {
    this.#deaf = onPlayers(options.document, EVENTS, (name, player) => {
      this.#play(player).heard(name);
    });
    for (const player of options.document.querySelectorAll('video,audio'))
      if (isMoving(player)) this.#play(player).joined();
  }

  /** Of elements that are still on the page. */
  all(): Play[] {
    for (const [player, play] of this.#plays) {
      if (player.isConnected) continue;
      // Nobody hears the events of what is on no page any more.
      this.#plays.delete(player);
      this.options.over?.(play);
    }
    return [...this.#plays.values()];
  }

  close(): void {
    this.#deaf();
  }

  #play(player: WatchedPlayer): Play {
    const known = this.#plays.get(player);
    if (known?.source === player.currentSrc) return known;
    // A source that was chosen by `play()` itself has its name only after that.
    const play = new Play(player, this.options, known?.waitingSince);
    this.#plays.set(player, play);
    if (known) this.options.over?.(known);
    return play;
  }
}

/** One element while it plays one source. Times are ticks of the clock. */
export class Play {
  readonly source: string;
  #startUp: number | undefined;
  #isStarted = false;
  #stalls = 0;
  #stalled = 0;
  #played = 0;
  /** Since when it has been moving, or lacking what comes next. */
  #moving: number | undefined;
  #dry: number | undefined;

  constructor(
    readonly player: WatchedPlayer,
    private readonly options: Pick<PlayerWatchOptions, 'clock' | 'tell'>,
    private asked?: number,
  ) {
    this.source = player.currentSrc;
  }

  /** Milliseconds from `play()` until it moved; `undefined` before, and when it began before it was watched. */
  get startUp(): number | undefined {
    return this.#startUp;
  }

  /** How often it ran dry, */
  get stalls(): number {
    return this.#stalls;
  }

  /** for how many milliseconds in all, */
  get stalled(): number {
    return this.#stalled + this.#since(this.#dry);
  }

  /** and how many it moved. */
  get played(): number {
    return this.#played + this.#since(this.#moving);
  }

  /** Since when it has been asked to play without having begun to. */
  get waitingSince(): number | undefined {
    return this.#isStarted ? undefined : this.asked;
  }

  /** It was moving when the watch began. */
  joined(): void {
    this.#isStarted = true;
    this.#moving = this.#now;
  }

  heard(name: (typeof EVENTS)[number]): void {
    if (name === 'play') this.asked ??= this.#now;
    else if (name === 'waiting') this.#ranDry();
    else if (name === 'playing') this.#moves();
    else {
      // Paused, going elsewhere, or over: whatever it lacks now, nobody watches it lack that.
      this.#settle();
      if (name === 'ended') this.#tell('ended');
      if (name === 'seeked' && this.#isStarted && isMoving(this.player)) this.#moving = this.#now;
    }
  }

  /** Before the first frame it is starting, and after a seek it is going there. */
  #ranDry(): void {
    if (this.#dry !== undefined) return;
    this.#settle();
    if (!this.#isStarted || this.player.seeking || this.player.paused) return;
    this.#dry = this.#now;
    this.#stalls++;
    this.#tell('stalled');
  }

  #moves(): void {
    this.#settle();
    this.#moving = this.#now;
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (this.asked !== undefined) this.#startUp = this.#now - this.asked;
    this.#tell('started');
  }

  /** Adds up what has gone on until now; nothing does any more. */
  #settle(): void {
    const wasDry = this.#dry !== undefined;
    this.#played = this.played;
    this.#stalled = this.stalled;
    this.#moving = this.#dry = undefined;
    if (wasDry) this.#tell('resumed');
  }

  #tell(state: PlayState): void {
    this.options.tell?.(state, this);
  }

  #since(time: number | undefined): number {
    return time === undefined ? 0 : this.#now - time;
  }

  get #now(): number {
    return this.options.clock.ticks();
  }
}

function isMoving({ paused, ended, readyState }: WatchedPlayer): boolean {
  return !paused && !ended && readyState >= CAN_PLAY;
}
