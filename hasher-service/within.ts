import type { Clock, Timer } from '../src/core/clock.js';

/** Resolves when `work` does, or after `ms`; it goes on. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let timer: Timer;
  const timeout = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clock.clearTimeout(timer);
  }
}
