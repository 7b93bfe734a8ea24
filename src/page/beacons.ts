import type { Clock, Timer } from '../core/clock.js';
import type { Site } from '../core/brands.js';
import {
  MAX_BEACON,
  MAX_BEACON_BYTES,
  MAX_BEACON_COUNT,
  MAX_BEACON_IMAGES,
  MAX_BEACON_SECONDS,
  MAX_BEACON_STARTS,
  MAX_BEACON_TIME,
  type Beacon,
} from '../protocol/beacon.js';
import { systemClock } from '../protocol/system-clock.js';
import { Transfers, type BeaconStats } from './beacons-bytes.js';
import { ImageTimes, type ImageView } from './beacons-images.js';
import { PlayerTimes } from './beacons-players.js';
import type { Fault } from './engine-host.js';

/** What the beacons' bundle gets from the loader, which has drawn this page and heard that the visitor allows it. */
export interface BeaconsHost {
  /** `control`: neither worker nor engine runs on this page. */
  readonly group: Beacon['group'];
  /** The share of pages that are drawn, above 0 and at most 1. */
  readonly share: number;
  /** Of the hash service. */
  readonly address: string;
  /** Origin of the page. */
  readonly site: string;
  /** All of it 0 in the control group. */
  readonly stats: () => BeaconStats;
  /** Calls `listener` with every `error` event, until the returned function is called. */
  readonly onError: (listener: (fault: Fault) => void) => () => void;
}

/** What is taken from the platform; tests replace it. */
export interface BeaconsPlatform {
  readonly view: BeaconsView;
  /** `ticks` counts from when the page began, as `performance.now()` does. */
  readonly clock: Clock;
}

/** The parts of a window that are used. */
export interface BeaconsView extends ImageView {
  readonly navigator: Pick<Navigator, 'sendBeacon'>;
  readonly performance: Pick<Performance, 'getEntriesByName' | 'getEntriesByType'>;
  readonly PerformanceObserver: typeof PerformanceObserver;
  addEventListener(name: 'pagehide', listener: () => void): void;
  removeEventListener(name: 'pagehide', listener: () => void): void;
}

/** The bundle `peerfold-beacons.js`. */
export interface BeaconsModule {
  readonly startBeacons: (host: BeaconsHost, platform?: BeaconsPlatform) => () => void;
}

/** How often (ms) links are counted. */
const LINKS_EVERY = 5000;

/**
 * Measures this page, and tells the hash service when it is hidden, until the returned function is called. Throws
 * nothing: on a page that cannot be measured, nothing is.
 */
export const startBeacons: BeaconsModule['startBeacons'] = (
  host,
  platform = { view: window, clock: systemClock },
) => {
  try {
    const beacons = new Beacons({ ...host, ...platform });
    return () => {
      beacons.stop();
    };
  } catch {
    return () => undefined;
  }
};

class Beacons {
  readonly #images: ImageTimes;
  readonly #players: PlayerTimes;
  readonly #transfers = new Transfers();
  readonly #paints: PerformanceObserver | undefined;
  readonly #deaf: () => void;
  #paint: number | undefined;
  #errors: Record<string, number> = {};
  #links = 0;
  #visibleSince: number | undefined;
  #visible = 0;
  #timer: Timer;

