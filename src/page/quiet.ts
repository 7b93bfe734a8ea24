import type { Clock } from '../core/clock.js';

/** The part of a window that tells how busy its page is. */
export interface BusyPage {
  readonly document: { readonly readyState: string };
  addEventListener(type: 'load', listener: () => void, options: AddEventListenerOptions): void;
  requestIdleCallback?(run: () => void, options: { timeout: number }): unknown;
}

/** What the browser says about a file of the page: `PerformanceResourceTiming`, times in ms. */
export type FileTiming = Pick<PerformanceResourceTiming, 'requestStart' | 'responseEnd'>;

/** A page that still loads after this long (ms) is one that needs peers: do not wait for it. */
export const LOAD_PATIENCE = 1500;
/** A page that never idles gets the engine after this long (ms) all the same. */
export const IDLE_PATIENCE = 2000;

/** An origin with capacity to spare answers for a small file in a few round trips and this (ms). */
export const PROMPT = 250;
const ROUND_TRIPS = 3;

/**
 * Whether even the quickest of the files that the page got so far kept it waiting, for reasons other than
 * the distance (`roundTrip`, ms): such an origin is short of the bandwidth that peers could save it, and
 * whatever is asked of it later waits in a longer queue.
 */
export function isKeptWaiting(files: readonly FileTiming[], roundTrip: number): boolean {
  // Files of origins that do not tell have a start of 0.
  const times = files
    .filter(({ requestStart }) => requestStart > 0)
    .map(({ requestStart, responseEnd }) => responseEnd - requestStart);
  return times.length > 0 && Math.min(...times) > PROMPT + ROUND_TRIPS * roundTrip;
}

export interface QuietOptions {
  readonly view: BusyPage;
  readonly clock: Clock;
  /** See the function of that name. */
  readonly isKeptWaiting: () => boolean;
}

/**
 * The moment to start worker and engine. That takes a core for a while, which the first paint of a page
 * can do without; but where the origin keeps the page waiting, the first paint waits for other things.
 */
export class Quiet {
  #come: Promise<void> | undefined;

  constructor(private readonly options: QuietOptions) {}

  /** Resolves when it has come. */
  come(): Promise<void> {
    return (this.#come ??= this.#wait());
  }

  async #wait(): Promise<void> {
    const { view, clock, isKeptWaiting } = this.options;
    if (isKeptWaiting()) return;
    await afterLoad(view, clock);
    await whenIdle(view, clock);
  }
}

/** Resolves once the page has loaded, or has taken too long to. */
function afterLoad(page: BusyPage, clock: Clock): Promise<void> {
  if (page.document.readyState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, LOAD_PATIENCE);
    const loaded = (): void => {
      clock.clearTimeout(timer);
      resolve();
    };
    page.addEventListener('load', loaded, { once: true });
  });
}

/** Resolves when the browser has nothing better to do; Safari has no idle callback and waits a turn. */
export function whenIdle(page: BusyPage, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (page.requestIdleCallback) page.requestIdleCallback(resolve, { timeout: IDLE_PATIENCE });
    else clock.setTimeout(resolve, 1);
  });
}
