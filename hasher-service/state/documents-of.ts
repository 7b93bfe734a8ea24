import type { Clock } from '../../src/core/clock.js';
import type { HasherConfig } from '../config.js';
import { DocumentFiles } from './document-files.js';
import type { Documents } from './documents.js';
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
