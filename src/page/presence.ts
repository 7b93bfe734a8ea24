import type { Clock, Timer } from '../core/clock.js';

/** The parts of window and document that tell whether anybody is looking. */
export interface PresenceView extends EventTarget {
  readonly document: EventTarget & { readonly visibilityState: string };
  readonly navigator: { readonly onLine: boolean };
}

export interface Presence {
  readonly visible: boolean;
  /** May links be kept: online, not frozen, and not hidden for long. */
  readonly active: boolean;
}

/** A glance at another tab is not the end; open links would keep a forgotten tab awake for ever (ms). */
export const HIDDEN_GRACE = 30_000;

/** Tells whether this page is looked at, is in touch with the network, and runs at all. */
export class PresenceSensor {
  #frozen = false;
  #outstayed = false;
  #timer: Timer;

  constructor(
    private readonly view: PresenceView,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {
    const { document } = view;
    document.addEventListener('visibilitychange', this.#looked);
    document.addEventListener('freeze', this.#froze);
    document.addEventListener('resume', this.#thawed);
    view.addEventListener('online', this.#heard);
    view.addEventListener('offline', this.#heard);
    this.#watch();
  }

  get now(): Presence {
    const { document, navigator } = this.view;
    const visible = document.visibilityState === 'visible';
    return { visible, active: navigator.onLine && !this.#frozen && !(this.#outstayed && !visible) };
  }

  close(): void {
    const { document } = this.view;
    document.removeEventListener('visibilitychange', this.#looked);
    document.removeEventListener('freeze', this.#froze);
    document.removeEventListener('resume', this.#thawed);
    this.view.removeEventListener('online', this.#heard);
    this.view.removeEventListener('offline', this.#heard);
    this.clock.clearTimeout(this.#timer);
  }

  readonly #heard = (): void => {
    this.changed();
  };

  readonly #looked = (): void => {
    this.#watch();
    this.changed();
  };

  readonly #froze = (): void => {
    this.#frozen = true;
    this.changed();
  };

  readonly #thawed = (): void => {
    this.#frozen = false;
    this.changed();
  };

  #watch(): void {
    this.clock.clearTimeout(this.#timer);
    this.#outstayed = false;
    if (this.now.visible) return;
    this.#timer = this.clock.setTimeout(() => {
      this.#outstayed = true;
      this.changed();
    }, HIDDEN_GRACE);
  }
}
