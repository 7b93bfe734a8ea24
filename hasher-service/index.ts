import type { FastifyInstance } from 'fastify';
import { createApp } from './app.js';
import { createService } from './compose.js';
import { parseHasherConfig, type HasherConfig, type HasherOptions } from './config.js';
import { systemEnvironment, type Environment } from './environment.js';
import { OriginClient } from './origin/client.js';
import { addAdmissions } from './routes/admissions.js';
import { addDigests } from './routes/digests.js';
import { addLayers } from './routes/layers.js';
import { addOperations } from './routes/operations.js';
import { addPolicy } from './routes/policy.js';
import { addReports } from './routes/reports.js';
import { addRoots } from './routes/roots.js';
import type { Service } from './service.js';

export { hasherConfig, parseHasherConfig, type Admit, type Applicant } from './config.js';
export type { HasherConfig, HasherOptions } from './config.js';
export type { Environment } from './environment.js';
export { listKeys, newKey, type KeyAlgorithm, type KeyInfo } from './signing/keys.js';
export { rootsTokenOf } from './signing/roots-token.js';

/** A running hash service. */
export interface Hasher {
  /** For mounting, injecting requests, or adding routes before `listen`. */
  readonly app: FastifyInstance;
  /** The bearer token that a tracker needs for `/v1/roots`. */
  readonly rootsToken: string;
  /** Starts to serve; what is left out comes from the configuration. Resolves to the address. */
  listen(where?: { port?: number; host?: string }): Promise<{ url: string }>;
  /** Stops serving and fetching, and waits for files under way. May be called again. */
  close(): Promise<void>;
}

/**
 * Creates a hash service: reads keys, token and policy from the data directory (making what is
 * missing) without serving yet. Throws `bad-config` with a sentence that names the wrong option.
 */
export async function createHasher(
  options: HasherOptions,
  environment: Partial<Environment> = {},
): Promise<Hasher> {
  const config = parseHasherConfig(options);
  const platform = { ...systemEnvironment, ...environment };
  const app = await createApp(config, platform.clock);
  const client = new OriginClient({
    environment: platform,
    pace: { window: config.originTimeout, minRate: config.originMinRate },
    maxBytes: config.maxBytes,
  });
  const service = await createService(config, platform, client, app.log);
  addRoutes(app, service);
  app.addHook('onClose', async () => {
    service.catalogue.stop();
    await client.close();
    await Promise.all([service.catalogue.settled(), service.housekeeping.stop()]);
  });
  service.housekeeping.start();
  return { app, rootsToken: service.rootsToken, listen: listener(app, config), close: () => app.close() };
}

function addRoutes(app: FastifyInstance, service: Service): void {
  addDigests(app, service);
  addLayers(app, service);
  addPolicy(app, service);
  addAdmissions(app, service);
  addRoots(app, service);
  addReports(app, service);
  addOperations(app, service);
}

function listener(app: FastifyInstance, config: HasherConfig): Hasher['listen'] {
  return async ({ port = config.port, host = config.host } = {}) => ({
    url: await app.listen({ port, host }),
  });
}
