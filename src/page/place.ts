import { BoundedMap } from '../core/bounded-map.js';
import type { Clock } from '../core/clock.js';
import { deadlineFor, SLOW, type Deadline, type Placement } from '../core/deadline.js';
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
    this.#headStarts = new HeadStarts(config.headStart);
    view.addEventListener('scroll', this.#moved, { passive: true });
  }

  close(): void {
    this.view.removeEventListener('scroll', this.#moved);
  }

  /** To be told of every transfer of this page. */
  learn(report: TransferReport): void {
    this.#httpTime.learn(report);
    this.#breaker.learn(report);
  }

  /** What is signed about `url` says how many bytes it has. */
  know(url: string, length: number): void {
    this.#lengths.set(url, length);
  }

  lengthOf(url: string): number | undefined {
    return this.#lengths.get(url);
  }

  place(url: string, destination: string): Deadline {
    const { fallbackMs } = this.config;
    const failing = this.#httpTime.isFailing(destination);
    // Images are fetched whole, players' files in parts.
    const length = destination === 'image' ? this.lengthOf(url) : undefined;
    const httpMs = this.#httpTime.expect(destination, length);
    const deadline = deadlineFor(this.#placement(url, destination), {
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

  #placement(url: string, destination: string): Placement {
    if (destination === 'image') {
      return placeImage(url, this.view, this.#speed, this.#budget) ?? { kind: 'unknown' };
    }
    const players = this.view.document.querySelectorAll('video,audio');
    const playback = placeMedia(url, destination, players, this.#headStarts);
    return playback ?? { kind: destination === '' ? 'download' : 'unknown' };
  }
}
