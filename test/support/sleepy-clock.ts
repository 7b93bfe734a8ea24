import type { Clock, Timer } from '../../src/core/clock.js';

interface Alarm {
  readonly timer: Timer;
  run: (() => void) | undefined;
}

/** The clock of one machine among others that can sleep: time goes on for it, but its timers fire when it wakes. */
export class SleepyClock implements Clock {
  #missed: Alarm[] | undefined;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  ticks(): number {
    return this.clock.ticks();
  }

  setTimeout(run: () => void, ms: number): Timer {
    const alarm: Alarm = {
      run,
      timer: this.clock.setTimeout(() => {
        if (this.#missed) this.#missed.push(alarm);
        else alarm.run?.();
      }, ms),
    };
    return alarm;
  }

  clearTimeout(timer: Timer): void {
    const alarm = timer as Alarm | undefined;
    if (!alarm) return;
    alarm.run = undefined;
    this.clock.clearTimeout(alarm.timer);
  }

  sleep(): void {
    this.#missed ??= [];
  }

  wake(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    for (const alarm of missed) alarm.run?.();
  }
}
