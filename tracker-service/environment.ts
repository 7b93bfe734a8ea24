import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { RandomBytes } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { systemClock } from '../src/protocol/system-clock.js';

/** What the tracker takes from its platform; tests replace it. */
export interface Environment {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly fetch: typeof globalThis.fetch;
  /** Memory in use as a share of what there is, or of `bound` bytes if that is less. */
  readonly memory: (bound?: number) => number;
}

export const systemEnvironment: Environment = {
  clock: systemClock,
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  fetch: globalThis.fetch,
  memory: (bound = Number.POSITIVE_INFINITY) =>
    Math.max(process.memoryUsage.rss() / Math.min(bound, installed()), heap()),
};

/** The machine's memory, or what its container may have. */
function installed(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function heap(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
