import type { FastifyInstance } from 'fastify';
import { parsePurgeRequest, type PurgeRequest, type PurgeResponse } from '../../src/protocol/hasher.js';
import { ApiError } from '../http/api-error.js';
import type { PurgeWish } from '../policy/purges.js';
import { checkSite, parsedBody, type Service } from '../service.js';
import { isBearer } from '../signing/bearer-tokens.js';

export function addPurge(app: FastifyInstance, service: Service): void {
  const { authority, log, operatorToken, policy } = service;
  app.post('/v1/purge', async (request, reply): Promise<PurgeResponse> => {
    if (!isBearer(request.headers.authorization, operatorToken))
      throw new ApiError(401, 'unauthorised', "The operator's bearer token is needed.");
    const asked = parsedBody(request, parsePurgeRequest);
    if (asked.site !== undefined) checkSite(service, request, asked.site);
    await authority.refresh();
    const epoch = await policy.purge(wishOf(asked)).catch((error: unknown) => {
      log.error({ err: error }, 'a purge could not be written down');
      throw new ApiError(
        503,
        'not-purged',
        'The purge could not be written down; see the log and try again.',
      );
    });
    const purged = { urls: asked.urls.length, patterns: asked.patterns.length, all: asked.all };
    log.info({ ...purged, site: asked.site, epoch }, 'purged');
    void reply.header('cache-control', 'no-store');
    return { purged, epoch };
  });
}

/** All of one site is every URL of it: the epoch is that of all sites. */
function wishOf({ site, urls, patterns, all }: PurgeRequest): PurgeWish {
  if (all && site === undefined) return 'all';
  const wanted = all ? ['*'] : [...urls, ...patterns];
  return { orders: wanted.map((of) => ({ of, ...(site === undefined ? {} : { site }) })) };
}
