import { PeerfoldError } from '../src/core/errors.js';
import { trackerConfig, type TrackerOptions } from './config.js';
import { systemEnvironment } from './environment.js';
import type { ListenAddress } from './server/operations.js';
import { assemble } from './service.js';

export { trackerConfig, type TrackerConfig, type TrackerOptions } from './config.js';

export interface Tracker {
  /**
   * Listens where the configuration says, unless `where` says otherwise. Resolves once visitors can connect, with the
   * address of their sockets and that of `/readyz` and `/metrics`, if there is one. Rejects with the system's error.
   */
  listen(where?: Partial<ListenAddress>): Promise<{ url: string; operations: string | undefined }>;
  /** Tells every visitor when to come back, then closes; takes `drainMs` and `shutdownMs` at most. */
  close(): Promise<void>;
}

/**
 * A tracker in this process. Rejects with `bad-config` and a sentence that names every wrong field, or a
 * file that cannot be used.
 */
export async function createTracker(options: TrackerOptions): Promise<Tracker> {
  const result = trackerConfig.safeParse(options);
  if (result.success) return assemble(result.data, systemEnvironment);
  const faults = result.error.issues.map(
    (issue) => `${String(issue.path[0] ?? 'options')}: ${issue.message}`,
  );
  throw new PeerfoldError('bad-config', faults.join('; '));
}
