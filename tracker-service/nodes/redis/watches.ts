import type { RootPrefix, Site } from '../../../src/core/brands.js';
import type { Clock } from '../../../src/core/clock.js';
import type { NodeName } from '../names.js';
import { inGroups, keys } from './keys.js';
import type { RedisLink } from './link.js';
import { WATCH } from './scripts.js';

export interface WatchesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly self: NodeName;
}

/** Wants that follow each other should not have to say it each time (ms). */
const LEAST = 60_000;
const MOST = 120_000;
/** Life of a list of watchers (ms): that of the longest watch, and a while for clocks that differ. */
const LIST_LIFE = MOST + 60_000;
/** Watches that are remembered, some 100 bytes each. Beyond it they are asked for again, no harm done. */
const MAX_REMEMBERED = 200_000;

/** Which roots this node has asked for news of. */
export class Watches {
  /** By key: until when (wall clock, ms), in the order in which they were asked for. */
  #until = new Map<string, number>();

  constructor(private readonly options: WatchesOptions) {}

  watch(site: Site, roots: readonly RootPrefix[], until: number): void {
    const { clock, link, self } = this.options;
    if (!link.isUp) return;
    const now = clock.now();
    const enough = Math.min(until, now + MOST);
    const expiry = Math.max(enough, now + LEAST);
    const fresh = roots.filter((root) => (this.#until.get(keys.watchers(site, root)) ?? 0) < enough);
    for (const group of inGroups(fresh)) {
      const names = group
        .flatMap((position) => fresh[position] ?? [])
        .map((root) => keys.watchers(site, root));
      for (const name of names) {
        this.#until.delete(name);
        this.#until.set(name, expiry);
      }
      link.run(WATCH, names, [self, String(expiry), String(LIST_LIFE)]).catch(link.note.bind(link));
    }
  }

  /** Forgets what is over; with `all`, also what Redis may have forgotten. */
  sweep(all: boolean): void {
    const now = this.options.clock.now();
    if (all) this.#until.clear();
    for (const [key, until] of this.#until) {
      if (until > now && this.#until.size <= MAX_REMEMBERED) break;
      this.#until.delete(key);
    }
  }
}
