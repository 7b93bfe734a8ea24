import type { FastifyInstance } from 'fastify';
import { parseRootsRequest, type RootsResponse } from '../../src/protocol/hasher.js';
import { ApiError } from '../http/api-error.js';
import { isBearer } from '../signing/bearer-tokens.js';
import { checkSite, parsedBody, type Service } from '../service.js';

export function addRoots(app: FastifyInstance, service: Service): void {
  const { rootsToken, roots, authority, policy, clock, housekeeping } = service;
  app.post('/v1/roots', async (request, reply): Promise<RootsResponse> => {
    if (!isBearer(request.headers.authorization, rootsToken))
      throw new ApiError(401, 'unauthorised', 'A bearer token of this hash service is needed.');
    const asked = parsedBody(request, parseRootsRequest);
    checkSite(service, request, asked.site);
    await housekeeping.indexed();
    await authority.refresh();
    const rules = policy.latest(asked.site);
    const now = clock.now() / 1000;
    void reply.header('cache-control', 'no-store');
    const live = asked.roots.flatMap((root) => {
      const until = roots.until(asked.site, root, rules, now);
      return until === undefined ? [] : [{ root, until }];
    });
    return { live };
  });
}
