import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.js';
import type { HasherConfig } from '../config.js';
import { DocumentFiles } from './document-files.js';
import type { Documents } from './documents.js';
import { readIfThere, writeWhole } from './files.js';
import { RedisDocuments } from './redis-documents.js';
import { RedisLink } from './redis-link.js';

/** The documents in a data directory. */
export function documentsOf({ data }: Pick<HasherConfig, 'data'>, clock: Clock): Documents {
  return new DocumentFiles(data, clock);
}

/** Nobody reads along: what fails is in what is thrown. */
const UNHEARD = { info: () => undefined, warn: () => undefined };

/**
 * Lets `work` use the documents of a service with this configuration: in its data directory, or in Redis,
 * where the connection ends with the work. Rejects with `bad-config` when Redis cannot be reached.
 */
export async function withDocuments<T>(
  config: Pick<HasherConfig, 'data' | 'redis'>,
  clock: Clock,
  work: (documents: Documents) => Promise<T>,
): Promise<T> {
  if (config.redis === undefined) return work(documentsOf(config, clock));
  const link = new RedisLink({ url: config.redis, clock, log: UNHEARD });
  try {
    await link.open();
    return await work(new RedisDocuments(link));
  } finally {
    link.close();
  }
}

/** Lies in the data directory of a service that keeps its documents in Redis. */
const IN_REDIS = 'documents-in-redis';

/** Notes in its data directory, for whoever looks for them there, where a service that starts keeps its documents. */
export async function notePlace({ data, redis }: Pick<HasherConfig, 'data' | 'redis'>): Promise<void> {
  const note = join(data, IN_REDIS);
  if (redis === undefined) await rm(note, { force: true });
  else await writeWhole(note, 'policy and purges of this hash service are in its Redis\n');
}

/** Whether the last service to start with this data directory keeps its documents in Redis. */
export async function areInRedis({ data }: Pick<HasherConfig, 'data'>): Promise<boolean> {
  return (await readIfThere(join(data, IN_REDIS))) !== undefined;
}
