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
import { Access, type AccessOptions } from './memory-access.js';

/** Bytes in flight that a link starts with (RFC 9260 section 7.2.1, rounded to one of our frames). */
const INITIAL_FLIGHT = 33_000;
const CONNECT_TIMEOUT = 10_000;
/** Frames that have arrived are kept in the list until they are so many: shifting each costs more. */
const TIDY_AFTER = 256;

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
  #heldBytes = 0;
  #mayFly = INITIAL_FLIGHT;
  #flying = 0;
  /** On their way, in order; those before `#delivered` have arrived, those before `#gone` have left here. */
  #travelling: Travelling[] = [];
  #delivered = 0;
  #gone = 0;
  #leavingBytes = 0;
  #arrival: Timer;
  #drain: Timer;
  #connecting: Timer;
  /** The network swallows everything, and neither end is told. */
  #dark = false;

  constructor(
    private readonly clock: Clock,
    private readonly access: Access,
    private readonly onSignal: (link: MemoryLink, signal: Signal) => void,
    private readonly keepSent: boolean,
  ) {
    this.#connecting = clock.setTimeout(() => {
      this.close('timeout');
    }, CONNECT_TIMEOUT);
    access.options.watch?.made(this);
  }

  get open(): boolean {
    return this.#open && !this.#closed;
  }

  get buffered(): number {
    if (this.access.options.queue !== undefined) return this.#heldBytes;
    this.#noteGone();
    return this.#heldBytes + this.#leavingBytes;
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
    this.access.options.watch?.sent(this, frame);
    this.#held.push(frame.slice());
    this.#heldBytes += frame.byteLength;
    this.#release();
    this.#expectDrain();
    return true;
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#end(reason);
    const other = this.#other;
    if (!other || this.#dark) return;
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

  /** The network between the two ends is gone: each notices when ICE gives up, after `ms`. */
  darken(ms: number): void {
    for (const end of [this, this.#other]) {
      if (!end || end.#closed || end.#dark) continue;
      end.#dark = true;
      this.clock.setTimeout(() => {
        end.#end('lost');
      }, ms);
    }
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
    if (!this.open || this.#dark) return;
    this.access.options.watch?.received(this, frame);
    this.#handlers?.onFrame(frame);
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
    this.#delivered = this.#gone = this.#leavingBytes = this.#heldBytes = 0;
    this.access.options.watch?.closed(this, reason);
    this.#handlers?.onClose(reason);
  }

  #release(): void {
    const limited = this.access.options.queue !== undefined;
    for (let frame = this.#held[0]; frame; frame = this.#held[0]) {
      if (limited && this.#flying > 0 && this.#flying + frame.byteLength > this.#mayFly) return;
      this.#held.shift();
      this.#heldBytes -= frame.byteLength;
      this.#leavingBytes += frame.byteLength;
      this.#flying += frame.byteLength;
      const leftAt = this.access.schedule(frame.byteLength);
      const arrivesAt = this.#other?.access.arrival(leftAt + this.#delay, frame.byteLength);
      this.#travelling.push({ frame, leftAt, arrivesAt: arrivesAt ?? leftAt });
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
    const next = this.#travelling[this.#delivered];
    if (!next || this.#arrival !== undefined) return;
    this.#arrival = this.clock.setTimeout(() => {
      this.#arrival = undefined;
      this.#deliver();
    }, next.arrivesAt - this.clock.ticks());
  }

  #deliver(): void {
    const now = this.clock.ticks();
    for (let next = this.#next(now); next; next = this.#next(now)) {
      this.#expectAcknowledgement(next.frame.byteLength);
      const corrupt = this.access.options.corrupt;
      const frame = corrupt ? corrupt(next.frame) : next.frame;
      if (frame) this.#other?.receive(frame);
    }
    if (!this.#closed) this.#expectArrival();
  }

  #next(now: number): Travelling | undefined {
    const next = this.#travelling[this.#delivered];
    if (!next || next.arrivesAt > now) return undefined;
    this.#delivered++;
    if (this.#delivered > TIDY_AFTER) this.#tidy();
    return next;
  }

  #noteGone(): void {
    const now = this.clock.ticks();
    for (let next = this.#travelling[this.#gone]; next; next = this.#travelling[this.#gone]) {
      if (next.leftAt > now) return;
      this.#gone++;
      this.#leavingBytes -= next.frame.byteLength;
    }
  }

  /** Forgets what has arrived. */
  #tidy(): void {
    this.#noteGone();
    this.#travelling = this.#travelling.slice(this.#delivered);
    this.#gone -= this.#delivered;
    this.#delivered = 0;
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
    const now = this.clock.ticks();
    const drainsAt = this.#drainsAt();
    this.#drain = this.clock.setTimeout(() => {
      this.#drain = undefined;
      if (this.buffered > LOW_WATER) this.#expectDrain();
      else if (this.open) this.#handlers?.onDrain();
    }, drainsAt - now);
  }

  /** When no more than `LOW_WATER` will be left to leave. */
  #drainsAt(): number {
    let left = this.buffered;
    for (let i = this.#gone; left > LOW_WATER; i++) {
      const next = this.#travelling[i];
      if (!next) break;
      left -= next.frame.byteLength;
      if (left <= LOW_WATER) return next.leftAt;
    }
    return this.clock.ticks();
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
