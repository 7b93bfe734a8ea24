import type { Bytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import {
  LOW_WATER,
  type CloseReason,
  type LinkFactory,
  type LinkHandlers,
  type LinkOptions,
  type Signal,
  type SignallingLink,
} from '../../src/peer/link.js';

/** How a visitor is connected. All links of one visitor share what it sends with. */
export interface AccessOptions {
  /** Milliseconds from here to the middle of the network; two visitors are the sum of theirs apart. */
  readonly latency?: number;
  /** Bytes per second that leave this visitor (default unlimited). */
  readonly bandwidth?: number;
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
}

const RETRANSMISSION_TIMEOUT = 1000;
/** Share of its bandwidth that a damaged association reaches: 0.8 of 6.25 MB/s was measured. */
const CRAWL_SHARE = 0.13;
/** Milliseconds until everything that was lost has been sent again. */
const RECOVERY = 3000;
/** Bytes in flight that a link starts with (RFC 9260 section 7.2.1, rounded to one of our frames). */
const INITIAL_FLIGHT = 33_000;
const CONNECT_TIMEOUT = 10_000;

/** What a visitor sends with: frames leave one after the other. */
class Access {
  #freeAt = 0;
  #crawlsUntil = 0;

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
}

interface Travelling {
  readonly frame: Bytes;
  readonly leftAt: number;
  readonly arrivesAt: number;
}

/** One end of an in-memory link; lossless and ordered unless it is told otherwise. */
export class MemoryLink implements SignallingLink {
  /** Frames that were handed over here, for tests that count. */
  readonly sent: Bytes[] = [];
  #other: MemoryLink | undefined;
  #handlers: LinkHandlers | undefined;
  #open = false;
  #closed = false;
  #delay = 0;
  /** Held back until enough of what is in flight was acknowledged. */
  #held: Bytes[] = [];
  #mayFly = INITIAL_FLIGHT;
  #flying = 0;
  #travelling: Travelling[] = [];
  #arrival: Timer;
  #drain: Timer;
  #connecting: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly access: Access,
    private readonly onSignal: (link: MemoryLink, signal: Signal) => void,
    private readonly keepSent: boolean,
  ) {
    this.#connecting = clock.setTimeout(() => {
      this.close('timeout');
    }, CONNECT_TIMEOUT);
  }

  get open(): boolean {
    return this.#open && !this.#closed;
  }

  get buffered(): number {
    const now = this.clock.ticks();
    const held = this.#held.reduce((sum, frame) => sum + frame.byteLength, 0);
    if (this.access.options.queue !== undefined) return held;
    const leaving = this.#travelling.filter(({ leftAt }) => leftAt > now);
    return leaving.reduce((sum, { frame }) => sum + frame.byteLength, held);
  }

  listen(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  signal(signals: readonly Signal[]): void {
    for (const signal of signals) if (!this.#closed) this.onSignal(this, signal);
  }

  send(frame: Bytes): boolean {
    if (!this.open) return false;
    if (this.keepSent) this.sent.push(frame.slice());
    this.#held.push(frame.slice());
    this.#release();
    this.#expectDrain();
    return true;
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#end(reason);
    const other = this.#other;
    if (other)
      this.clock.setTimeout(() => {
        other.#end('lost');
      }, this.#delay);
  }

  /** The network between the two ends is gone: both notice at once. */
  cut(): void {
    const other = this.#other;
    if (other) other.#end('lost');
    this.#end('lost');
  }

  /** Both ends are open after `ms`; frames take `delay` ms besides what sending takes. */
  static join(a: MemoryLink, b: MemoryLink, clock: Clock, ms: number): void {
    const delay = (a.access.options.latency ?? 0) + (b.access.options.latency ?? 0);
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      here.#other = there;
      here.#delay = delay;
    }
    clock.setTimeout(() => {
      if (a.#closed || b.#closed) return;
      a.#begin();
      b.#begin();
    }, ms);
  }

  private receive(frame: Bytes): void {
    if (this.open) this.#handlers?.onFrame(frame);
  }

  #begin(): void {
    this.clock.clearTimeout(this.#connecting);
    this.#open = true;
    this.#handlers?.onOpen();
  }

  #end(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#arrival, this.#drain, this.#connecting]) this.clock.clearTimeout(timer);
    this.#travelling = [];
    this.#held = [];
    this.#handlers?.onClose(reason);
  }

  #release(): void {
    const limited = this.access.options.queue !== undefined;
    for (let frame = this.#held[0]; frame; frame = this.#held[0]) {
      if (limited && this.#flying > 0 && this.#flying + frame.byteLength > this.#mayFly) return;
      this.#held.shift();
      this.#flying += frame.byteLength;
      const leftAt = this.access.schedule(frame.byteLength);
      this.#travelling.push({ frame, leftAt, arrivesAt: leftAt + this.#delay });
      this.#expectArrival();
    }
  }

  /** An acknowledgement came back: as much again may be sent, and once more, as in slow start. */
  #acknowledged(bytes: number): void {
    const before = this.buffered;
    this.#flying -= bytes;
    if (this.#held.length > 0) this.#mayFly += bytes;
    this.#release();
    if (before > LOW_WATER && this.buffered <= LOW_WATER && this.open) this.#handlers?.onDrain();
  }

  #expectArrival(): void {
    const [next] = this.#travelling;
    if (!next || this.#arrival !== undefined) return;
    this.#arrival = this.clock.setTimeout(() => {
      this.#arrival = undefined;
      this.#deliver();
    }, next.arrivesAt - this.clock.ticks());
  }

  #deliver(): void {
    const now = this.clock.ticks();
    for (let next = this.#travelling[0]; next && next.arrivesAt <= now; next = this.#travelling[0]) {
      this.#travelling.shift();
      this.#expectAcknowledgement(next.frame.byteLength);
      const corrupt = this.access.options.corrupt;
      const frame = corrupt ? corrupt(next.frame) : next.frame;
      if (frame) this.#other?.receive(frame);
    }
    if (!this.#closed) this.#expectArrival();
  }

  #expectAcknowledgement(bytes: number): void {
    if (this.access.options.queue === undefined) return;
    this.clock.setTimeout(() => {
      if (!this.#closed) this.#acknowledged(bytes);
    }, this.#delay);
  }

  #expectDrain(): void {
    if (this.access.options.queue !== undefined || this.#drain !== undefined || this.buffered <= LOW_WATER)
      return;
    let left = this.buffered;
    const now = this.clock.ticks();
    const last = this.#travelling.find(({ frame, leftAt }) => {
      if (leftAt > now) left -= frame.byteLength;
      return leftAt > now && left <= LOW_WATER;
    });
    this.#drain = this.clock.setTimeout(
      () => {
        this.#drain = undefined;
        if (this.buffered > LOW_WATER) this.#expectDrain();
        else if (this.open) this.#handlers?.onDrain();
      },
      (last?.leftAt ?? now) - now,
    );
  }
}

