/**
 * Time as an argument, in milliseconds: `now` since 1970, `ticks` monotonic. The demo site stands for
 * somebody else's server and imports nothing of Peerfold's sources, so it states what it needs itself.
 */
export interface Clock {
  now(): number;
  ticks(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  setTimeout: (run, ms) => globalThis.setTimeout(run, ms),
  clearTimeout: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};

/** Waits `ms`, or until `signal` aborts: whoever waits looks at the signal afterwards. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
    function finish(): void {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
  });
}
