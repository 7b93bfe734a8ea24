import { BoundedMap } from '../src/core/bounded-map.js';
import type { CanonicalUrl } from '../src/core/brands.js';
import { chunksOf } from '../src/core/chunks.js';
import type { Clock } from '../src/core/clock.js';
import { MAX_DIGEST_URLS } from '../src/core/limits.js';
import type { Bridge } from './bridge.js';
import { burst } from './timers.js';

/** Requests come in bursts at parse time; the leader is told once per burst (ms). */
const TELL_DELAY = 5;
/** The same URL is not mentioned twice within this time (ms): players ask for one file again and again. */
const REPEAT_AFTER = 20_000;
const MAX_REMEMBERED = 1000;

/** Tells the leading page which URLs want a token; keeps them for it while there is none. */
export class Seen {
  readonly #untold = new BoundedMap<CanonicalUrl, true>(MAX_REMEMBERED);
  readonly #told = new BoundedMap<CanonicalUrl, number>(MAX_REMEMBERED);
  readonly #burst: ReturnType<typeof burst>;

  readonly #clock: Clock;
  readonly #bridge: Bridge;

  constructor(clock: Clock, bridge: Bridge) {
    this.#clock = clock;
    this.#bridge = bridge;
    this.#burst = burst(clock, TELL_DELAY, () => {
      this.tell();
    });
  }

  note(url: CanonicalUrl): void {
    const told = this.#told.get(url);
    if (told !== undefined && this.#clock.ticks() - told < REPEAT_AFTER) return;
    this.#untold.set(url, true);
    this.#burst.soon();
  }

  /** There is a statement about it: should that end, the next request is mentioned at once. */
  settled(url: CanonicalUrl): void {
    if (this.#told.has(url)) this.#told.set(url, Number.NEGATIVE_INFINITY);
  }

  tell(): void {
    if (!this.#bridge.listener) return;
    const urls = [...this.#untold.keys()];
    this.#untold.clear();
    for (const url of urls) this.#told.set(url, this.#clock.ticks());
    for (const some of chunksOf(urls, MAX_DIGEST_URLS)) this.#bridge.toLeader({ t: 'seen', urls: some });
  }

  /** Another leader knows nothing of what the last one was told. */
  retell(): void {
    for (const url of this.#told.keys()) this.#untold.set(url, true);
    this.#told.clear();
    this.tell();
  }
}
