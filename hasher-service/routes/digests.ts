import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CanonicalUrl } from '../../src/core/brands.js';
import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import { isCanonicalUrl } from '../../src/protocol/url.js';
import { ApiError } from '../http/api-error.js';
import type { FetchQueue } from '../catalogue/fetch-queue.js';
import type { Statement } from '../signing/statements.js';
import { checkSite, parsedBody, type Service } from '../service.js';
import { within } from '../../src/core/within.js';
import { Questions, type Answer, type Question } from './questions.js';

/** The longest a look-up waits for fetches (ms): visitors have a deadline of their own. */
const MAX_WAIT = 100;
/** The same for live URLs, whose segments are gone when one asks again. */
const MAX_LIVE_WAIT = 2000;
/** When to ask again (ms) while a look is under way, or for each one before it: a typical fetch. */
const PENDING_SOON = 250;
/** The longest such hint: most looks are shorter. */
const PENDING_LATE = 5000;

export function addDigests(app: FastifyInstance, service: Service): void {
  const { authority, config, lookup, metrics, clock } = service;
  const questions = new Questions(config.sites);
  app.post('/v1/digests', async (request, reply): Promise<Buffer> => {
    const question = parsedBody(request, (text) => questions.read(text));
    const { site, urls } = question;
    checkSite(service, request, site);
    await authority.refresh();
    const now = clock.now();
    const known = urls.map((url) => lookup.current(site, url, now));
    const answers = isComplete(known) ? known : await sought(service, request, question, known);
    count(metrics, answers, now / 1000);
    void reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    return questions.write(question, answers);
  });
}

/** A URL is refused here when, quoted as JSON, it would not fit into a statement. */
function isSignable(url: string): url is CanonicalUrl {
  return isCanonicalUrl(url) && JSON.stringify(url).length <= MAX_URL_LENGTH + 2;
}

function isComplete(known: readonly (Statement | undefined)[]): known is Statement[] {
  return !known.includes(undefined);
}

/** Has the missing URLs looked at, as long as visitors can wait. */
async function sought(
  { lookup, budget, lanes, clock }: Service,
  request: FastifyRequest,
  { site, urls }: Question,
  known: readonly (Statement | undefined)[],
): Promise<Answer[]> {
  const missing = signable(urls.filter((_, i) => known[i] === undefined));
  const asker = budget.asker(request.ip);
  const waits = new Map<string, number>();
  const seek = async (url: CanonicalUrl): Promise<void> => {
    const wait = await lookup.ensure(site, url, asker);
    if (wait > 0) waits.set(url, wait);
  };
  const live = missing.filter((url) => lanes.isLive(url));
  const others = missing.filter((url) => !live.includes(url));
  await Promise.all([
    within(clock, MAX_WAIT, Promise.all(others.map(seek)), () => undefined),
    within(clock, MAX_LIVE_WAIT, Promise.all(live.map(seek)), () => undefined),
  ]);
  for (const url of missing) if (!waits.has(url)) waits.set(url, untilItsTurn(lanes.laneOf(url)));
  // All are looked up again: something may have been purged meanwhile.
  return urls.map((url) => lookup.current(site, url) ?? waits.get(url) ?? PENDING_SOON);
}

function untilItsTurn({ rounds }: FetchQueue): number {
  return Math.min(PENDING_LATE, PENDING_SOON * (1 + rounds));
}

/** Each URL once. Throws when one has no spelling that statements could name. */
function signable(urls: readonly string[]): CanonicalUrl[] {
  const different = [...new Set(urls)];
  const canonical = different.filter(isSignable);
  if (canonical.length === different.length) return canonical;
  throw new ApiError(
    400,
    'bad-request',
    'A URL is not in its canonical spelling, without fragment and credentials.',
  );
}

function count(metrics: Service['metrics'], answers: readonly Answer[], now: number): void {
  for (const answer of answers) metrics.answered(typeof answer === 'number' ? 'pending' : answer.kind);
  const [first] = answers;
  if (typeof first === 'object' && first.kind === 'digest') metrics.tokenAge(now - first.claims.iat);
}
