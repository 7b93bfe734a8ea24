import type { Site } from '../../src/core/brands.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { Beacon } from '../../src/protocol/beacon.js';
import type { TrackerReport } from '../../src/protocol/figures.js';
import { HOUR, KEPT, type FiguresStore, type Hour } from './figures-store.js';
import { members } from './kept.js';
import { SiteHour, SLOTS } from './site-hour.js';

/** Seconds in one slot of an hour. */
export const SLOT = HOUR / SLOTS;

export interface FiguresOptions {
  readonly clock: Clock;
  readonly store: FiguresStore;
  readonly sites: readonly Site[];
  /** Names this run, as no other one is named. */
  readonly run: string;
  /** Figures could not be kept, or not be read. Told once until they can be again. */
  readonly failed: (error: unknown) => void;
}

/** How often (ms) what is new is written down: a crash loses no more. */
const SAVE_EVERY = 60_000;
/** Hours in memory: the current one, those that late reports are about, and those that could not be written. */
const MAX_LIVE = 4;
/** An hour that was over for so long (s) gets no more reports. */
const LATE = 900;

interface LiveHour {
  readonly part: string;
  readonly sites: Map<Site, SiteHour>;
  isNew: boolean;
}

/** The figures of all sites: of the current hour in memory, and of all others, and those of other instances, in the store. */
export class Figures {
  readonly #live = new Map<Hour, LiveHour>();
  #parts = 0;
  #timer: Timer;
  #saving: Promise<void> = Promise.resolve();
  #sweptAt: Hour = 0;
  #isFailing = false;
  #isOver = false;

  constructor(private readonly options: FiguresOptions) {}

  /** `named` gives the name under which a resource is counted, if it is. */
  take(beacon: Beacon, named: (url: string) => string | undefined): void {
    const now = this.#now;
    this.#at(now, beacon.site)?.add(beacon, slotOf(now), named);
  }

  /** Each slot gets the part of the report that it covers. */
  takeTracker({ site, seconds, visitors, introductions, wants, refused }: TrackerReport): void {
    const end = this.#now;
    for (let from = end - seconds; from < end;) {
      const slot = Math.floor(from / SLOT) * SLOT;
      const to = Math.min(end, slot + SLOT);
      const share = (to - from) / seconds;
      const counts = { introductions: introductions * share, wants: wants * share, refused: refused * share };
      const covered = { visitorSeconds: visitors * (to - from), until: to - slot, lead: slot + SLOT - from };
      this.#at(from, site)?.addTracker({ ...covered, ...counts }, slotOf(from));
      from = to;
    }
  }

  /** What is known of a site in one hour, from all instances. */
  async read(site: Site, hour: Hour): Promise<SiteHour> {
    const sum = new SiteHour();
    const live = this.#live.get(hour);
    const own = live?.sites.get(site);
    if (own) sum.merge(own);
    for (const [part, text] of await this.#kept(hour)) {
      const kept = part === live?.part ? undefined : readSite(text, site);
      if (kept) sum.merge(kept);
    }
    return sum;
  }

  /** Writes down what is new. Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** The same for the last time. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.options.clock.clearTimeout(this.#timer);
    await this.save();
  }

  get #now(): number {
    return this.options.clock.now() / 1000;
  }

  #at(second: number, site: Site): SiteHour | undefined {
    if (this.#isOver || !this.options.sites.includes(site)) return undefined;
    const hour = Math.floor(second / HOUR);
    const live = this.#live.get(hour) ?? this.#begin(hour);
    const known = live.sites.get(site) ?? new SiteHour();
    live.sites.set(site, known);
    live.isNew = true;
    this.#arm();
    return known;
  }

  /** Never under a name that was used: what the clock makes us count twice must not replace what was counted first. */
  #begin(hour: Hour): LiveHour {
    const live = { part: `${this.options.run}-${this.#parts++}`, sites: new Map(), isNew: false };
    this.#live.set(hour, live);
    if (this.#live.size > MAX_LIVE) this.#live.delete(Math.min(...this.#live.keys()));
    return live;
  }

  /** There is a timer only while there is something to write. */
  #arm(): void {
    this.#timer ??= this.options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, SAVE_EVERY);
  }

  async #save(): Promise<void> {
    const { store } = this.options;
    const now = this.#now;
    try {
      for (const [hour, live] of [...this.#live]) {
        if (live.isNew) {
          // What comes while it is written is new again.
          live.isNew = false;
          await store
            .write(hour, live.part, JSON.stringify(Object.fromEntries(live.sites)))
            .catch((error: unknown) => {
              live.isNew = true;
              throw error;
            });
        }
        if ((hour + 1) * HOUR + LATE < now) this.#live.delete(hour);
      }
      await this.#sweep(Math.floor(now / HOUR));
      this.#isFailing = false;
    } catch (error) {
      this.#tell(error);
      if (!this.#isOver) this.#arm();
    }
  }

  async #sweep(hour: Hour): Promise<void> {
    if (hour === this.#sweptAt) return;
    await this.options.store.sweep(hour - KEPT / HOUR);
    this.#sweptAt = hour;
  }

  async #kept(hour: Hour): Promise<ReadonlyMap<string, string>> {
    try {
      return await this.options.store.read(hour);
    } catch (error) {
      this.#tell(error);
      return new Map();
    }
  }

  #tell(error: unknown): void {
    if (!this.#isFailing) this.options.failed(error);
    this.#isFailing = true;
  }
}

function slotOf(second: number): number {
  return Math.floor((second % HOUR) / SLOT);
}

/** What a part says of a site; nothing when it is not as we write it. */
function readSite(text: string, site: Site): SiteHour | undefined {
  try {
    const written = members(JSON.parse(text), Number.POSITIVE_INFINITY).find(([name]) => name === site);
    return written && SiteHour.read(written[1]);
  } catch {
    return undefined;
  }
}
