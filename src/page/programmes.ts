import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { reasonOf } from '../core/errors.js';
import type { PlaylistCopy } from '../protocol/playlist-copy.js';
import { canonicalUrl } from '../protocol/url.js';
import type { Fault } from './engine-host.js';
import type { ListedRendition, PlaylistsModule } from './playlists/reading.js';
import type { Programme, Rendition, Segment } from './programme.js';

export interface ProgrammesOptions {
  readonly loadParsers: () => Promise<PlaylistsModule>;
  readonly clock: Clock;
  /** Told of texts that cannot be read, once for each playlist, and of parsers that cannot be loaded. */
  readonly fault: (fault: Fault) => void;
}

/** Where a segment is: `rendition.segments[index]`. */
export interface Place {
  readonly programme: Programme;
  readonly rendition: Rendition;
  readonly index: number;
}

/** Playlists remembered: two players with a master, five variants and two sound tracks each. */
const MAX_PLAYLISTS = 16;
/** Segments remembered in all; what is beyond is forgotten a playlist at a time, oldest first. */
const MAX_SEGMENTS = 100_000;
/** URLs remembered as unreadable. */
const MAX_FAILED = 100;
/** Reading goes on after a pause when it has taken this long (ms): half a frame. */
const SLICE = 8;
/** Parsers that could not be loaded are asked for again after this (ms). */
const RETRY = 60_000;

/** A playlist as it was read last. */
interface Reading extends PlaylistCopy {
  readonly renditions: readonly ListedRendition[];
  /** After this (ms since 1970) the same text lists more; of others it is not kept. */
  readonly until: number;
}

/**
 * What the page's playlists say. Each reading of a playlist takes the place of the one before; variants that have
 * playlists of their own (HLS) are joined to the master that names them.
 */
export class Programmes {
  readonly #readings = new BoundedMap<CanonicalUrl, Reading>(MAX_PLAYLISTS);
  /** The latest text of each playlist that is still to be read. */
  readonly #waiting = new BoundedMap<CanonicalUrl, PlaylistCopy>(MAX_PLAYLISTS);
  readonly #failed = new BoundedMap<CanonicalUrl, true>(MAX_FAILED);
  /** Positions by URL, made when somebody asks. */
  readonly #positions = new WeakMap<readonly Segment[], ReadonlyMap<CanonicalUrl, number>>();
  #all: readonly Programme[] | undefined;
  #parsers: Promise<PlaylistsModule | undefined> | undefined;
  #retryAt = 0;
  #work: Promise<void> = Promise.resolve();

  readonly #options: ProgrammesOptions;

  constructor(options: ProgrammesOptions) {
    this.#options = options;
  }

  /** All that is known, latest first. */
  get all(): readonly Programme[] {
    return (this.#all ??= this.#join());
  }

  /** Reads a text. Never rejects; settles when it was read, or a later one of the same playlist in its stead. */
  learn({ asked, url, text }: PlaylistCopy): Promise<void> {
    const key = nameOf(asked);
    this.#waiting.set(key, { asked: key, url, text });
    this.#work = this.#work.then(() => this.#read(key));
    return this.#work;
  }

  /** The segment that a request for `url` is for; of several in one file, that with byte `start`. */
  find(url: CanonicalUrl, start?: number): Place | undefined {
    this.#lookAgain();
    for (const programme of this.all) {
      for (const rendition of programme.renditions) {
        const index = this.#indexOf(rendition.segments, url, start);
        if (index >= 0) return { programme, rendition, index };
      }
    }
    return undefined;
  }

  /** Whether there are other rates than that of this segment for a player to change to. */
  isAdaptive(url: CanonicalUrl): boolean {
    const { programme, rendition } = this.find(url) ?? {};
    const others = programme?.renditions.filter(({ kind }) => kind === rendition?.kind) ?? [];
    return new Set(others.map(({ bandwidth }) => bandwidth)).size > 1;
  }

  async #read(key: CanonicalUrl): Promise<void> {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    const parsers = waiting && (await this.#load());
    if (!parsers) return;
    try {
      const renditions = await this.#renditions(parsers, waiting.url, waiting.text);
      const before = this.#readings.get(key);
      const until = Math.min(...renditions.map((rendition) => rendition.until ?? Infinity));
      const merged = renditions.map((rendition) => completed(rendition, before?.renditions[0]));
      const text = until < Infinity ? waiting.text : '';
      this.#readings.set(key, { ...waiting, text, renditions: merged, until });
      this.#trim();
    } catch (error) {
      if (!this.#failed.has(key)) this.#fault(`cannot read ${key}`, error);
      this.#failed.set(key, true);
    }
  }

  async #renditions(
    { readPlaylist }: PlaylistsModule,
    url: CanonicalUrl,
    text: string,
  ): Promise<ListedRendition[]> {
    const { clock } = this.#options;
    const renditions: ListedRendition[] = [];
    let since = clock.ticks();
    for (const rendition of readPlaylist(url, text, clock.now())) {
      renditions.push(rendition);
      if (clock.ticks() - since < SLICE) continue;
      await new Promise<void>((resume) => clock.setTimeout(resume, 0));
      since = clock.ticks();
    }
    return renditions;
  }

