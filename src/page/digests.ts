import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import { chunksOf } from '../core/chunks.js';
import type { Clock, Timer } from '../core/clock.js';
import { MAX_DIGEST_URLS } from '../core/limits.js';
import type { WorkerMessage } from '../protocol/bridge.js';
import type { DigestAnswer } from '../protocol/hasher.js';
import { BackOff } from './back-off.js';
import { retryAfter } from './hasher-client.js';

export interface DigestsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Asks the hash service; one answer for each URL, in order. `undefined`: nothing is signed about it. */
  readonly request: (urls: readonly CanonicalUrl[]) => Promise<readonly (DigestAnswer | undefined)[]>;
  /** Asks peers too; their answers come by `came`. False when nobody is there to be asked. */
  readonly peers: (urls: readonly CanonicalUrl[]) => boolean;
  /** Gives statements to the worker, which verifies them. */
  readonly deliver: (tokens: readonly string[]) => void;
  /** Tells the worker, which need not wait for statements about these. */
  readonly unsigned: (urls: readonly CanonicalUrl[]) => void;
  /** A request failed; the URLs are asked for again later. */
  readonly failed: (error: unknown) => void;
}

/** Questions of one moment (a page being parsed, a screenful of images) travel together (ms). */
const COALESCE = 20;
/** A peer on a warm link answers within a round trip; what is not urgent waits so long (ms) for that. */
export const PEER_PATIENCE = 150;
/** Hints below this (ms) would make us poll. */
const SHORTEST_PENDING = 50;
/** A URL that is still not hashed after this many questions is asked for again only when needed again. */
const MAX_TRIES = 8;
/** What the worker did not find worth a word was no statement for this URL: not again for so long (ms). */
const UNSETTLED = 60_000;
/** What nothing is signed about is not asked for again for so long (ms): deployments are rarer than pages. */
const UNSIGNED = 300_000;
/** URLs remembered: a few pages of an endless gallery. */
const MAX_KNOWN = 2000;
/** Reasons remembered, for those who want to know. */
const MAX_REFUSALS = 200;

interface Asked {
  /** The statement, once it came. */
  token?: string;
  tries: number;
  /** Not to be asked for again before this (clock's `now`, ms). */
  until: number;
  /** Whether the worker has taken a statement about it. */
  taken: boolean;
}

/**
 * Gets statements for URLs: batched, each URL once, `pending` ones again when they may be ready,
 * with back-off while the service fails. A statement that the worker has forgotten is given again; when
 * the worker does not take it any more, a new one is asked for.
 */
export class Digests {
  readonly #known = new Map<CanonicalUrl, Asked>();
  /** How long peers may take before the hash service is asked (ms). */
  readonly #waiting = new Map<CanonicalUrl, number>();
  readonly #refusals = new BoundedMap<CanonicalUrl, string>(MAX_REFUSALS);
  readonly #timers = new Set<Timer>();
  readonly #backOff: BackOff;
  #flush: Timer;
  #closedUntil = 0;
  #active = false;

  constructor(private readonly options: DigestsOptions) {
    this.#backOff = new BackOff(options.random);
  }

