import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { randomInt } from 'node:crypto';
import type { SyncSha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { systemClock } from '../src/protocol/system-clock.js';
import { nodeSha256 } from './hashing/node-sha256.js';

/** What the service takes from its platform; tests replace it. */
export interface Environment {
  readonly clock: Clock;
  /** All addresses of a host name. */
  readonly resolve: (hostname: string) => Promise<readonly LookupAddress[]>;
  readonly sha256: SyncSha256;
  /** The built hashing/hash-worker.ts and hashing/media-parser.ts: what threads and processes run. */
  readonly hashWorker: URL;
  readonly mediaParser: URL;
  /** Directory of the dashboard's files. */
  readonly dashboard: URL;
  /** Evenly distributed from 0 up to, not including, 1; not to be guessed from outside. */
  readonly random: () => number;
}

/** The finest grain that `randomInt` has. */
const RANDOM_STEPS = 2 ** 48 - 1;

export const systemEnvironment: Environment = {
  clock: systemClock,
  resolve: (hostname) => lookup(hostname, { all: true }),
  sha256: nodeSha256,
  // All that is built for Node lies side by side.
  hashWorker: new URL('./hash-worker.js', import.meta.url),
  mediaParser: new URL('./media-parser.js', import.meta.url),
  dashboard: new URL('./dashboard/', import.meta.url),
  random: () => randomInt(RANDOM_STEPS) / RANDOM_STEPS,
};
