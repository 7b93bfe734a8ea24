import type { Clock, Timer } from '../core/clock.js';
import { MAX_FRAME } from '../core/limits.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Allowance } from './contract.js';

/** Something with frames to send; see `UploadGate`. */
export interface Sender {
  /** Bytes of the frame it would send now; 0 while it has none or its link is full. */
  nextSize(): number;
  sendNext(): void;
}

export interface UploadGateOptions {
  readonly clock: Clock;
  /** Bytes per second. */
  readonly rate: number;
  /** Asked before each frame, in case there is a bound to the bytes, too. */
  readonly allowance?: Allowance | undefined;
}

/**
 * What all links share of the upload: one rate cap and one allowance, given out frame by frame to the
 * sender that was given least, so that no link starves another, whatever the size of its frames (start-time
 * fair queueing). A sender enters when it has something to send; one that has nothing (any more) is
 * forgotten until it enters again, and then has no claim to what it did not use.
 */
export class UploadGate {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #allowance: Allowance | undefined;
  readonly #waiting = new Set<Sender>();
  /** Bytes given to each, counted from the level at which it entered. */
  readonly #given = new WeakMap<Sender, number>();
  /** What the last one served had been given: nobody who waits was given less. */
  #level = 0;
  #timer: Timer;
  #running = false;

  constructor({ clock, rate, allowance }: UploadGateOptions) {
    this.#clock = clock;
    this.#bucket = new TokenBucket({ clock, rate, largest: MAX_FRAME });
    this.#allowance = allowance;
  }

  get rate(): number {
    return this.#bucket.rate;
  }

  setRate(bytesPerSecond: number): void {
    this.#bucket.rate = bytesPerSecond;
    this.#run();
  }

  enter(sender: Sender): void {
    this.#waiting.add(sender);
    this.#given.set(sender, Math.max(this.#level, this.#givenTo(sender)));
    this.#run();
  }

  leave(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  close(): void {
    this.#waiting.clear();
    this.#clearTimer();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.#clearTimer();
    for (let next = this.#next(); next && this.#serve(next);) next = this.#next();
    this.#running = false;
  }

  #givenTo(sender: Sender): number {
    return this.#given.get(sender) ?? 0;
  }

  #next(): Sender | undefined {
    let next: Sender | undefined;
    for (const one of this.#waiting) {
      if (!next || this.#givenTo(one) < this.#givenTo(next)) next = one;
    }
    return next;
  }

  /** Sends one frame of `sender`. False when a cap is reached. */
  #serve(sender: Sender): boolean {
    const size = sender.nextSize();
    if (size === 0) return this.#waiting.delete(sender);
    if (!this.#bucket.take(size)) {
      this.#wait(size);
      return false;
    }
    // Whoever says no raises the rate from 0 when there is more: that is when to go on.
    if (this.#allowance && !this.#allowance.take(size)) return false;
    this.#level = this.#givenTo(sender);
    this.#given.set(sender, this.#level + size);
    sender.sendNext();
    return true;
  }

  #wait(size: number): void {
    const ms = this.#bucket.waitFor(size);
    if (!Number.isFinite(ms)) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, ms);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
