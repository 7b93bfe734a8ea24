import type { Clock } from '../core/clock.js';

/** The part of a window that tells how busy its page is. */
export interface BusyPage {
  readonly document: { readonly readyState: string };
  addEventListener(type: 'load', listener: () => void, options: AddEventListenerOptions): void;
  requestIdleCallback?(run: () => void, options: { timeout: number }): unknown;
}

/** A page that still loads after this long (ms) is one that needs peers: do not wait for it. */
export const LOAD_PATIENCE = 1500;
/** A page that never idles gets the engine after this long (ms) all the same. */
export const IDLE_PATIENCE = 2000;

/** Resolves once the page has loaded, or has taken too long to. */
export function afterLoad(page: BusyPage, clock: Clock): Promise<void> {
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
