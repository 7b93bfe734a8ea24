import cors from '@fastify/cors';
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import type { Clock } from '../src/core/clock.js';
import { ApiError, sendError, sendNotFound } from './api-error.js';
import type { HasherConfig } from './config.js';
import { RateLimit } from './rate-limit.js';

/** The largest body any parser of the protocol reads. */
const BODY_LIMIT = 512 * 1024;
/** Until a whole request is here (ms). */
const REQUEST_TIMEOUT = 10_000;
/** A silent socket is closed after this (ms). */
const CONNECTION_TIMEOUT = 30_000;
/** Browsers may remember a preflight for this long (s); our own requests need none. */
const PREFLIGHT_AGE = 600;

/** Answers hold statements and hashes, never documents: nothing may be run, framed or embedded. */
const STRICT_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** The HTTP frame of the service: limits, CORS, headers and errors; routes are added by the caller. */
export async function createApp(config: HasherConfig, clock: Clock): Promise<FastifyInstance> {
  const app = Fastify({
    logger: config.logLevel === 'silent' ? false : { level: config.logLevel },
    // Fastify's own request lines hold addresses and URLs.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    connectionTimeout: CONNECTION_TIMEOUT,
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    forceCloseConnections: 'idle',
  });
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(sendNotFound);
  takeTextBodies(app);
  await app.register(cors, {
    origin: [...config.sites],
    methods: ['GET', 'POST'],
    exposedHeaders: ['retry-after'],
    credentials: false,
    maxAge: PREFLIGHT_AGE,
  });
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(STRICT_HEADERS);
    done();
  });
  limitRate(app, new RateLimit(config.requestsPerSecond, clock));
  return app;
}

/** Bodies are JSON sent as text, so that browsers send no preflight; parsers check size and shape. */
function takeTextBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['text/plain', 'application/json'],
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, body);
    },
  );
}

function limitRate(app: FastifyInstance, limit: RateLimit): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const wait = limit.take(request.ip);
    if (wait === 0) done();
    else done(new ApiError(429, 'rate', 'Too many requests from this address.', Math.ceil(wait / 1000)));
  });
}
