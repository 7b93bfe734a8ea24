import type { Clock } from '../../../src/core/clock.js';

/** The same, but rejects after `ms`. What `work` comes to later is nobody's concern. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  let timer: unknown;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimeout(() => reject(new Error('no answer in time')), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clock.clearTimeout(timer);
  }
}
