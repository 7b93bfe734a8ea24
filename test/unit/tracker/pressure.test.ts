import { describe, expect, it } from 'vitest';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { PressureGauge } from '../../../tracker-service/server/pressure.js';

const EVERY = 100;

/** A clock whose only timer fires `late` milliseconds late. */
class LateClock implements Clock {
  #ticks = 0;
  #run: (() => void) | undefined;
  #delay = 0;

  now(): number {
    return this.#ticks;
  }

  ticks(): number {
    return this.#ticks;
  }

  setTimeout(run: () => void, ms: number): Timer {
    this.#run = run;
    this.#delay = ms;
    return run;
  }

  clearTimeout(): void {
    this.#run = undefined;
  }

  /** Lets at least `ms` pass, with each timer `late`. */
  pass(ms: number, late = 0): void {
    for (const end = this.#ticks + ms; this.#ticks < end;) {
      this.#ticks += this.#delay + late;
      this.#run?.();
    }
  }
}

function gauge() {
  const clock = new LateClock();
  const levels: number[] = [];
  const memory = { share: 0 };
  const pressure = new PressureGauge({
    clock,
    memory: () => memory.share,
    changed: (level) => levels.push(level),
  });
  return { clock, levels, memory, pressure };
}

describe('pressure', () => {
  it.each([
    [0, 0],
    [40, 0],
    [70, 1],
    [150, 2],
    [300, 3],
    [380, 4],
    [5_000, 4],
  ])('of an event loop that is %d ms late is level %d', (late, level) => {
    const { clock, pressure } = gauge();
    clock.pass(30_000, late);
    expect(pressure.level).toBe(level);
  });

  it('rises through every level within seconds', () => {
    const { clock, levels } = gauge();
    clock.pass(6_000, 600);
    expect(levels).toEqual([2, 3, 4]);
  });

  it('sheds no wants for one stall', () => {
    const { clock, pressure } = gauge();
    clock.pass(1_000);
    clock.pass(EVERY, 3_000);
    expect(pressure.level).toBeLessThan(3);
    clock.pass(10_000);
    expect(pressure.level).toBe(0);
  });

  it('falls level by level, each after two quiet seconds', () => {
    const { clock, levels, pressure } = gauge();
    clock.pass(10_000, 400);
    expect(pressure.level).toBe(4);
    levels.length = 0;
    clock.pass(2_900);
    expect(levels).toEqual([3]);
    clock.pass(7_000);
    expect(levels).toEqual([3, 2, 1, 0]);
  });

  it('does not flap around a threshold', () => {
    const { clock, levels } = gauge();
    for (let i = 0; i < 50; i++) {
      clock.pass(500, 56);
      clock.pass(500, 46);
    }
    expect(levels).toEqual([1]);
  });

  it('comes from memory as well', () => {
    const { clock, levels, memory } = gauge();
    for (const share of [0.5, 0.81, 0.86, 0.91, 0.96, 1.2]) {
      memory.share = share;
      clock.pass(1_000);
    }
    expect(levels).toEqual([1, 2, 3, 4]);
    memory.share = 0.92;
    clock.pass(30_000);
    expect(levels.at(-1)).toBe(4);
    memory.share = 0.82;
    clock.pass(30_000);
    expect(levels.at(-1)).toBe(2);
    memory.share = 0.5;
    clock.pass(30_000);
    expect(levels.at(-1)).toBe(0);
  });

  it('is measured no more after closing', () => {
    const { clock, pressure } = gauge();
    pressure.close();
    clock.pass(10_000, 500);
    expect(pressure.level).toBe(0);
  });
});