  constructor(private readonly host: BeaconsHost & BeaconsPlatform) {
    const { view, clock } = host;
    this.#images = new ImageTimes({ view, clock });
    this.#players = new PlayerTimes({ clock, document: view.document });
    // A page that begins in the background paints when it is looked at, and not sooner for anything we do.
    if (!this.#isHidden) {
      this.#visibleSince = 0;
      this.#paints = this.#watchPaints();
    }
    this.#deaf = host.onError(({ code }) => {
      this.#errors[code] = (this.#errors[code] ?? 0) + 1;
    });
    view.document.addEventListener('visibilitychange', this.#turned);
    view.addEventListener('pagehide', this.#left);
    this.#countLinks();
  }

  stop(): void {
    const { view, clock } = this.host;
    clock.clearTimeout(this.#timer);
    view.document.removeEventListener('visibilitychange', this.#turned);
    view.removeEventListener('pagehide', this.#left);
    this.#deaf();
    this.#paints?.disconnect();
    this.#players.close();
    this.#images.close();
  }

  get #isHidden(): boolean {
    return this.host.view.document.visibilityState === 'hidden';
  }

  #watchPaints(): PerformanceObserver | undefined {
    const { PerformanceObserver: Observer } = this.host.view;
    const type = 'largest-contentful-paint';
    if (!Observer.supportedEntryTypes.includes(type)) return undefined;
    const observer = new Observer((list) => {
      this.#painted(list.getEntries());
    });
    observer.observe({ type, buffered: true });
    return observer;
  }

  #painted(entries: PerformanceEntryList): void {
    const [navigation] = this.host.view.performance.getEntriesByType('navigation') as {
      activationStart?: number;
    }[];
    const last = entries.at(-1);
    // What was rendered ahead counts from when it was shown.
    if (last) this.#paint = Math.max(0, last.startTime - (navigation?.activationStart ?? 0));
  }

  #countLinks(): void {
    this.#links = Math.max(this.#links, this.host.stats().links);
    this.#timer = this.host.clock.setTimeout(() => {
      this.#countLinks();
    }, LINKS_EVERY);
  }

  readonly #turned = (): void => {
    // A page that goes has told already.
    if (!this.#isHidden) this.#visibleSince = this.host.clock.ticks();
    else if (this.#visibleSince !== undefined) this.#tell(false);
  };

  readonly #left = (): void => {
    this.#tell(true);
  };

  #tell(ends: boolean): void {
    try {
      const { address, view } = this.host;
      const text = textOf(this.#beacon(ends));
      if (text) view.navigator.sendBeacon(`${address.replace(/\/+$/, '')}/v1/beacons`, text);
    } catch {
      // Nobody misses one page among many.
    }
  }

  #beacon(ends: boolean): Beacon {
    const { group, share, site, clock } = this.host;
    const now = clock.ticks();
    this.#visible += now - (this.#visibleSince ?? now);
    this.#visibleSince = this.#isHidden || ends ? undefined : now;
    this.#painted(this.#paints?.takeRecords() ?? []);
    this.#paints?.disconnect();
    const stats = this.host.stats();
    const { starts, stalls, stalled, played } = this.#players.take();
    const beacon: Beacon = {
      ...{ v: 1, site: site as Site, group, share, seconds: whole(this.#visible / 1000, MAX_BEACON_SECONDS) },
      ...(this.#paint === undefined ? {} : { paint: time(this.#paint) }),
      images: this.#images.take(ends).slice(0, MAX_BEACON_IMAGES).map(time),
      playback: {
        starts: starts.slice(0, MAX_BEACON_STARTS).map(time),
        stalls: whole(stalls, MAX_BEACON_COUNT),
        stalled: whole(stalled, MAX_BEACON_SECONDS * 1000),
        played: whole(played, MAX_BEACON_SECONDS * 1000),
      },
      ...this.#transfers.take(stats),
      links: whole(Math.max(this.#links, stats.links), MAX_BEACON_COUNT),
      errors: this.#errors,
    };
    this.#paint = undefined;
    [this.#visible, this.#links, this.#errors] = [0, 0, {}];
    return beacon;
  }
}

/** Nothing where there is nothing to say but how long the page was looked at. */
function textOf(beacon: Beacon): string | undefined {
  const { paint, images, playback, bytes, errors } = beacon;
  const sums = [...Object.values(bytes), ...Object.values(errors), playback.played, playback.stalled];
  const isNews =
    paint !== undefined || images.length + playback.starts.length > 0 || sums.some((sum) => sum > 0);
  if (!isNews || Object.values(bytes).some((sum) => sum > MAX_BEACON_BYTES)) return undefined;
  for (const resources = [...beacon.resources]; ; resources.pop()) {
    const text = JSON.stringify({ ...beacon, resources });
    if (text.length <= MAX_BEACON || resources.length === 0) return text;
  }
}

function time(ms: number): number {
  return whole(ms, MAX_BEACON_TIME);
}

function whole(value: number, most: number): number {
  return Math.min(most, Math.round(value));
}
