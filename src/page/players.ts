import type { CanonicalUrl } from '../core/brands.js';
import { hopeAtEdge, isOverrun } from '../core/deadline.js';
import type { TransferReport, WorkerMessage } from '../protocol/bridge.js';
import { LiveEdge, type LiveEdgeOptions } from './live-edge.js';
import { Playbacks, type Playback, type PlaybacksOptions } from './playbacks.js';
import type { Placed, Placer, SegmentFacts } from './place.js';
import { Programmes, type Place, type ProgrammesOptions } from './programmes.js';
import { UpcomingMedia, type UpcomingOptions } from './upcoming.js';

export interface PlayersOptions
  extends ProgrammesOptions, Omit<UpcomingOptions, 'find' | 'placer'>, LiveEdgeOptions {
  readonly view: UpcomingOptions['view'] & { readonly document: PlaybacksOptions['document'] };
  readonly placer: Placer;
  readonly playback: PlaybacksOptions['tell'];
}

/** All that this page knows of what its players play: from playlists, requests, and the players themselves. */
export class Players {
  readonly #options: PlayersOptions;
  readonly #programmes: Programmes;
  readonly #upcoming: UpcomingMedia;
  readonly #edge: LiveEdge;
  readonly #playbacks: Playbacks;
  #overrun = false;

  constructor(options: PlayersOptions) {
    this.#options = options;
    this.#programmes = new Programmes(options);
    const find = this.#programmes.find.bind(this.#programmes);
    this.#upcoming = new UpcomingMedia({ ...options, find });
    this.#edge = new LiveEdge(options);
    this.#playbacks = new Playbacks({ ...options, document: options.view.document, tell: options.playback });
  }

  /** How the page's players have played so far. */
  get playbacks(): readonly Playback[] {
    return this.#playbacks.all();
  }

  /** The worker has read a playlist on its way. */
  listed(playlist: Extract<WorkerMessage, { t: 'playlist' }>): void {
    void this.#programmes.learn(playlist);
  }

  /** Answers the worker about a request that may be a player's. */
  place({ url, destination, start }: Extract<WorkerMessage, { t: 'place' }>): Placed {
    const facts = destination === 'image' ? {} : this.#factsOf(url, start);
    const placed = this.#options.placer.place(url, destination, facts);
    this.#upcoming.requested(url, destination, start);
    return placed;
  }

  /** How long (ms) a statement about `url` may be waited for before the hash service is asked: who fetches first, asks first. */
  patienceFor(url: CanonicalUrl): number {
    return hopeAtEdge(this.#edge.rank(this.#programmes.find(url)) ?? 0, this.#options.placer.httpTime(''));
  }

  /** To be told of every transfer of this page. */
  learn(report: TransferReport): void {
    this.#upcoming.learn(report);
    this.#playbacks.learn(report);
  }

  /** Whether peers may be asked for anything at present. */
  allow(mayAsk: boolean): void {
    this.#upcoming.allow(mayAsk);
  }

  /** The worker has forgotten what it was told. */
  again(): void {
    this.#upcoming.again();
  }

  close(): void {
    this.#upcoming.close();
    this.#playbacks.close();
  }

  #factsOf(url: CanonicalUrl, start: number | undefined): SegmentFacts {
    const { holders: holdersOf, placer } = this.#options;
    const place = this.#programmes.find(url, start);
    const needed = place && bytesPerSecond(place, placer.lengthOf(url));
    const holders = holdersOf([url]);
    const overrun = place && this.#isOverrun(place);
    const isUnmeasured = holders.some(({ rate }) => rate === 0);
    const pace = holders.reduce((sum, { rate }) => sum + rate, 0);
    return {
      rank: this.#rankOf(place, overrun, holders.length > 0),
      warm: holders.length > 0 && (isUnmeasured || pace > (needed ?? 0)),
      duration: place && durationOf(place),
      overrun,
      adaptive: place && this.#programmes.isAdaptive(url) ? needed : undefined,
    };
  }

  /** Our turn to fetch it for all; whoever holds a part already has taken it. */
  #rankOf(place: Place | undefined, overrun = false, isHeld = false): number | undefined {
    return this.#edge.rank(place, overrun && !isHeld) ?? (overrun && isHeld ? 1 : undefined);
  }

  /**
   * Whether the origin is too slow to play from. Once it was, what one of a crowd measures tells that they take turns, so
   * that they go on until it could serve all of them at once.
   */
  #isOverrun(place: Place): boolean {
    const duration = durationOf(place);
    if (duration === undefined) return false;
    const crowd = this.#overrun ? this.#edge.crowd(place) : 1;
    this.#overrun = isOverrun(crowd * this.#options.placer.httpTime(''), duration);
    return this.#overrun;
  }
}

/** The bundle `peerfold-players.js`, which the engine loads on pages with players. */
export interface PlayersModule {
  startPlayers(options: PlayersOptions): Players;
}

export const startPlayers: PlayersModule['startPlayers'] = (options) => new Players(options);

function durationOf({ rendition, index }: Place): number | undefined {
  return rendition.segments[index]?.duration;
}

/** What playing a segment takes: by its own length, where that is signed, else by what the playlist says. */
function bytesPerSecond(place: Place, length: number | undefined): number | undefined {
  const { bandwidth, segments } = place.rendition;
  const { start, end, duration = 0 } = segments[place.index] ?? {};
  const bytes = start === undefined || end === undefined ? length : end - start;
  if (bytes !== undefined && duration > 0) return bytes / duration;
  return bandwidth === undefined ? undefined : bandwidth / 8;
}
