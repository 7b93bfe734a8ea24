import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { hash } from 'node:crypto';
import type { Bytes } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import type { SyncSha256 } from '../src/core/merkle-stream.js';
import { systemClock } from '../src/protocol/system-clock.js';

/** What the service takes from its platform; tests replace it. */
export interface Environment {
  readonly clock: Clock;
  /** All addresses of a host name. */
  readonly resolve: (hostname: string) => Promise<readonly LookupAddress[]>;
  readonly sha256: SyncSha256;
}

export const nodeSha256: SyncSha256 = (data: Bytes) => hash('sha256', data, 'buffer');

export const systemEnvironment: Environment = {
  clock: systemClock,
  resolve: (hostname) => lookup(hostname, { all: true }),
  sha256: nodeSha256,
};
