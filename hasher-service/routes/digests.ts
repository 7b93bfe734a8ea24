import type { FastifyInstance } from 'fastify';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import {
  parseDigestsRequest,
  type DigestAnswer,
  type DigestsRequest,
  type DigestsResponse,
} from '../../src/protocol/hasher.js';
import { checkSite, parsedBody, type Service } from '../service.js';

/** The longest a look-up waits for fetches (ms): visitors have a deadline of their own. */
const MAX_WAIT = 100;
/** Hints when to ask again (ms): after a typical fetch, and when the queue is full. */
const PENDING_SOON = 250;
const PENDING_FULL = 5000;

export function addDigests(app: FastifyInstance, service: Service): void {
  app.post('/v1/digests', async (request, reply): Promise<DigestsResponse> => {
    const { site, urls } = parsedBody(request, parseSignableRequest);
    checkSite(service, request, site);
    await service.policy.current();
    await within(
      service.clock,
      MAX_WAIT,
      Promise.all(urls.map((url) => service.catalogue.ensure(site, url))),
    );
    void reply.header('cache-control', 'no-store');
    return { answers: urls.map((url) => answerFor(service, site, url)) };
  });
}

/** A URL is refused here when, quoted as JSON, it would not fit into a statement. */
function parseSignableRequest(text: string): DigestsRequest | undefined {
  const request = parseDigestsRequest(text);
  return request?.urls.every((url) => JSON.stringify(url).length <= MAX_URL_LENGTH + 2) ? request : undefined;
}

function answerFor({ catalogue, queue, metrics }: Service, site: Site, url: CanonicalUrl): DigestAnswer {
  const statement = catalogue.current(site, url);
  metrics.answered(statement?.kind ?? 'pending');
  return statement?.jws ?? { pending: queue.isFull ? PENDING_FULL : PENDING_SOON };
}

/** Resolves when `work` does, or after `ms`; the work goes on. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let timer: unknown;
  const timeout = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clock.clearTimeout(timer);
  }
}
