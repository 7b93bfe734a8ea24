import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import { chunksOf } from '../core/chunks.js';
import { MAX_DIGEST_URLS } from '../core/limits.js';
import type { FallbackReason, LoadedResource, SiteConfig, TransferReport } from '../protocol/bridge.js';
import { isFailure } from '../protocol/bridge.js';
import { isInScope, isOurs, isPlaylist } from '../protocol/patterns.js';
import { canonicalUrl } from '../protocol/url.js';

/** What the browser's own timing tells of one resource (Resource Timing); older ones tell no status. */
export type ResourceTiming = Pick<
  PerformanceResourceTiming,
  | 'name'
  | 'initiatorType'
  | 'startTime'
  | 'responseStart'
  | 'duration'
  | 'workerStart'
  | 'transferSize'
  | 'encodedBodySize'
> &
  Partial<Pick<PerformanceResourceTiming, 'responseStatus'>>;

export interface NativeLoadsOptions {
  readonly config: SiteConfig;
  /** The worker saw all requests of this page, and tells which of them it left. */
  readonly controlled: boolean;
  /** When this page's timings begin, in milliseconds since 1970. */
  readonly timeOrigin: number;
  /** Hands over what was timed so far and from now on, until the returned function is called. */
  readonly observe: (listener: (timings: readonly ResourceTiming[]) => void) => () => void;
  readonly record: (report: TransferReport) => void;
  /** These are whole in the HTTP cache, if that keeps them. */
  readonly loaded: (resources: readonly LoadedResource[]) => void;
}

/** Timings and words of the worker that wait for each other. */
const MAX_WAITING = 500;

/** Playlists that are told: a master, variants and sound of a few players. */
const MAX_PLAYLISTS = 10;

/**
 * What the browser loaded by itself: before the worker controlled the page, or because the worker left
 * it alone. Nobody else counts these bytes, and leaving them out would make the peers' share look too
 * large.
 */
export class NativeLoads {
  readonly #left = new BoundedMap<CanonicalUrl, Left>(MAX_WAITING);
  /** Loaded while there was a worker, which may have answered or not. */
  readonly #undecided = new BoundedMap<CanonicalUrl, ResourceTiming>(MAX_WAITING);
  readonly #playlists = new Set<CanonicalUrl>();
  readonly #stop: () => void;

  constructor(private readonly options: NativeLoadsOptions) {
    this.#stop = options.observe((timings) => {
      this.#tell(timings.flatMap((timing) => this.#heard(timing)));
    });
  }

  /** The worker left a request for `url` to the browser. */
  left({ url, destination, reason }: Left & { readonly url: CanonicalUrl }): void {
    const timing = this.#undecided.get(url);
    this.#undecided.delete(url);
    if (timing) this.#tell(this.#record(url, timing, { destination, reason }));
    else this.#left.set(url, { destination, reason });
  }

  close(): void {
    this.#stop();
  }

  /** Counts what is ours to count; gives what may be worth sharing. */
  #heard(timing: ResourceTiming): LoadedResource[] {
    const url = canonicalUrl(timing.name);
    if (!url || isAnsweredByWorker(timing) || this.#wasGivenUp(url, timing)) return [];
    if (this.#isUnreadPlaylist(url, timing)) return [{ url, destination: '' }];
    const left = this.#left.get(url) ?? this.#beforeWorker(url, timing);
    this.#left.delete(url);
    if (left) return this.#record(url, timing, left);
    if (this.#wasSeen(timing)) this.#undecided.set(url, timing);
    return [];
  }

  /** The page let go of it before anything came. Other origins do not tell what came. */
  #wasGivenUp(url: CanonicalUrl, { transferSize, encodedBodySize }: ResourceTiming): boolean {
    return transferSize + encodedBodySize === 0 && new URL(url).origin === this.options.config.site;
  }

  /** Whether the worker was asked. In Firefox `workerStart` is always 0. */
  #wasSeen({ workerStart }: ResourceTiming): boolean {
    return this.options.controlled || workerStart > 0;
  }

  /** Nobody read it on the way, so that what is played now would not be known. */
  #isUnreadPlaylist(url: CanonicalUrl, timing: ResourceTiming): boolean {
    const address = new URL(url);
    if (this.#wasSeen(timing) || DESTINATIONS[timing.initiatorType] === undefined) return false;
    if (!isPlaylist(address) || !isInScope(this.options.config, address)) return false;
    if (this.#playlists.has(url) || this.#playlists.size >= MAX_PLAYLISTS) return false;
    this.#playlists.add(url);
    return true;
  }

  #beforeWorker(url: CanonicalUrl, timing: ResourceTiming): Left | undefined {
    const destination = DESTINATIONS[timing.initiatorType];
    if (this.#wasSeen(timing) || destination === undefined) return undefined;
    if (!isOurs(this.options.config, new URL(url), destination)) return undefined;
    return { destination, reason: 'before-worker' };
  }

  #record(url: CanonicalUrl, timing: ResourceTiming, { destination, reason }: Left): LoadedResource[] {
    const { startTime, responseStart, duration, transferSize, encodedBodySize: size } = timing;
    const bytes = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
    // A body that was found in the HTTP cache transfers no more than headers.
    const isCached = transferSize < size;
    bytes[isCached ? 'cache' : 'http'] = size;
    // Other origins do not tell, and then nothing is transferred, by their account.
    const origin = { after: 0, failed: isFailure(timing.responseStatus ?? 0) };
    this.options.record({
      ...{ url, destination, bytes, duration, verdicts: {}, fallback: reason },
      ...(isCached || transferSize === 0 ? {} : { origin }),
      started: this.options.timeOrigin + startTime,
      firstByte: Math.max(0, responseStart - startTime),
    });
    return size < this.options.config.minSize ? [] : [{ url, destination }];
  }

  #tell(resources: readonly LoadedResource[]): void {
    for (const some of chunksOf(resources, MAX_DIGEST_URLS)) this.options.loaded(some);
  }
}

/** Firefox tells neither times nor sizes of what a worker answered. */
function isAnsweredByWorker({ duration, encodedBodySize }: ResourceTiming): boolean {
  return duration === 0 && encodedBodySize === 0;
}

interface Left {
  readonly destination: string;
  readonly reason: FallbackReason;
}

/** `Request.destination` by what made the request; whatever else browsers load is not ours. */
const DESTINATIONS: Readonly<Record<string, string | undefined>> = {
  img: 'image',
  image: 'image',
  video: 'video',
  audio: 'audio',
  fetch: '',
  xmlhttprequest: '',
};
