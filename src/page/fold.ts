import type { Clock } from '../core/clock.js';
import type { ImagePlacement } from '../core/deadline.js';
import { LOAD_DELAY } from '../core/deadline.js';

/** The parts of a box that matter, in CSS pixels relative to the viewport. */
export type Box = Pick<DOMRectReadOnly, 'top' | 'bottom' | 'left' | 'right'>;

/** How far `box` lies outside a viewport of this size: 0 when any of it is visible. */
export function distanceTo(box: Box, width: number, height: number): number {
  const vertical = Math.max(box.top - height, -box.bottom, 0);
  return Math.max(vertical, box.left - width, -box.right);
}

/**
 * A scroll that ended this long ago (ms) has lost 63 % of its weight. Wheels and fingers move in bursts;
 * what counts is how far they get in the second or so until an image below comes into view.
 */
const SPEED_DECAY = 500;

/** Vertical scrolling speed in pixels per millisecond, positive downwards; dies away when scrolling stops. */
export class ScrollSpeed {
  #top: number | undefined;
  #speed = 0;
  #at = 0;

  constructor(private readonly clock: Clock) {}

  /** To be told the scroll position with every scroll event. */
  moved(top: number): void {
    const elapsed = this.clock.ticks() - this.#at;
    if (this.#top !== undefined && elapsed > 0) {
      const weight = 1 - Math.exp(-elapsed / SPEED_DECAY);
      this.#speed += ((top - this.#top) / elapsed - this.#speed) * weight;
    }
    this.#top = top;
    this.#at += elapsed;
  }

  get now(): number {
    return this.#speed * Math.exp((this.#at - this.clock.ticks()) / SPEED_DECAY);
  }
}

/**
 * What may still be spent of the delay that peers may add to the `load` event. It runs from the first
 * time it is asked for, so that however many images wait, they do so at the same time.
 */
export class LoadBudget {
  #deadline: number | undefined;

  constructor(private readonly clock: Clock) {}

  get left(): number {
    this.#deadline ??= this.clock.ticks() + LOAD_DELAY;
    return Math.max(0, this.#deadline - this.clock.ticks());
  }
}

/** Whether an element's `source` is the resource `url`; fragments (`#t=10`) are the element's own business. */
export function isSource(source: string, url: string): boolean {
  return source === url || source.startsWith(`${url}#`);
}

/** The window as seen from here; a narrow interface so that placing is testable without layout. */
export interface FoldView {
  readonly innerWidth: number;
  readonly innerHeight: number;
  readonly document: {
    readonly readyState: string;
    readonly images: Iterable<PlacedImage>;
  };
}

export interface PlacedImage {
  readonly currentSrc: string;
  readonly src: string;
  readonly loading: string;
  getClientRects(): Iterable<Box>;
}

/**
 * Where the image of `url` sits, by its element nearest to the viewport. `undefined` when no rendered
 * element shows it (style sheets, preloads, hidden slides): it might be wanted at any moment.
 */
export function placeImage(
  url: string,
  view: FoldView,
  speed: ScrollSpeed,
  budget: LoadBudget,
): ImagePlacement | undefined {
  let nearest: { distance: number; above: boolean } | undefined;
  let eager = false;
  for (const image of view.document.images) {
    if (!isSource(image.currentSrc || image.src, url)) continue;
    if (image.loading !== 'lazy') eager = true;
    for (const box of image.getClientRects()) {
      const distance = distanceTo(box, view.innerWidth, view.innerHeight);
      if (!nearest || distance < nearest.distance) nearest = { distance, above: box.bottom < 0 };
    }
  }
  if (!nearest) return undefined;
  const approach = nearest.above ? -speed.now : speed.now;
  const delaysLoad = eager && nearest.distance > 0 && view.document.readyState !== 'complete';
  return {
    kind: 'image',
    distance: nearest.distance,
    speed: approach,
    ...(delaysLoad ? { loadBudget: budget.left } : {}),
  };
}
