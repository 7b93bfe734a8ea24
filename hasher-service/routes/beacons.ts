import type { FastifyInstance } from 'fastify';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { parseBeacon } from '../../src/protocol/beacon.js';
import { parseTrackerReport } from '../../src/protocol/figures.js';
import { ApiError } from '../http/api-error.js';
import { RateLimit } from '../rate-limit.js';
import { checkSite, parsedBody, type Service } from '../service.js';
import { isBearer } from '../signing/bearer-tokens.js';

/** Of one address; as many are saved up. An office behind one address sends as many when a tenth of its pages do. */
const BEACONS_PER_MINUTE = 60;

/** What pages and trackers tell for the operator's figures. */
export function addBeacons(app: FastifyInstance, service: Service): void {
  const { clock, config, figures, metrics, rootsToken } = service;
  if (config.noBeacons) return;
  const limit = new RateLimit({ clock, perSecond: BEACONS_PER_MINUTE / 60, burst: BEACONS_PER_MINUTE });
  app.post('/v1/beacons', async (request, reply) => {
    const beacon = parsedBody(request, parseBeacon);
    checkSite(service, request, beacon.site);
    const wait = limit.take(request.ip);
    if (wait > 0)
      throw new ApiError(429, 'rate', 'Too many beacons from this address.', Math.ceil(wait / 1000));
    metrics.beacon(beacon);
    figures.take(beacon, (url) => nameOf(service, beacon.site, url as CanonicalUrl));
    return reply.code(204).send();
  });
  app.post('/v1/tracker-reports', async (request, reply) => {
    if (!isBearer(request.headers.authorization, rootsToken))
      throw new ApiError(401, 'unauthorised', 'A bearer token of this hash service is needed.');
    const report = parsedBody(request, parseTrackerReport);
    checkSite(service, request, report.site);
    figures.takeTracker(report);
    return reply.code(204).send();
  });
}

/**
 * The name under which a resource is counted: that of the file, if we know it. Anybody can make up addresses, so those
 * of missing files and of other origins are left out, and queries of what is refused.
 */
function nameOf({ catalogue, lookup }: Service, site: Site, url: CanonicalUrl): string | undefined {
  const statement =
    catalogue.remembered(site, lookup.baseOf(url)) ?? catalogue.remembered(site, withoutQuery(url));
  if (!statement) return undefined;
  if (statement.kind === 'digest') return statement.claims.sub;
  const { code, sub } = statement.claims;
  return code === 'missing' || code === 'foreign-origin' ? undefined : withoutQuery(sub);
}

export function withoutQuery(url: CanonicalUrl): CanonicalUrl {
  return url.replace(/\?.*/s, '') as CanonicalUrl;
}
