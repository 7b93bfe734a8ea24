import type { Clock, Timer } from '../src/core/clock.js';
import type { Archive } from './state/archive.js';
import type { Catalogue } from './catalogue.js';
import type { LiveRoots } from './state/live-roots.js';

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly archive: Archive;
  readonly catalogue: Catalogue;
  readonly roots: LiveRoots;
  readonly onError: (error: unknown) => void;
}

/** Statements are kept this long after their end (s), because an unchanged file then needs no new fetch. */
const KEEP_EXPIRED = 7 * 24 * 3600;
/** Layers younger than this (ms) may belong to a token that is being written. */
const LAYER_GRACE = 24 * 3600_000;
/** Time between rounds (ms): far below `KEEP_EXPIRED`, and rarely enough not to be felt. */
const INTERVAL = 6 * 3600_000;

/** Reads the archive into the index of live roots after a start, and clears away what is over. */
export class Housekeeping {
  #timer: Timer;
  #stopped = false;
  /** The round under way or the last one. */
  #round: Promise<void> = Promise.resolve();

  constructor(private readonly options: HousekeepingOptions) {}

  start(): void {
    this.#round = this.#run().catch(this.options.onError);
    this.#timer = this.options.clock.setTimeout(() => {
      this.start();
    }, INTERVAL);
  }

  /** Resolves when the archive has been read: before that, some live roots are not known yet. */
  indexed(): Promise<void> {
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.options.clock.clearTimeout(this.#timer);
    await this.#round;
  }

  async #run(): Promise<void> {
    const { clock, archive, catalogue, roots } = this.options;
    const now = clock.now() / 1000;
    roots.sweep(now);
    const wanted = new Set<string>();
    for await (const statement of archive.all()) {
      if (this.#stopped) return;
      if (statement.claims.exp < now - KEEP_EXPIRED) await archive.remove(statement);
      else {
        catalogue.index(statement);
        if (statement.kind === 'digest') wanted.add(statement.claims.root);
      }
    }
    await archive.removeLayers(wanted, clock.now() - LAYER_GRACE);
  }
}