  #load(): Promise<PlaylistsModule | undefined> {
    const { clock, loadParsers } = this.#options;
    if (!this.#parsers && clock.ticks() < this.#retryAt) return Promise.resolve(undefined);
    return (this.#parsers ??= loadParsers().catch((error: unknown) => {
      this.#parsers = undefined;
      this.#retryAt = clock.ticks() + RETRY;
      this.#fault('no playlists', error);
      return undefined;
    }));
  }

  #fault(what: string, error: unknown): void {
    this.#options.fault({ code: 'not-supported', message: `${what}: ${reasonOf(error)}` });
  }

  /** A live manifest lists more with time. */
  #lookAgain(): void {
    const now = this.#options.clock.now();
    for (const reading of this.#readings.values()) {
      if (reading.until <= now && !this.#waiting.has(reading.asked)) void this.learn(reading);
    }
  }

  #trim(): void {
    this.#all = undefined;
    let segments = 0;
    for (const { asked, renditions } of [...this.#readings.values()].reverse()) {
      for (const rendition of renditions) segments += rendition.segments.length;
      if (segments > MAX_SEGMENTS) this.#readings.delete(asked);
    }
  }

  #join(): Programme[] {
    const readings = [...this.#readings.values()].reverse();
    const joined = new Set<Reading>();
    const complete = (rendition: ListedRendition): Rendition => {
      const own = rendition.playlist && this.#readings.get(nameOf(rendition.playlist));
      const listed = own?.renditions[0];
      if (!listed || listed.playlist) return rendition;
      joined.add(own);
      return { ...rendition, segments: listed.segments, live: listed.live };
    };
    const programmes = readings.map((reading) => {
      return { reading, url: reading.asked, renditions: reading.renditions.map(complete) };
    });
    return programmes.filter(({ reading }) => !joined.has(reading));
  }

  #indexOf(segments: readonly Segment[], url: CanonicalUrl, start: number | undefined): number {
    const positions = this.#positions.get(segments) ?? positionsOf(segments);
    this.#positions.set(segments, positions);
    const first = positions.get(url) ?? -1;
    if (first < 0 || start === undefined) return first;
    const holds = (segment: Segment, index: number): boolean =>
      index >= first &&
      segment.url === url &&
      (segment.start ?? 0) <= start &&
      start < (segment.end ?? Infinity);
    return segments.findIndex(holds);
  }
}

function positionsOf(segments: readonly Segment[]): ReadonlyMap<CanonicalUrl, number> {
  const positions = new Map<CanonicalUrl, number>();
  segments.forEach(({ url }, index) => {
    if (!positions.has(url)) positions.set(url, index);
  });
  return positions;
}

/** Low-latency HLS says by `_HLS_…` which edition of a playlist is wanted; it is the same playlist. */
function nameOf(asked: CanonicalUrl): CanonicalUrl {
  if (!asked.includes('_HLS_')) return asked;
  const url = new URL(asked);
  for (const name of [...url.searchParams.keys()])
    if (name.startsWith('_HLS_')) url.searchParams.delete(name);
  return canonicalUrl(url.href) ?? asked;
}

/** Puts those in that were skipped, as far as they are known. */
function completed(rendition: ListedRendition, before: ListedRendition | undefined): ListedRendition {
  const { sequence = 0, skipped = 0, segments } = rendition;
  if (skipped === 0) return rendition;
  const from = sequence - (before?.sequence ?? 0);
  const known = from < 0 ? [] : (before?.segments.slice(from, from + skipped) ?? []);
  // Numbers count what is listed: without what was skipped, the first is that which follows.
  if (known.length < skipped) return { ...rendition, sequence: sequence + skipped };
  const first = known[0]?.at ?? 0;
  const last = known.at(-1);
  const offset = last ? last.at + last.duration - first : 0;
  const shifted = [
    ...known.map((segment) => ({ ...segment, at: segment.at - first })),
    ...segments.map((segment) => ({ ...segment, at: segment.at + offset })),
  ];
  return { ...rendition, segments: shifted };
}
