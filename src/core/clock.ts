/** A pending timer; what it is depends on the platform. */
export type Timer = unknown;

/**
 * Time as an argument, so that every timer can be tested without waiting. Milliseconds throughout;
 * `now` is a wall clock (it may jump, for example after sleep), `ticks` is monotonic.
 */
export interface Clock {
  now(): number;
  ticks(): number;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}
