import type { Clock } from '../core/clock.js';
import { deadlineFor, type Deadline, type Placement } from '../core/deadline.js';
import type { SiteConfig, TransferReport } from '../protocol/bridge.js';
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

/** Answers the worker's question "where is this resource, and how long may peers take?". */
export class Placer {
  readonly #speed: ScrollSpeed;
  readonly #budget: LoadBudget;
  readonly #httpTime = new HttpTime();
  readonly #headStarts: HeadStarts;

  constructor(
    private readonly config: Pick<SiteConfig, 'headStart' | 'fallbackMs'>,
    private readonly view: PageView,
    clock: Clock,
  ) {
    this.#speed = new ScrollSpeed(clock);
    this.#budget = new LoadBudget(clock);
    this.#headStarts = new HeadStarts(config.headStart);
    view.addEventListener('scroll', this.#moved, { passive: true });
  }

  close(): void {
    this.view.removeEventListener('scroll', this.#moved);
  }

  learn(report: TransferReport): void {
    this.#httpTime.learn(report);
  }

  place(url: string, destination: string): Deadline {
    const { fallbackMs } = this.config;
    return deadlineFor(this.#placement(url, destination), {
      httpMs: this.#httpTime.expect(destination),
      ...(fallbackMs === undefined ? {} : { fallbackMs }),
    });
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
