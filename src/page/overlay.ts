import type { Clock, Timer } from '../core/clock.js';
import type { TransferReport } from '../protocol/bridge.js';
import { systemClock } from '../protocol/system-clock.js';
import { make } from './elements.js';
import type { Engine, Fault, Stats } from './engine-host.js';
import type { Memory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import { Badges } from './overlay-badges.js';
import type { Situation } from './overlay-model.js';
import { OverlayPanel } from './overlay-panel.js';
import { OVERLAY_STYLE } from './overlay-style.js';
import type { Status } from './readiness.js';
import type { Refusal } from './policy.js';
import { styleShadow } from './shadow-style.js';
import { Timeline, type PageTiming } from './timeline.js';
import type { UploadLimits } from './upload-choice.js';

/** What the overlay shows is asked of these, so that it also tells why there is nothing to show. */
export interface OverlayHost {
  readonly options: PeerfoldOptions;
  readonly memory: Memory;
  stats(): Stats;
  /** Calls `listener` after every transfer of this page, until the returned function is called. */
  onTransfer(listener: (report: TransferReport) => void): () => void;
  /** The engine, once it runs. */
  engine(): Pick<Engine, 'stats'> | undefined;
  /** Whether this page uses Peerfold, as `peerfold.ready` has it at the moment. */
  ready?(): Promise<Status>;
  /** Why nothing may be contacted now, though the page may be using Peerfold otherwise. */
  refusal?(): Refusal | undefined;
  /** Calls `listener` after every `error` event, until the returned function is called. */
  onFault?(listener: (fault: Fault) => void): () => void;
  /** Without it the visitor's cap cannot be changed here. */
  readonly limits?: UploadLimits;
}

/** What `peerfold-overlay.js` exports. */
export interface OverlayModule {
  readonly showOverlay: (host: OverlayHost) => () => void;
}

/** Links and uploads change without a transfer of this page; they are read this often (ms). */
const REFRESH = 1000;

export const OVERLAY_TAG = 'peerfold-overlay';

/**
 * Shows where the page's bytes came from and why not from peers: a badge on each image, a panel, entries in the
 * page's user timing. Lives in a shadow root of its own, so that neither the site's style nor ours reaches the
 * other. Returns how to end it.
 */
export function showOverlay(
  host: OverlayHost,
  clock: Clock = systemClock,
  timing: PageTiming = performance,
): () => void {
  const overlay = new Overlay(host, clock, timing);
  return () => {
    overlay.close();
  };
}

class Overlay {
  readonly #host: OverlayHost;
  readonly #clock: Clock;
  readonly #element = make(OVERLAY_TAG as 'div');
  readonly #badges: Badges;
  readonly #panel: OverlayPanel;
  readonly #timeline: Timeline;
  readonly #unlisten: readonly ((() => void) | undefined)[];
  #watched: Promise<Status> | undefined;
  #status: Status | undefined;
  #timer: Timer;

  constructor(host: OverlayHost, clock: Clock, timing: PageTiming) {
    const { options, memory, limits } = host;
    this.#host = host;
    this.#clock = clock;
    const root = this.#element.attachShadow({ mode: 'open' });
    styleShadow(root, OVERLAY_STYLE);
    document.documentElement.append(this.#element);
    this.#badges = new Badges(root, document);
    const refusals = (): ReadonlyMap<string, string> | undefined => host.engine()?.stats().refusals;
    this.#panel = new OverlayPanel(root, { options, memory, limits, clock, refusals });
    this.#timeline = new Timeline(timing);
    host.stats().resources.forEach(this.#add);
    this.#unlisten = [
      host.onTransfer((report) => {
        this.#add(report);
        this.#refresh();
      }),
      host.onFault?.(this.#panel.fail.bind(this.#panel)),
    ];
    this.#tick();
  }

  close(): void {
    for (const end of this.#unlisten) end?.();
    this.#clock.clearTimeout(this.#timer);
    this.#badges.close();
    this.#timeline.close();
    this.#element.remove();
  }

  readonly #add = (report: TransferReport): void => {
    this.#badges.mark(report);
    this.#panel.add(report);
    this.#timeline.add(report);
  };

  readonly #tick = (): void => {
    this.#refresh();
    this.#badges.arrange();
    this.#timer = this.#clock.setTimeout(this.#tick, REFRESH);
  };

  #refresh(): void {
    const host = this.#host;
    this.#panel.show({ inactive: this.#inactive(), stats: host.stats(), engine: host.engine()?.stats() });
  }

  /** Looks for `ready` each time: it is another promise after the visitor has chosen. */
  #inactive(): Situation['inactive'] {
    const decision = this.#host.ready?.();
    if (decision && decision !== this.#watched) {
      this.#watched = decision;
      void decision.then((status) => {
        if (decision === this.#watched) this.#status = status;
      });
    }
    if (decision && !this.#status) return 'starting';
    return this.#status?.active === false ? this.#status.reason : this.#host.refusal?.();
  }
}