/** Makes in-memory links between visitors, each with its own access; signals travel as they do for real. */
export class MemoryNetwork {
  readonly links: MemoryLink[] = [];
  readonly #offers = new Map<string, { link: MemoryLink; access: Access }>();

  constructor(
    private readonly clock: Clock,
    private readonly keepSent = false,
  ) {}

  visitor(options: AccessOptions = {}): LinkFactory {
    const access = new Access(this.clock, options);
    return { create: (link) => this.#create(access, link) };
  }

  #create(access: Access, options: LinkOptions): MemoryLink {
    const answer = (link: MemoryLink, signal: Signal): void => {
      const offer = signal.type === 'offer' ? this.#offers.get(signal.sdp) : undefined;
      if (!offer) return;
      this.#offers.delete(signal.type === 'offer' ? signal.sdp : '');
      MemoryLink.join(offer.link, link, this.clock, access.options.openAfter ?? 1);
      options.onSignals([{ type: 'answer', sdp: 'memory' }]);
    };
    const link = new MemoryLink(
      this.clock,
      access,
      options.initiator ? () => undefined : answer,
      this.keepSent,
    );
    this.links.push(link);
    if (options.initiator) this.#offer(link, access, options);
    return link;
  }

  #offer(link: MemoryLink, access: Access, options: LinkOptions): void {
    const sdp = `memory ${this.links.length}`;
    this.#offers.set(sdp, { link, access });
    this.clock.setTimeout(() => {
      options.onSignals([{ type: 'offer', sdp }]);
    }, 0);
  }
}

/** Two joined ends, for tests of what sits on a link; open after 1 ms. */
export function memoryPair(
  clock: Clock,
  a: AccessOptions = {},
  b: AccessOptions = {},
): [MemoryLink, MemoryLink] {
  const make = (options: AccessOptions) =>
    new MemoryLink(clock, new Access(clock, options), () => undefined, true);
  const pair: [MemoryLink, MemoryLink] = [make(a), make(b)];
  MemoryLink.join(...pair, clock, 1);
  return pair;
}
