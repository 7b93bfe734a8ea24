import type { Clock, Timer } from '../core/clock.js';
import { MAX_FRAME } from '../core/limits.js';
import { TokenBucket } from '../core/token-bucket.js';

/** Something with frames to send; see `UploadGate`. */
export interface Sender {
  /** Bytes of the frame it would send now; 0 while it has none or its link is full. */
  nextSize(): number;
  sendNext(): void;
}

/**
 * What all links share of the upload: one rate cap, given out frame by frame in turn, so that no link
 * starves another. A sender enters when it has something to send; one that has nothing (any more) is
 * forgotten until it enters again.
 */
export class UploadGate {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #waiting = new Set<Sender>();
  #timer: Timer;
  #running = false;

  constructor({ clock, rate }: { clock: Clock; rate: number }) {
    this.#clock = clock;
    this.#bucket = new TokenBucket({ clock, rate, largest: MAX_FRAME });
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
    for (const sender of this.#waiting) {
      if (!this.#serve(sender)) break;
    }
    this.#running = false;
  }

  /** Sends one frame of `sender` and puts it last. False when the cap is reached. */
  #serve(sender: Sender): boolean {
    const size = sender.nextSize();
    if (size > 0 && !this.#bucket.take(size)) {
      this.#wait(size);
      return false;
    }
    this.#waiting.delete(sender);
    if (size === 0) return true;
    this.#waiting.add(sender);
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
