import type { Clock, Timer } from './clock.js';

/**
 * What `work` comes to, or after `ms` what `late` returns or throws. The work goes on; what it comes to then
 * is nobody's concern.
 */
export async function within<T, L>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  late: () => L,
): Promise<T | L> {
  let timer: Timer;
  const timeout = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, ms);
  }).then(late);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clock.clearTimeout(timer);
  }
}
