import type { FastifyInstance } from 'fastify';
import { isRoot } from '../../src/core/brands.js';
import { PeerfoldError } from '../../src/core/errors.js';
import { ApiError } from '../http/api-error.js';
import type { Service } from '../service.js';

/** A root names its layer for ever. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Seconds after which what is shared may be there again. */
const TRY_AGAIN = 5;

export function addLayers(app: FastifyInstance, { state, catalogue }: Service): void {
  app.get<{ Params: { root: string } }>('/v1/layers/:root', async (request, reply) => {
    const { root } = request.params;
    const layer = isRoot(root) ? await state.readLayer(root).catch(unavailable) : undefined;
    if (!layer && isRoot(root)) catalogue.lacks(root);
    if (!layer) throw new ApiError(404, 'unknown-root', 'No layer of this root is kept here.');
    void reply.header('cache-control', IMMUTABLE).type('application/octet-stream');
    return layer;
  });
}

/** That a layer cannot be read now does not mean that there is none. */
function unavailable(error: unknown): never {
  if (!(error instanceof PeerfoldError)) throw error;
  throw new ApiError(503, 'unavailable', 'Whether there is such a layer cannot be told now.', TRY_AGAIN);
}
