import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import { MAX_DIGEST_URLS } from '../core/limits.js';
import type { FallbackReason, LoadedResource, SiteConfig, TransferReport } from '../protocol/bridge.js';
import { isOurs } from '../protocol/patterns.js';
import { canonicalUrl } from '../protocol/url.js';

/** What the browser's own timing tells of one resource (Resource Timing). */
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
>;

export interface NativeLoadsOptions {
  readonly config: SiteConfig;
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

/**
 * What the browser loaded by itself: before the worker controlled the page, or because the worker left
 * it alone. Nobody else counts these bytes, and leaving them out would make the peers' share look too
 * large.
 */
export class NativeLoads {
  readonly #left = new BoundedMap<CanonicalUrl, Left>(MAX_WAITING);
  /** Loaded while there was a worker, which may have answered or not. */
  readonly #undecided = new BoundedMap<CanonicalUrl, ResourceTiming>(MAX_WAITING);
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
    if (!url) return [];
    const left = this.#left.get(url) ?? this.#beforeWorker(url, timing);
    this.#left.delete(url);
    if (left) return this.#record(url, timing, left);
    if (timing.workerStart > 0) this.#undecided.set(url, timing);
    return [];
  }

  #beforeWorker(url: CanonicalUrl, { initiatorType, workerStart }: ResourceTiming): Left | undefined {
    const destination = DESTINATIONS[initiatorType];
    if (workerStart > 0 || destination === undefined) return undefined;
    if (!isOurs(this.options.config, new URL(url), destination)) return undefined;
    return { destination, reason: 'before-worker' };
  }

  #record(url: CanonicalUrl, timing: ResourceTiming, { destination, reason }: Left): LoadedResource[] {
    const { startTime, responseStart, duration, transferSize, encodedBodySize: size } = timing;
    const bytes = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
    // A body that was found in the HTTP cache transfers no more than headers.
    bytes[transferSize < size ? 'cache' : 'http'] = size;
    this.options.record({
      ...{ url, destination, bytes, duration, verdicts: {}, fallback: reason },
      started: this.options.timeOrigin + startTime,
      firstByte: Math.max(0, responseStart - startTime),
    });
    return size < this.options.config.minSize ? [] : [{ url, destination }];
  }

  #tell(resources: readonly LoadedResource[]): void {
    for (let at = 0; at < resources.length; at += MAX_DIGEST_URLS) {
      this.options.loaded(resources.slice(at, at + MAX_DIGEST_URLS));
    }
  }
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
