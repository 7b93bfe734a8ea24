import type { Clock, Timer } from '../../src/core/clock.js';

/** 2026-01-01T00:00:00Z: where every fake clock starts, so that failures print the same dates each time. */
export const FAKE_EPOCH = Date.UTC(2026, 0, 1);

/** Platforms fire timers beyond this at once (the delay is a signed 32-bit integer): always a mistake. */
const MAX_DELAY = 2 ** 31 - 1;

/** Turns of the event loop given to what a timer started: enough for a chain of ports and streams. */
const TURNS = 4;

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until `advance` moves it; timers run in order of their time, then of setting. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Pending>();
  #ticks = 0;
  #offset = FAKE_EPOCH;
  #order = 0;

  /** How many timers are waiting. After teardown this is 0, or something leaked. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#offset + this.#ticks;
  }

  ticks(): number {
    return this.#ticks;
  }

  setTimeout(run: () => void, ms: number): Timer {
    if (Number.isNaN(ms) || ms > MAX_DELAY) throw new RangeError(`a timer of ${ms} ms`);
    const timer: Pending = { due: this.#ticks + Math.max(0, ms), order: this.#order++, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as Pending);
  }

  /** Moves both clocks on by `ms`, running what falls due and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const target = this.#ticks + ms;
    await settle();
    for (let timer = this.#nextDue(target); timer; timer = this.#nextDue(target)) {
      this.#ticks = Math.max(this.#ticks, timer.due);
      this.#timers.delete(timer);
      timer.run();
      await settle();
    }
    this.#ticks = Math.max(this.#ticks, target);
  }

  /** The machine sleeps: both clocks go on, and what fell due meanwhile runs late, when it wakes. */
  async sleep(ms: number): Promise<void> {
    this.#ticks += ms;
    await this.advance(0);
  }

  /** The wall clock jumps by `ms` (may be negative) while timers and `ticks` notice nothing. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  #nextDue(target: number): Pending | undefined {
    let next: Pending | undefined;
    for (const timer of this.#timers) {
      if (timer.due > target) continue;
      if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Lets every promise that can settle without time passing do so, message ports included. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await portsDelivered();
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Node delivers to ports when the event loop finds them signalled, all that are in one sweep: when our
 * own message has come, those posted before it have. Answers to those take a second round.
 */
async function portsDelivered(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port2.onmessage = resolve;
      port1.postMessage('');
    });
    port1.close();
  }
}
