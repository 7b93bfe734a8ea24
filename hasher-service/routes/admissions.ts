import type { FastifyInstance } from 'fastify';
import { fromBase64Url } from '../../src/protocol/base64.js';
import { parseAdmissionRequest, type AdmissionResponse } from '../../src/protocol/hasher.js';
import { thumbprint } from '../../src/verify/statements.js';
import { ApiError } from '../http/api-error.js';
import { relaysFor } from '../relays.js';
import { checkSite, parsedBody, type Service } from '../service.js';

export function addAdmissions(app: FastifyInstance, service: Service): void {
  const { authority, config, signer, clock, metrics, policy } = service;
  app.post('/v1/admissions', async (request, reply): Promise<AdmissionResponse> => {
    const { site, key } = parsedBody(request, parseAdmissionRequest);
    checkSite(service, request, site);
    const jkt = await thumbprintOfPoint(key);
    if (jkt === undefined) throw new ApiError(400, 'bad-key', 'The key is not a point on P-256.');
    await authority.refresh();
    const isAdmitted =
      policy.enabled && (await (config.admit?.({ site, jkt, headers: request.headers }) ?? true));
    metrics.admission(isAdmitted ? 'granted' : 'denied');
    if (!isAdmitted) throw new ApiError(403, 'not-admitted', 'The site does not admit this visitor.');
    void reply.header('cache-control', 'no-store');
    const relays = relaysFor(config, jkt, clock.now());
    return { ...(await signer.admission(site, jkt, clock.now())), ...(relays && { relays }) };
  });
}

/** Importing checks that the point is on the curve; trackers seal to it. */
async function thumbprintOfPoint(key: string): Promise<string | undefined> {
  const point = fromBase64Url(key);
  try {
    await crypto.subtle.importKey(
      'raw',
      point ?? new Uint8Array(),
      { name: 'ECDH', namedCurve: 'P-256' },
      true,
      [],
    );
  } catch {
    return undefined;
  }
  return thumbprint(key);
}
