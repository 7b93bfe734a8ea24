import { BoundedMap } from '../core/bounded-map.js';
import type { Clock } from '../core/clock.js';
import { deadlineFor, SLOW, type Deadline, type MediaPlacement, type Placement } from '../core/deadline.js';
import type { SiteConfig, TransferReport } from '../protocol/bridge.js';
import { Breaker } from './breaker.js';
import { LoadBudget, placeImage, ScrollSpeed, type FoldView } from './fold.js';
import { HttpTime } from './http-time.js';
import { HeadStarts, placeMedia, type Player } from './media.js';

/** The window as the sensors see it. */
export interface PageView extends FoldView {
  readonly scrollY: number;
  readonly document: FoldView['document'] & {
    querySelectorAll(selector: 'video,audio'): Iterable<Player>;
  };
  addEventListener(type: 'scroll', listener: () => void, options: AddEventListenerOptions): void;
  removeEventListener(type: 'scroll', listener: () => void): void;
}

/** What playlists and links tell about a player's request. */
export interface SegmentFacts {
  /** At a live edge: how many of the swarm are to fetch it before us. */
  readonly rank?: number | undefined;
  /** Linked peers hold it and deliver faster than it plays. */
  readonly warm?: boolean | undefined;
  /** How long it plays (s). */
  readonly duration?: number | undefined;
  /** The origin cannot give segments as fast as they play. */
  readonly overrun?: boolean | undefined;
  /** Where the player may change to another rate: what this one takes (bytes per second). */
  readonly adaptive?: number | undefined;
}

export type Placed = Deadline & { readonly rate?: number };

/**
 * Share of its own playing time that a segment may keep its player waiting. With what HTTP may take after that,
 * the player still finds that segments come faster than they play.
 */
const ADAPTIVE_WAIT = 0.5;
/**
 * What comes from peers is handed out this many times faster than it plays, even where the origin is slower: enough
 * for the player to stay, and not enough to go higher.
 */
const ADAPTIVE_RATE = 1.3;
/** Lengths remembered: what one page shows and some more. */
const MAX_LENGTHS = 2000;

/** Answers the worker's question "where is this resource, and how long may peers take?". */
export class Placer {
  readonly #speed: ScrollSpeed;
  readonly #budget: LoadBudget;
  readonly #httpTime = new HttpTime();
  readonly #breaker: Breaker;
  readonly #lengths = new BoundedMap<string, number>(MAX_LENGTHS);
  readonly #headStarts: HeadStarts;

  constructor(
    private readonly config: Pick<SiteConfig, 'headStart' | 'fallbackMs'>,
    private readonly view: PageView,
    clock: Clock,
  ) {
    this.#speed = new ScrollSpeed(clock);
    this.#budget = new LoadBudget(clock);
    this.#breaker = new Breaker(clock);
    this.#headStarts = new HeadStarts(config.headStart, (url) => this.lengthOf(url));
    view.addEventListener('scroll', this.#moved, { passive: true });
  }

  close(): void {
    this.view.removeEventListener('scroll', this.#moved);
  }

  /** To be told of every transfer of this page. */
  learn(report: TransferReport): void {
    this.#httpTime.learn(report);
    this.#breaker.learn(report);
    this.#headStarts.learn(report);
  }

  /** What is signed about `url` says how many bytes it has. */
  know(url: string, length: number): void {
    this.#lengths.set(url, length);
  }

  lengthOf(url: string): number | undefined {
    return this.#lengths.get(url);
  }

  /** Milliseconds that fetching such a resource from the origin takes at present. */
  httpTime(destination: string): number {
    return this.#httpTime.expect(destination);
  }

  /** Whether a player has had the seconds that come over HTTP first. */
  headStartOf(player: Player): MediaPlacement['headStart'] {
    return this.#headStarts.stateOf(player);
  }

  place(url: string, destination: string, facts: SegmentFacts = {}): Placed {
    const deadline = this.#deadline(url, destination, facts);
    const { adaptive } = facts;
    if (!adaptive) return deadline;
    const rate = this.#httpTime.rate(destination);
    if (rate !== undefined) return { ...deadline, rate: Math.max(rate, ADAPTIVE_RATE * adaptive) };
    // What peers or the store gave first would tell the player of a network that nobody has.
    return this.#httpTime.isFailing(destination) ? deadline : { wait: 0, reason: 'head-start' };
  }

  #deadline(url: string, destination: string, facts: SegmentFacts): Deadline {
    const { fallbackMs } = this.config;
    const failing = this.#httpTime.isFailing(destination);
    // Images are fetched whole, players' files in parts.
    const length = destination === 'image' ? this.lengthOf(url) : undefined;
    const httpMs = this.#httpTime.expect(destination, length);
    const deadline = deadlineFor(this.#placement(url, destination, facts), {
      ...{ httpMs, failing },
      ...(fallbackMs === undefined ? {} : { fallbackMs }),
    });
    if (deadline.wait === 0) return deadline;
    // Late peers are better than an origin that gives nothing.
    if (!failing && !this.#breaker.allows(url)) return { wait: 0, reason: 'resting' };
    return httpMs > SLOW ? { ...deadline, slow: true } : deadline;
  }

  readonly #moved = (): void => {
    this.#speed.moved(this.view.scrollY);
  };

  #placement(url: string, destination: string, { duration, adaptive, ...facts }: SegmentFacts): Placement {
    if (destination === 'image') {
      return placeImage(url, this.view, this.#speed, this.#budget) ?? { kind: 'unknown' };
    }
    const players = this.view.document.querySelectorAll('video,audio');
    const playback = placeMedia(url, destination, players, this.#headStarts, duration);
    if (!playback) return { kind: destination === '' ? 'download' : 'unknown' };
    return { ...playback, ...facts, most: adaptive && duration && 1000 * ADAPTIVE_WAIT * duration };
  }
}
