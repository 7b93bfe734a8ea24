import type { Bytes } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import type { CloseReason, SignallingLink } from '../../src/peer/link.js';

/** Sees what one visitor's links do, exactly as its own engine does it. */
export interface LinkWatch {
  /** A link is being made. */
  made(link: SignallingLink): void;
  /** A frame was handed over here. */
  sent(link: SignallingLink, frame: Bytes): void;
  /** A frame is about to be handed to the engine. */
  received(link: SignallingLink, frame: Bytes): void;
  closed(link: SignallingLink, reason: CloseReason): void;
}

/** How a visitor is connected. All links of one visitor share what it sends and receives with. */
export interface AccessOptions {
  /** Milliseconds from here to the middle of the network; two visitors are the sum of theirs apart. */
  readonly latency?: number;
  /** Bytes per second that leave this visitor (default unlimited). */
  readonly bandwidth?: number;
  /** Bytes per second that reach this visitor (default unlimited). */
  readonly downlink?: number;
  /**
   * Bytes that fit the router in front of the visitor. Links then start slowly, as SCTP does, and send
   * as much more as was acknowledged. What overflows the router is dropped there: everything stalls for
   * a retransmission time-out and then crawls for a while. Without a router nothing is ever dropped.
   */
  readonly queue?: number;
  /** Changes frames on their way from this visitor; `undefined` loses one. */
  readonly corrupt?: (frame: Bytes) => Bytes | undefined;
  /** Milliseconds from the answer until a link is open. */
  readonly openAfter?: number;
  readonly watch?: LinkWatch;
}

const RETRANSMISSION_TIMEOUT = 1000;
/** Share of its bandwidth that a damaged association reaches: 0.8 of 6.25 MB/s was measured. */
const CRAWL_SHARE = 0.13;
/** Milliseconds until everything that was lost has been sent again. */
const RECOVERY = 3000;

/** What a visitor sends and receives with: frames leave, and come in, one after the other. */
export class Access {
  #freeAt = 0;
  #crawlsUntil = 0;
  #takesAt = 0;

  constructor(
    private readonly clock: Clock,
    readonly options: AccessOptions,
  ) {}

  /** When a frame of `bytes` handed over now will have left. */
  schedule(bytes: number): number {
    const { bandwidth, queue } = this.options;
    const now = this.clock.ticks();
    if (bandwidth === undefined) return now;
    const waiting = (Math.max(0, this.#freeAt - now) * bandwidth) / 1000;
    if (this.#crawlsUntil <= now && queue !== undefined && waiting + bytes > queue) {
      this.#freeAt += RETRANSMISSION_TIMEOUT;
      this.#crawlsUntil = this.#freeAt + RECOVERY;
    }
    const rate = this.#crawlsUntil > now ? CRAWL_SHARE * bandwidth : bandwidth;
    this.#freeAt = Math.max(now, this.#freeAt) + (1000 * bytes) / rate;
    return this.#freeAt;
  }

  /** When a frame of `bytes` that gets as far as this visitor `at` some time will be in. */
  arrival(at: number, bytes: number): number {
    const { downlink } = this.options;
    if (downlink === undefined) return at;
    this.#takesAt = Math.max(at, this.#takesAt) + (1000 * bytes) / downlink;
    return this.#takesAt;
  }
}
