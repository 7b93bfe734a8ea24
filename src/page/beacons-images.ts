import type { Clock } from '../core/clock.js';

/** The parts of a window that images are watched with. */
export interface ImageView {
  readonly document: Document;
  readonly performance: Pick<Performance, 'getEntriesByName'>;
  readonly scrollY: number;
  readonly IntersectionObserver: typeof IntersectionObserver;
  readonly MutationObserver: typeof MutationObserver;
}

export interface ImageTimesOptions {
  readonly view: ImageView;
  /** `ticks` counts from when the page began. */
  readonly clock: Clock;
}

const ENDS = ['load', 'error'] as const;

/**
 * How long images are waited for by those who look at them: from when one comes into the viewport, or the page began,
 * until it is loaded. One that is loaded before anybody gets there counts 0, one that is scrolled away from before
 * that is not waited for any more. Each element counts once.
 */
export class ImageTimes {
  /** Those in the viewport that are not there yet, by since when (ticks). */
  readonly #waits = new Map<HTMLImageElement, number>();
  readonly #done = new WeakSet<Element>();
  readonly #began: number;
  readonly #seen: IntersectionObserver;
  readonly #added: MutationObserver;
  #times: number[] = [];

  constructor(private readonly options: ImageTimesOptions) {
    const { view, clock } = options;
    const { document, scrollY } = view;
    this.#began = clock.ticks();
    const first = new Set<Element>(document.images);
    this.#seen = new view.IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const isFirst = first.delete(target);
        // On a page that was scrolled before it was watched, nobody knows since when this has been seen.
        if (isFirst && isIntersecting && scrollY > 0) this.#done.add(target);
        this.#moved(target as HTMLImageElement, isIntersecting, isFirst);
      }
    });
    this.#added = new view.MutationObserver((records) => {
      for (const { addedNodes } of records) for (const node of addedNodes) this.#watch(node);
    });
    this.#watch(document);
    this.#added.observe(document, { childList: true, subtree: true });
    for (const name of ENDS) document.addEventListener(name, this.#ended, true);
  }

  /** The times (ms) that are new since the last time. When the page `ends`, so does all waiting. */
  take(ends: boolean): number[] {
    for (const [image, since] of this.#waits)
      if (ends && !image.complete) this.#count(image, this.options.clock.ticks() - since);
    const times = this.#times;
    this.#times = [];
    return times;
  }

  close(): void {
    this.#seen.disconnect();
    this.#added.disconnect();
    for (const name of ENDS) this.options.view.document.removeEventListener(name, this.#ended, true);
  }

  #watch(node: Node): void {
    if (node instanceof HTMLImageElement) this.#seen.observe(node);
    else if ('querySelectorAll' in node)
      for (const image of (node as ParentNode).querySelectorAll('img')) this.#seen.observe(image);
  }

  /** `isFirst`: it was on the page when the watch began, and is heard of for the first time. */
  #moved(image: HTMLImageElement, isSeen: boolean, isFirst: boolean): void {
    this.#waits.delete(image);
    if (!isSeen || this.#done.has(image)) return;
    if (!image.complete || isPlaceholder(image))
      this.#waits.set(image, isFirst ? 0 : this.options.clock.ticks());
    else this.#count(image, isFirst ? this.#timingOf(image)?.responseEnd : 0);
  }

  readonly #ended = ({ type, target }: Event): void => {
    if (!(target instanceof HTMLImageElement) || isPlaceholder(target)) return;
    const since = this.#waits.get(target);
    if (type === 'error') this.#count(target);
    else if (since !== undefined)
      this.#count(target, this.options.clock.ticks() - this.#sinceOf(target, since));
  };

  /** What was there from the start has been waited for from then on, if the page wanted it by then. */
  #sinceOf(image: HTMLImageElement, since: number): number {
    const wanted = this.#timingOf(image)?.startTime ?? 0;
    return since === 0 && wanted > this.#began ? this.#began : since;
  }

  #timingOf(image: HTMLImageElement): PerformanceResourceTiming | undefined {
    const [timing] = this.options.view.performance.getEntriesByName(image.currentSrc, 'resource');
    return timing as PerformanceResourceTiming | undefined;
  }

  /** Whatever happens to it later, it has counted; without a time it does not count. */
  #count(image: HTMLImageElement, time?: number): void {
    this.#waits.delete(image);
    if (this.#done.has(image)) return;
    this.#done.add(image);
    this.#seen.unobserve(image);
    if (time !== undefined) this.#times.push(time);
  }
}

/** What scripts put in place of an image until they ask for it. */
function isPlaceholder({ currentSrc }: HTMLImageElement): boolean {
  return currentSrc === '' || currentSrc.startsWith('data:');
}
