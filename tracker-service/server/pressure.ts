import type { Clock, Timer } from '../../src/core/clock.js';
import type { Pressure } from '../core/pressure.js';

export interface PressureGaugeOptions {
  readonly clock: Clock;
  /** Memory in use as a share of what there is: 1 is the end. */
  readonly memory: () => number;
  readonly changed: (level: number) => void;
}

/** The event loop's lateness is sampled this often (ms). */
const SAMPLE_EVERY = 100;
/** From this smoothed lateness (ms) on, each level: at the first, answers are as late as figures allow. */
const LATE = [50, 100, 200, 350] as const;
/** From this share of the memory on, each level. */
const FULL = [0.8, 0.85, 0.9, 0.95] as const;
/** A level is left when lateness is below this share of its threshold and memory below it by this much … */
const PROMPT = 0.8;
const ROOM = 0.04;
/** … for so long (ms): shedding itself relieves, and flapping helps nobody. */
const CALM = 2_000;
/** How much a sample counts. */
const WEIGHT = 0.3;
/** One stall, however long (a large collection of garbage), is not yet a load (ms). */
const LONGEST_LATENESS = 400;

/** Measures how late the event loop is and how full the memory, and says what is to be shed. */
export class PressureGauge implements Pressure {
  #level = 0;
  #lateness = 0;
  #calmSince: number | undefined;
  #timer: Timer;

  constructor(private readonly options: PressureGaugeOptions) {
    this.#arm();
  }

  get level(): number {
    return this.#level;
  }

  close(): void {
    this.options.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    const { clock } = this.options;
    const due = clock.ticks() + SAMPLE_EVERY;
    this.#timer = clock.setTimeout(() => {
      this.#sample(Math.min(LONGEST_LATENESS, Math.max(0, clock.ticks() - due)));
      this.#arm();
    }, SAMPLE_EVERY);
  }

  #sample(lateness: number): void {
    this.#lateness += (lateness - this.#lateness) * WEIGHT;
    const memory = this.options.memory();
    const level = levelOf(this.#lateness, memory);
    if (level >= this.#level) {
      this.#calmSince = undefined;
      this.#change(level);
    } else if (levelOf(this.#lateness / PROMPT, memory + ROOM) < this.#level) this.#relieve();
    else this.#calmSince = undefined;
  }

  /** One level at a time. */
  #relieve(): void {
    const now = this.options.clock.ticks();
    this.#calmSince ??= now;
    if (now - this.#calmSince < CALM) return;
    this.#calmSince = undefined;
    this.#change(this.#level - 1);
  }

  #change(level: number): void {
    if (level === this.#level) return;
    this.#level = level;
    this.options.changed(level);
  }
}

function levelOf(lateness: number, memory: number): number {
  const late = LATE.filter((threshold) => lateness >= threshold).length;
  const full = FULL.filter((threshold) => memory >= threshold).length;
  return Math.max(late, full);
}
