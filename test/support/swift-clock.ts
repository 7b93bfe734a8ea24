import type { Clock, Timer } from '../../src/core/clock.js';
import { FAKE_EPOCH } from './fake-clock.js';

/** Turns of the microtask queue given to what a timer started: longer than any chain of promises here. */
const TURNS = 12;

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * `FakeClock` for simulations of hundreds of peers: a heap instead of a scan, and between timers only
 * microtasks, no turns of the event loop, unless `settle` says otherwise. So nothing under it may use
 * ports, streams or threads.
 */
export class SwiftClock implements Clock {
  readonly #heap: Pending[] = [];
  #ticks = 0;
  #order = 0;
  #pending = 0;

  /** `settle` lets everything that a timer started come to rest. */
  constructor(private readonly settle: () => Promise<void> = turns) {}

  get pending(): number {
    return this.#pending;
  }

  /** Whole milliseconds, as platforms give them; timers here fall due in between, too. */
  now(): number {
    return Math.floor(FAKE_EPOCH + this.#ticks);
  }

  ticks(): number {
    return this.#ticks;
  }

  setTimeout(run: () => void, ms: number): Timer {
    if (Number.isNaN(ms)) throw new RangeError(`a timer of ${ms} ms`);
    const timer = { due: this.#ticks + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#pending++;
    this.#push(timer);
    return timer;
  }

  clearTimeout(timer: Timer): void {
    const pending = timer as Pending | undefined;
    if (!pending || pending.cancelled) return;
    pending.cancelled = true;
    this.#pending--;
  }

  async advance(ms: number): Promise<void> {
    const target = this.#ticks + ms;
    await this.settle();
    for (let next = this.#heap[0]; next && next.due <= target; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.#ticks = Math.max(this.#ticks, next.due);
      next.cancelled = true;
      this.#pending--;
      next.run();
      await this.settle();
    }
    this.#ticks = target;
  }

  #push(timer: Pending): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (isBefore(heap[child + 1], heap[child])) child++;
      const below = heap[child];
      if (!below || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Pending | undefined, b: Pending | undefined): boolean {
  if (!a || !b) return false;
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

/** One turn of the event loop: every chain of promises ends in it, however long. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}
