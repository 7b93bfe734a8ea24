import type { FastifyInstance } from 'fastify';
import { isRoot } from '../../src/core/brands.js';
import { ApiError } from '../api-error.js';
import type { Service } from '../service.js';

/** A root names its layer for ever. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

export function addLayers(app: FastifyInstance, { archive }: Service): void {
  app.get<{ Params: { root: string } }>('/v1/layers/:root', async (request, reply) => {
    const { root } = request.params;
    const layer = isRoot(root) ? await archive.readLayer(root) : undefined;
    if (!layer) throw new ApiError(404, 'unknown-root', 'No layer of this root is kept here.');
    void reply.header('cache-control', IMMUTABLE).type('application/octet-stream');
    return layer;
  });
}
