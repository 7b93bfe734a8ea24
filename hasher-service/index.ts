import type { RequestListener } from 'node:http';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { createApp } from './http/app.js';
import { createService } from './compose/service.js';
import { parseHasherConfig, type HasherOptions } from './config.js';
import { systemEnvironment, type Environment } from './environment.js';
import { Face } from './http/face.js';
import { handlerOf } from './http/handler.js';
import { createLog } from './log.js';
import { OriginClient } from './origin/client.js';
import { addAdmissions } from './routes/admissions.js';
import { addBeacons } from './routes/beacons.js';
import { addDashboard, addFigures } from './routes/dashboard.js';
import { addDigests } from './routes/digests.js';
import { addLayers } from './routes/layers.js';
import { addOperations } from './routes/operations.js';
import { addPolicy } from './routes/policy.js';
import { addPurge } from './routes/purge.js';
import { addReports } from './routes/reports.js';
import { addRoots } from './routes/roots.js';
import type { Service } from './service.js';
import { Shutdown } from './http/shutdown.js';

export { hasherConfig, parseHasherConfig, type Admit, type Applicant } from './config.js';
export type { HasherConfig, HasherOptions } from './config.js';
export type { Environment } from './environment.js';
export { withPolicyCare, type PolicyCare, type ShownPolicy } from './policy/policy-care.js';
export { FOREVER } from './policy/revocations.js';
export { operatorTokenOf, rootsTokenOf } from './signing/bearer-tokens.js';
export { listKeys, newKey, revokeKey, rotateKey, type KeyState, type ListedKey } from './signing/key-care.js';
export type { KeyAlgorithm, KeyInfo } from './signing/schedule.js';
export { disableSite, isFailure, sentenceFor, signOptions, signSite } from './static/index.js';
export type { SigningReport, SignOptions, Skipped, SkipReason } from './static/index.js';

/** In each of two lanes, and a look may ask while it reads. */
const SOCKETS_PER_LOOK = 4;

/**
 * A hash service: a server of its own (`listen`), or part of the site's (`plugin`, `handler`). In the
 * latter case visitors' addresses, time-outs and access logs are the site's server's business.
 */
export interface Hasher {
  /** Our own Fastify app, for injecting requests, or for adding routes before `listen`. */
  readonly app: FastifyInstance;
  /**
   * For a Fastify app of the site: `await site.register(hasher.plugin, { prefix: '/peerfold' })`.
   * Limits, CORS, headers, bodies and errors of ours stay below the prefix. When that app closes, so
   * does the hash service. Addresses are those that the site's `trustProxy` makes out.
   */
  readonly plugin: FastifyPluginAsync;
  /**
   * For `http.createServer(hasher.handler)`, or for a framework that strips the prefix it mounts a
   * listener under (`app.use('/peerfold', hasher.handler)`), before anything that reads bodies. The
   * hash service then has to be closed by `close`, after the server.
   */
  readonly handler: RequestListener;
  /** The bearer token that a tracker needs for `/v1/roots`. */
  readonly rootsToken: string;
  /** The bearer token that a purge and the dashboard need. */
  readonly operatorToken: string;
  /** Starts to serve; what is left out comes from the configuration. Resolves to the address. */
  listen(where?: { port?: number; host?: string }): Promise<{ url: string }>;
  /**
   * Stops: `/readyz` answers 503 for `drainMs`, then nothing more is taken, what is under way has
   * `shutdownMs` to finish, fetches from origins are dropped, and files under way are waited for. Where
   * the service is mounted in another server, it answers 503 from then on. May be called again.
   */
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
  const client = new OriginClient({
    environment: platform,
    pace: { window: config.originTimeout, minRate: config.originMinRate },
    maxBytes: config.maxBytes,
    connections: config.originConcurrency * SOCKETS_PER_LOOK,
  });
  const service = await createService(config, platform, client, createLog(config.logLevel));
  const face = new Face(service);
  const app = createApp(config);
  const shutdown = new Shutdown({ app, config, clock: platform.clock, lifecycle: service.lifecycle });
  const close = (): Promise<void> => shutdown.run();
  mount(app, { face, service, isWhole: true });
  app.addHook('onClose', async () => {
    service.catalogue.stop();
    await Promise.all([client.close(), service.hashing.close(), service.watch.close()]);
    await Promise.all([service.catalogue.settled(), service.policy.settled(), service.housekeeping.stop()]);
    await service.figures.close();
    await service.state.close();
    await service.unlock();
  });
  service.housekeeping.start();
  const plugin: FastifyPluginAsync = async (scope) => {
    mount(scope, { face, service, isWhole: scope.prefix !== '' });
    scope.addHook('onClose', close);
    return Promise.resolve();
  };
  const { rootsToken, operatorToken } = service;
  const handler = handlerOf(app);
  return { app, plugin, handler, rootsToken, operatorToken, listen: listener(app, service), close };
}

/** Puts everything of ours below `scope`. */
function mount(
  scope: FastifyInstance,
  { face, service, isWhole }: { face: Face; service: Service; isWhole: boolean },
): void {
  face.put(scope, isWhole);
  addRoutes(scope, service);
  // Where there is no prefix, /dashboard may be the site's own.
  if (isWhole) addDashboard(scope, service);
}

function addRoutes(app: FastifyInstance, service: Service): void {
  addDigests(app, service);
  addLayers(app, service);
  addPolicy(app, service);
  addAdmissions(app, service);
  addRoots(app, service);
  addReports(app, service);
  addPurge(app, service);
  addBeacons(app, service);
  addFigures(app, service);
  addOperations(app, service);
}

function listener(app: FastifyInstance, { config, log }: Service): Hasher['listen'] {
  return async ({ port = config.port, host = config.host } = {}) => {
    const url = await app.listen({ port, host });
    log.info({ at: url }, 'listening');
    return { url };
  };
}
