import { readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Site } from '../../src/core/brands.js';
import type { FiguresResponse, Refused } from '../../src/protocol/figures.js';
import { figuresOf, type Range } from '../beacons/answer.js';
import { HOUR, KEPT } from '../beacons/figures-store.js';
import { ApiError, notFound } from '../http/api-error.js';
import type { Service } from '../service.js';
import { isBearer } from '../signing/bearer-tokens.js';
import { withoutQuery } from './beacons.js';

/** The dashboard's own files, and nothing else: no page of another origin, no inline script, no form that goes anywhere. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
const TYPES: Readonly<Record<string, string>> = {
  'dashboard.js': 'text/javascript; charset=utf-8',
  'dashboard.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'uplot.css': 'text/css; charset=utf-8',
};
/** What is shown when nothing is asked for. */
const DEFAULT_RANGE = 24 * HOUR;
const EXAMPLES = 3;
const MAX_TIME = 1e11;

/** The operator's page. It holds nothing: what it shows it asks for. */
export function addDashboard(app: FastifyInstance, { config, dashboard }: Service): void {
  if (config.noBeacons) return;
  const page = (name: string): Promise<Buffer> => readFile(new URL(name, dashboard)).catch(notFound);
  app.get('/dashboard', async (_request, reply) => {
    void reply.header('content-security-policy', PAGE_POLICY).header('cache-control', 'no-cache');
    void reply.type('text/html; charset=utf-8');
    return page('index.html');
  });
  app.get<{ Params: { file: string } }>('/dashboard/:file', async (request, reply) => {
    const { file } = request.params;
    const type = Object.hasOwn(TYPES, file) ? TYPES[file] : undefined;
    if (type === undefined) return notFound();
    void reply.header('cache-control', 'no-cache').type(type);
    return page(file);
  });
}

/** The figures, for who shows the operator's token. */
export function addFigures(app: FastifyInstance, service: Service): void {
  const { clock, config, figures, operatorToken } = service;
  if (config.noBeacons) return;
  app.get('/v1/figures', async (request, reply): Promise<FiguresResponse> => {
    if (!isBearer(request.headers.authorization, operatorToken))
      throw new ApiError(401, 'unauthorised', "The operator's bearer token is needed.");
    const now = clock.now() / 1000;
    const { site, range } = askedFor(request, config.sites, now);
    void reply.header('cache-control', 'no-store');
    const answer = await figuresOf(figures, site, range, now);
    return { sites: config.sites, ...answer, refusals: refusalsOf(service, site) };
  });
}

function askedFor(
  request: FastifyRequest,
  sites: readonly Site[],
  now: number,
): { site: Site; range: Range } {
  const query = request.query as Readonly<Record<string, unknown>>;
  const site = query['site'] === undefined ? sites[0] : sites.find((one) => one === query['site']);
  if (!site) throw new ApiError(403, 'unknown-site', 'Name a site that this hash service serves: ?site=');
  const to = timeOf(query['to']) ?? now + 1;
  const from = timeOf(query['from']) ?? to - DEFAULT_RANGE;
  if (to > from && to - from <= KEPT) return { site, range: { from, to } };
  throw new ApiError(400, 'bad-request', 'From must be before to, by 35 days at most.');
}

/** Seconds since 1970. */
function timeOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const time = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  if (time >= 0 && time <= MAX_TIME) return time;
  throw new ApiError(400, 'bad-request', 'Times are seconds since 1970.');
}

/** Most URLs first. Queries may be secrets. */
function refusalsOf({ catalogue }: Service, site: Site): Refused[] {
  const byCode = new Map<string, { why: string; urls: number; examples: Set<string> }>();
  for (const { claims } of catalogue.refusals(site)) {
    const known = byCode.get(claims.code) ?? { why: claims.why, urls: 0, examples: new Set() };
    byCode.set(claims.code, known);
    known.urls++;
    if (known.examples.size < EXAMPLES) known.examples.add(withoutQuery(claims.sub));
  }
  return [...byCode]
    .map(([code, { why, urls, examples }]) => ({ code, why, urls, examples: [...examples] }))
    .sort((a, b) => b.urls - a.urls);
}
