import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Site } from '../../src/core/brands.js';
import { ApiError } from '../http/api-error.js';
import { checkSite, type Service } from '../service.js';

/** A fifth of the policy's life: the kill switch acts within that life, whatever caches do. */
const MAX_AGE = 60;

export function addPolicy(app: FastifyInstance, service: Service): void {
  app.get<{ Querystring: { site?: string } }>('/v1/policy', async (request, reply) => {
    const site = askedSite(service, request, request.query.site);
    await service.authority.refresh();
    void reply.header('cache-control', `max-age=${MAX_AGE}`).type('application/jwt');
    const { clock, policy, signer, versions } = service;
    return signer.policy(site, policy.latest(site), { now: clock.now(), ver: versions.latest() });
  });
}

/** The site named by `?site=`, by the page that asks, or the only one there is. */
function askedSite(service: Service, request: FastifyRequest, named: string | undefined): Site {
  const { sites } = service.config;
  const only = sites.length === 1 ? sites[0] : undefined;
  const wanted = named ?? request.headers.origin ?? only;
  const site = sites.find((candidate) => candidate === wanted);
  if (!site) throw new ApiError(403, 'unknown-site', 'Name a site that this hash service serves: ?site=');
  checkSite(service, request, site);
  return site;
}
