import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../http/api-error.js';
import type { Service } from '../service.js';

/** With the three minutes after which visitors read keys and policy again, within five minutes. */
const KEYS_MAX_AGE = 60;

/** Keys for verifiers, and what operators look at. */
export function addOperations(
  app: FastifyInstance,
  { authority, keyring, metrics, config, lifecycle, housekeeping, state }: Service,
): void {
  app.get('/v1/jwks.json', async (_request, reply) => {
    await authority.refresh();
    void reply.header('cache-control', `public, max-age=${KEYS_MAX_AGE}`).type('application/jwk-set+json');
    return JSON.stringify({ keys: keyring.published });
  });
  app.get('/healthz', async () => Promise.resolve({ status: 'ok' }));
  app.get('/readyz', async () => {
    if (!lifecycle.isReady) throw new ApiError(503, 'stopping', 'The hash service is about to stop.');
    if (!(await isWritable(config.data)))
      throw new ApiError(503, 'not-ready', 'The data directory cannot be written.');
    if (!housekeeping.isIndexed)
      throw new ApiError(503, 'indexing', 'What is kept is being read; some live roots are not known yet.');
    // An instance that goes on with what it knows must stay in the balancer: all of them are in the same trouble.
    return state.trouble === undefined ? { status: 'ready' } : { status: 'degraded', why: state.trouble };
  });
  app.get('/metrics', async (_request, reply) => {
    void reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}

async function isWritable(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
}
