import { randomUUID } from 'node:crypto';
import type { Sha256 } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { FigureFiles, RedisFigures, type FiguresStore } from '../beacons/figures-store.js';
import type { HasherConfig } from '../config.js';
import type { Signer } from '../signing/statements.js';
import { Archive } from './archive.js';
import { DocumentFiles } from './document-files.js';
import type { Documents } from './documents.js';
import type { State } from './port.js';
import { RedisDocuments } from './redis-documents.js';
import { RedisLink, type RedisLog } from './redis-link.js';
import { RedisState } from './redis-state.js';

/** Where a service keeps what it knows. Closing the state closes both. */
export interface Stores {
  readonly state: State;
  readonly documents: Documents;
  readonly figuresStore: FiguresStore;
}

interface Parts {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly signer: Pick<Signer, 'reopen'>;
  readonly log: RedisLog;
}

/** Files in the data directory, or Redis where there is one. Rejects with `bad-config` when it cannot be reached. */
export async function openStores(
  { data, redis: url, sites }: Pick<HasherConfig, 'data' | 'redis' | 'sites'>,
  parts: Parts,
): Promise<Stores> {
  if (url === undefined)
    return {
      state: new Archive({ data, sites, ...parts }),
      documents: new DocumentFiles(data, parts.clock),
      figuresStore: new FigureFiles(data),
    };
  const link = new RedisLink({ url, ...parts });
  const state = new RedisState({ link, owner: randomUUID(), ...parts });
  await link.open();
  return { state, documents: new RedisDocuments(link), figuresStore: new RedisFigures(link) };
}