  /** Nothing is asked for before this, and again after `pause`. */
  resume(): void {
    this.#active = true;
    if (this.#waiting.size > 0) this.#schedule();
  }

  pause(): void {
    this.#active = false;
    for (const timer of this.#timers) this.options.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#flush = undefined;
  }

  /** These are needed. Peers, if there are any, have `patience` (ms) before the hash service is asked as well. */
  ask(urls: readonly CanonicalUrl[], patience: (url: CanonicalUrl) => number = () => 0): void {
    const tokens: string[] = [];
    for (const url of urls) {
      const asked = this.#known.get(url);
      if (asked?.token && this.#isQuiet(asked)) {
        tokens.push(asked.token);
        // A policy may have voided it meanwhile: if the worker takes it, it will say until when.
        asked.until = Math.min(asked.until, this.options.clock.now() + UNSETTLED);
      } else if (!asked || !this.#isQuiet(asked)) this.#enqueue(url, patience(url));
    }
    this.#deliver(tokens);
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** A peer sent this about `url`. If the worker takes it, it says so; if not, the hash service is asked as ever. */
  came(url: CanonicalUrl, token: string): void {
    const asked = this.#known.get(url);
    if (!asked || asked.token !== undefined) return;
    asked.token = token;
    this.#deliver([token]);
  }

  /** Whether `url` need not be asked for ahead of time. */
  has(url: CanonicalUrl): boolean {
    const asked = this.#known.get(url);
    return asked !== undefined && this.#isQuiet(asked);
  }

  /** Why URLs were refused, in the hash service's words. */
  get refusals(): ReadonlyMap<CanonicalUrl, string> {
    return this.#refusals;
  }

  /** The worker accepted that `url` is refused until then, and why. */
  refused({ url, why, until }: Extract<WorkerMessage, { t: 'refused' }>): void {
    this.#refusals.set(url, why);
    this.settled(url, until);
  }

  /** The worker accepted the statement for `url`; it holds until `until` (ms since 1970). */
  settled(url: CanonicalUrl, until: number): void {
    const asked = this.#known.get(url);
    if (asked) Object.assign(asked, { until, taken: true });
  }

  #isTaken(url: CanonicalUrl): boolean {
    return this.#known.get(url)?.taken === true && this.has(url);
  }

  #rest(url: CanonicalUrl, ms: number): void {
    const asked = this.#known.get(url);
    if (asked) asked.until = this.options.clock.now() + ms;
  }

  #isQuiet({ until }: Asked): boolean {
    return until > this.options.clock.now();
  }

  #enqueue(url: CanonicalUrl, patience: number): void {
    if (this.#waiting.size >= MAX_KNOWN) return;
    this.#known.delete(url);
    this.#known.set(url, { tries: 0, until: 0, taken: false });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#waiting.set(url, Math.min(patience, this.#waiting.get(url) ?? patience));
  }

  #schedule(): void {
    if (!this.#active || this.#flush !== undefined) return;
    const closed = this.#closedUntil - this.options.clock.ticks();
    this.#flush = this.#later(Math.max(COALESCE, closed), () => {
      this.#flush = undefined;
      this.#send();
    });
  }

  #later(ms: number, run: () => void): Timer {
    const timer = this.options.clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #send(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const areLinked = this.options.peers(waiting.map(([url]) => url));
    const byPatience = new Map<number, CanonicalUrl[]>();
    for (const [url, patience] of waiting) {
      const ms = areLinked ? patience : 0;
      byPatience.set(ms, [...(byPatience.get(ms) ?? []), url]);
    }
    for (const [ms, urls] of byPatience) {
      if (ms === 0) this.#requestAll(urls);
      else this.#later(ms, () => this.#requestAll(urls.filter((url) => !this.#isTaken(url))));
    }
  }

  #requestAll(urls: readonly CanonicalUrl[]): void {
    for (const some of chunksOf(urls, MAX_DIGEST_URLS)) void this.#request(some);
  }

  async #request(urls: readonly CanonicalUrl[]): Promise<void> {
    const { clock, request, failed } = this.options;
    for (const url of urls) this.#rest(url, UNSETTLED);
    try {
      this.#take(urls, await request(urls));
      this.#backOff.reset();
    } catch (error) {
      for (const url of urls) if (!this.#isTaken(url)) this.#waiting.set(url, 0);
      this.#closedUntil = clock.ticks() + this.#backOff.next(retryAfter(error));
      this.#schedule();
      failed(error);
    }
  }

  #take(urls: readonly CanonicalUrl[], answers: readonly (DigestAnswer | undefined)[]): void {
    const tokens: string[] = [];
    const unsigned: CanonicalUrl[] = [];
    urls.forEach((url, i) => {
      const answer = answers[i];
      const asked = this.#known.get(url);
      if (typeof answer === 'string') {
        tokens.push(answer);
        if (asked) asked.token = answer;
      } else if (!answer) {
        unsigned.push(url);
        this.#rest(url, UNSIGNED);
      } else if (asked) this.#again(url, asked, answer.pending);
    });
    this.#deliver(tokens);
    if (unsigned.length > 0) this.options.unsigned(unsigned);
  }

  #deliver(tokens: readonly string[]): void {
    for (const some of chunksOf(tokens, MAX_DIGEST_URLS)) this.options.deliver(some);
  }

  #again(url: CanonicalUrl, asked: Asked, pending: number): void {
    if (!this.#active || ++asked.tries >= MAX_TRIES) return;
    this.#later(Math.max(pending, SHORTEST_PENDING) * asked.tries, () => {
      this.#waiting.set(url, 0);
      this.#schedule();
    });
  }
}
