import type { CanonicalUrl } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import type { Span } from '../src/core/pieces.js';
import { formatRange, parseContentRange } from '../src/core/ranges.js';
import type { Look } from './choose.js';
import { isFresh } from './freshness.js';
import { OriginQueue } from './origin-queue.js';
import type { RequestFacts, Route } from './route.js';
import { within } from './timers.js';
import { Traffic } from './traffic.js';

/** One request of a page that is ours to answer. */
export interface Asked {
  readonly facts: RequestFacts;
  readonly route: Route;
  readonly clientId: string;
  /** What was seen when the request was taken. */
  readonly look?: Look;
  /** The page gave up. */
  readonly signal: AbortSignal;
  /** `fetch(event.request)`: what would have happened without us. */
  untouched(): Promise<Response>;
  /** Keeps the worker alive until `work` is over. */
  waitUntil(work: Promise<unknown>): void;
}

/** The HTTP cache answers in a millisecond or two, unless its disk or its lock on the entry is slow. */
const PROBE_WAIT = 40;

const CACHE_ONLY = { mode: 'same-origin', cache: 'only-if-cached' } as const;

export interface OriginOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Pages have begun to have requests under way, or have none any more. */
  readonly onTraffic: (busy: boolean) => void;
}

/** Requests to the origin on a page's behalf: same credentials, same `Accept`, same referrer. */
export class Origin {
  readonly #fetch: typeof globalThis.fetch;
  readonly #clock: Clock;
  /**
   * Whether `only-if-cached` keeps to the cache. What is in none is answered all the same by GTK's and WPE's WebKit
   * (2.50), which ask the network: everything would come from there, and twice.
   */
  readonly #keepsToCache: Promise<boolean>;
  /** Whoever reads an answer counts it here. */
  readonly traffic: Traffic;
  /** Where what peers did not bring in time waits for its turn, when the origin is slow. */
  readonly queue: OriginQueue;

  constructor({ fetch, clock, random, onTraffic }: OriginOptions) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.traffic = new Traffic(clock, onTraffic);
    this.queue = new OriginQueue(clock, this.traffic, random);
    this.#keepsToCache = this.#fetch(`?${random()}`, CACHE_ONLY).then(
      () => false,
      () => true,
    );
  }

  /** What the browser's HTTP cache holds for a same-origin request, if it is fresh. */
  async probe(asked: Asked): Promise<Response | undefined> {
    if (!asked.route.sameOrigin || asked.route.kind === 'range') return undefined;
    const probing = this.cached(asked.route.url, initOf(asked)).then((response) =>
      // Stale answers are given as well (Fetch standard, HTTP-network-or-cache fetch).
      response?.status === 200 && isFresh(response.headers, this.#clock.now()) ? response : undefined,
    );
    return within(this.#clock, PROBE_WAIT, probing);
  }

  /** What the HTTP cache holds for a URL of our own origin, fresh or not; `undefined` when nothing. */
  async cached(url: CanonicalUrl, init?: RequestInit): Promise<Response | undefined> {
    if (!(await this.#keepsToCache)) return undefined;
    // A miss is a network error.
    return this.#fetch(url, { ...init, ...CACHE_ONLY }).catch(() => undefined);
  }

  /** The whole representation, in a way that lets us read it. */
  whole(asked: Asked): Promise<Response> {
    return asked.route.sameOrigin ? asked.untouched() : this.#fetch(asked.route.url, initOf(asked));
  }

  /**
   * One range, past the HTTP cache: a partial entry would make the next whole request for the
   * resource cost two (Chromium). `If-Range` is never sent: a changed file is to be noticed by us.
   */
  fill(asked: Asked, span: Span, signal: AbortSignal): Promise<Response> {
    return this.#fetch(asked.route.url, {
      ...initOf(asked, { range: formatRange(span) }),
      cache: 'no-store',
      signal,
    });
  }

  /** One range for the page itself, through the HTTP cache as the browser would have done. */
  slice(asked: Asked, span: Span): Promise<Response> {
    return this.#fetch(asked.route.url, initOf(asked, { range: formatRange(span) }));
  }
}

/** Whether a 206 holds what was asked for: the span asked, or the start of it. */
export function isPlausiblePart(response: Response, asked: Span): boolean {
  const range = parseContentRange(response.headers.get('content-range'));
  return range !== undefined && range.span.start === asked.start && range.span.end <= asked.end;
}

function initOf(asked: Asked, extra: Record<string, string> = {}): RequestInit {
  const { facts, route } = asked;
  return {
    headers: { accept: facts.headers.get('accept') ?? '*/*', ...extra },
    mode: route.sameOrigin ? 'same-origin' : 'cors',
    credentials: route.sameOrigin ? facts.credentials : 'omit',
    referrer: facts.referrer,
    referrerPolicy: facts.referrerPolicy,
  };
}
