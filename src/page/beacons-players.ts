import type { PlaybackBeacon } from '../protocol/beacon.js';
import { PlayerWatch, type Play, type PlayerWatchOptions } from './player-watch.js';

type Sums = Omit<PlaybackBeacon, 'starts'>;

const NOTHING: Sums = { stalls: 0, stalled: 0, played: 0 };

/** How the page's players play, whether Peerfold runs or not. */
export class PlayerTimes {
  readonly #watch: PlayerWatch;
  #starts: number[] = [];
  /** What is over has come to this, and all together to that when it was taken last. */
  #over = NOTHING;
  #taken = NOTHING;

  constructor(options: Pick<PlayerWatchOptions, 'clock' | 'document'>) {
    this.#watch = new PlayerWatch({
      ...options,
      tell: (state, { startUp }) => {
        if (state === 'started' && startUp !== undefined) this.#starts.push(startUp);
      },
      over: (play) => {
        this.#over = sum([this.#over, play]);
      },
    });
  }

  /** What is new since the last time. */
  take(): PlaybackBeacon {
    const plays = this.#watch.all();
    const now = sum([this.#over, ...plays]);
    const before = this.#taken;
    const starts = this.#starts;
    this.#taken = now;
    this.#starts = [];
    return {
      starts,
      stalls: now.stalls - before.stalls,
      stalled: now.stalled - before.stalled,
      played: now.played - before.played,
    };
  }

  close(): void {
    this.#watch.close();
  }
}

function sum(all: readonly (Sums | Play)[]): Sums {
  const of = (name: keyof Sums): number => all.reduce((total, each) => total + each[name], 0);
  return { stalls: of('stalls'), stalled: of('stalled'), played: of('played') };
}
