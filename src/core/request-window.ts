/**
 * How many requested bytes may be in flight on one link. This window is the link's congestion control:
 * SCTP alone overshoots the queue of an ordinary home connection and then crawls.
 *
 * Little's law does the work: `outstanding / delay` is the rate at which a link delivers, and times the
 * base latency that is its bandwidth × delay product; the window is that plus half, plus one block.
 * While the delay is flat this grows the window each round; when a queue builds up, the delay rises and
 * the window stays where the queue is half a base latency long.
 */
export const MIN_WINDOW = 64 * 1024;
export const MAX_WINDOW = 2 * 1024 * 1024;
/** Fills 50 ms at 40 Mbit/s, and fits the 256 KB queue of a slow home router even at no bandwidth at all. */
const INITIAL_WINDOW = 256 * 1024;

/** Most and least bytes asked for at once: a quarter of the window, so that requests overlap. */
const LARGEST_BLOCK = 64 * 1024;
const SMALLEST_BLOCK = 16 * 1024;
const BLOCKS_PER_WINDOW = 4;

/** Window over bandwidth × base delay: half more than fits keeps the pipe full through jitter, */
const HEADROOM = 1.5;
/** but not more than this (bytes) more, half of what ordinary routers queue, however long the pipe. */
const MOST_HEADROOM = 128 * 1024;
/** A single bad round (a lost packet, a busy page) shrinks the window at most this much, */
const STEEPEST_CUT = 0.5;
/** and a good one widens it at most this much: a round cannot know what more than twice as much does. */
const STEEPEST_GROWTH = 2;
/** Below this (ms) latency is event loops and schedulers, not the network. */
const SMALLEST_BASE = 20;
/** How long (ms) a smallest delay is believed: routes change. */
const BASE_LIFE = 10_000;
/** Requests sent one at a time, after our own queue has drained, to measure the base anew. */
const PROBES = 2;
/** Share of the window to go on with after that: all of it at once would be a burst into the queue. */
const SHARE_AFTER_PROBE = 0.5;
/** A round that used less of the window than this says nothing about a larger window. */
const USED_SHARE = 0.75;

export interface Delivery {
  /** Bytes that came. */
  readonly bytes: number;
  /** Milliseconds from the request to its first byte. */
  readonly latency: number;
  /** Milliseconds from the request to its last byte. */
  readonly delay: number;
  /** Bytes in flight just after the request was sent, itself included. */
  readonly outstanding: number;
}

export class RequestWindow {
  #window = INITIAL_WINDOW;
  #base = Number.POSITIVE_INFINITY;
  #baseAt = 0;
  /** Latencies of probes, while the base is measured anew. */
  #probes: number[] | undefined;
  #round = new Round();

  /** Bytes that may be in flight now. */
  get bytes(): number {
    return this.#probes ? SMALLEST_BLOCK : this.#window;
  }

  /** Bytes to ask for in one request. */
  get block(): number {
    const share = Math.floor(this.bytes / BLOCKS_PER_WINDOW / SMALLEST_BLOCK) * SMALLEST_BLOCK;
    return Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, share));
  }

  /** The latency (ms) of a request that finds the link idle; 0 while unknown. */
  get base(): number {
    return Number.isFinite(this.#base) ? this.#base : 0;
  }

  /** A request was answered in full, at `now` (ms). */
  delivered(delivery: Delivery, now: number): void {
    const latency = Math.max(delivery.latency, SMALLEST_BASE);
    if (latency < this.#base) this.#setBase(latency, now);
    if (this.#probes) this.#probe(this.#probes, { ...delivery, latency }, now);
    else this.#measure(delivery, now);
  }

  #measure(delivery: Delivery, now: number): void {
    this.#round.add(delivery);
    if (this.#round.bytes < this.#window) return;
    const round = this.#round;
    this.#round = new Round();
    if (now - this.#baseAt > BASE_LIFE) this.#probes = [];
    else this.#adapt(round);
  }

  /** Requests of before were sent into our own queue; only one that was sent alone tells the base. */
  #probe(probes: number[], { outstanding, latency }: Delivery, now: number): void {
    if (outstanding > SMALLEST_BLOCK || probes.push(latency) < PROBES) return;
    this.#probes = undefined;
    this.#window = clamp(SHARE_AFTER_PROBE * this.#window);
    this.#setBase(Math.min(...probes), now);
  }

  #adapt({ delay, outstanding }: Round): void {
    const product = (outstanding * this.#base) / Math.max(delay, 1);
    const headroom = Math.min(MOST_HEADROOM, (HEADROOM - 1) * product);
    const target = product + headroom + LARGEST_BLOCK;
    const used = outstanding >= USED_SHARE * this.#window;
    const highest = used ? STEEPEST_GROWTH * this.#window : this.#window;
    this.#window = clamp(Math.min(highest, Math.max(this.#lowest(used, delay), target)));
  }

  /** A round that left much of the window unused shrinks it only when its delay shows a queue. */
  #lowest(used: boolean, delay: number): number {
    return used || delay > 2 * HEADROOM * this.#base ? STEEPEST_CUT * this.#window : this.#window;
  }

  #setBase(latency: number, now: number): void {
    this.#base = latency;
    this.#baseAt = now;
  }
}

/** What was learned while one window's worth of bytes came in: byte-weighted means. */
class Round {
  bytes = 0;
  #delay = 0;
  #outstanding = 0;

  add({ bytes, delay, outstanding }: Delivery): void {
    this.bytes += bytes;
    this.#delay += bytes * delay;
    this.#outstanding += bytes * outstanding;
  }

  get delay(): number {
    return this.#delay / this.bytes;
  }

  get outstanding(): number {
    return this.#outstanding / this.bytes;
  }
}

function clamp(bytes: number): number {
  return Math.round(Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, bytes)));
}
