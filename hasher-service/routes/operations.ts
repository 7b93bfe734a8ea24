import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../api-error.js';
import type { Service } from '../service.js';

/** As long as verifiers keep a key set. */
const KEYS_MAX_AGE = 300;

/** Keys for verifiers, and what operators look at. */
export function addOperations(app: FastifyInstance, { keyring, metrics, config }: Service): void {
  app.get('/.well-known/jwks.json', async (_request, reply) => {
    void reply.header('cache-control', `public, max-age=${KEYS_MAX_AGE}`).type('application/jwk-set+json');
    return Promise.resolve(JSON.stringify({ keys: keyring.published }));
  });
  app.get('/healthz', async () => Promise.resolve({ status: 'ok' }));
  app.get('/readyz', async () => {
    if (!(await isWritable(config.data)))
      throw new ApiError(503, 'not-ready', 'The data directory cannot be written.');
    return { status: 'ready' };
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
