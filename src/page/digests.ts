import type { CanonicalUrl } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import { MAX_DIGEST_URLS } from '../core/limits.js';
import type { DigestAnswer } from '../protocol/hasher.js';
import { BackOff } from './back-off.js';
import { retryAfter } from './hasher-client.js';

export interface DigestsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Asks the hash service; one answer for each URL, in order. `undefined`: nothing is signed about it. */
  readonly request: (urls: readonly CanonicalUrl[]) => Promise<readonly (DigestAnswer | undefined)[]>;
  /** Gives statements to the worker, which verifies them. */
  readonly deliver: (tokens: readonly string[]) => void;
  /** Tells the worker, which need not wait for statements about these. */
  readonly unsigned: (urls: readonly CanonicalUrl[]) => void;
  /** A request failed; the URLs are asked for again later. */
  readonly failed: (error: unknown) => void;
}

/** Questions of one moment (a page being parsed, a screenful of images) travel together (ms). */
const COALESCE = 20;
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

interface Asked {
  /** The statement, once it came. */
  token?: string;
  tries: number;
  /** Not to be asked for again before this (clock's `now`, ms). */
  until: number;
}

/**
 * Gets statements for URLs: batched, each URL once, `pending` ones again when they may be ready,
 * with back-off while the service fails. A statement that the worker has forgotten is given again; when
 * the worker does not take it any more, a new one is asked for.
 */
export class Digests {
  readonly #known = new Map<CanonicalUrl, Asked>();
  readonly #waiting = new Set<CanonicalUrl>();
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

  /** These are, or soon will be, needed. */
  ask(urls: readonly CanonicalUrl[]): void {
    const tokens: string[] = [];
    for (const url of urls) {
      const asked = this.#known.get(url);
      if (asked?.token && this.#isQuiet(asked)) {
        tokens.push(asked.token);
        // A policy may have voided it meanwhile: if the worker takes it, it will say until when.
        asked.until = Math.min(asked.until, this.options.clock.now() + UNSETTLED);
      } else if (!asked || !this.#isQuiet(asked)) this.#enqueue(url);
    }
    this.#deliver(tokens);
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** Whether `url` need not be asked for ahead of time. */
  has(url: CanonicalUrl): boolean {
    const asked = this.#known.get(url);
    return asked !== undefined && this.#isQuiet(asked);
  }

  /** The worker accepted the statement for `url`; it holds until `until` (ms since 1970). */
  settled(url: CanonicalUrl, until: number): void {
    const asked = this.#known.get(url);
    if (asked) asked.until = until;
  }

  #isQuiet({ until }: Asked): boolean {
    return until > this.options.clock.now();
  }

  #enqueue(url: CanonicalUrl): void {
    if (this.#waiting.size >= MAX_KNOWN) return;
    this.#known.delete(url);
    this.#known.set(url, { tries: 0, until: 0 });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#waiting.add(url);
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
    const urls = [...this.#waiting];
    this.#waiting.clear();
    for (let at = 0; at < urls.length; at += MAX_DIGEST_URLS) {
      void this.#request(urls.slice(at, at + MAX_DIGEST_URLS));
    }
  }

  async #request(urls: readonly CanonicalUrl[]): Promise<void> {
    const { clock, request, failed } = this.options;
    const now = clock.now();
    for (const url of urls) this.settled(url, now + UNSETTLED);
    try {
      this.#take(urls, await request(urls));
      this.#backOff.reset();
    } catch (error) {
      for (const url of urls) this.#waiting.add(url);
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
        this.settled(url, this.options.clock.now() + UNSIGNED);
      } else if (asked) this.#again(url, asked, answer.pending);
    });
    this.#deliver(tokens);
    if (unsigned.length > 0) this.options.unsigned(unsigned);
  }

  #deliver(tokens: readonly string[]): void {
    for (let at = 0; at < tokens.length; at += MAX_DIGEST_URLS) {
      this.options.deliver(tokens.slice(at, at + MAX_DIGEST_URLS));
    }
  }

  #again(url: CanonicalUrl, asked: Asked, pending: number): void {
    if (!this.#active || ++asked.tries >= MAX_TRIES) return;
    this.#later(Math.max(pending, SHORTEST_PENDING) * asked.tries, () => {
      this.#waiting.add(url);
      this.#schedule();
    });
  }
}
