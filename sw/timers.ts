import type { Clock, Timer } from '../src/core/clock.js';
import { within as inTime } from '../src/core/within.js';

/** A promise and the means to settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function deferred<T>(): Deferred<T> {
  let settle!: Pick<Deferred<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever rejects has told somebody; one that nobody awaits is no unhandled rejection.
  promise.catch(() => undefined);
  return { promise, ...settle };
}

/**
 * What `promise` gives if it does so within `ms`, else `undefined`. The late result is not lost to
 * others: whoever else holds the promise still gets it. Rejects as the promise does, if in time.
 */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return inTime(clock, ms, promise, () => undefined);
}

/** Does `run` once for all calls of `soon` within `ms`: events here come in bursts. */
export function burst(clock: Clock, ms: number, run: () => void): { soon(): void } {
  let timer: Timer;
  return {
    soon: () => {
      timer ??= clock.setTimeout(() => {
        timer = undefined;
        run();
      }, ms);
    },
  };
}
