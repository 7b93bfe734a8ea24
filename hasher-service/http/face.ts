import type { FastifyInstance } from 'fastify';
import { AnswerHeaders } from './answer-headers.js';
import { ApiError, errorSender, notFound } from './api-error.js';
import { RateLimit } from '../rate-limit.js';
import { MAX_BODY, type Service } from '../service.js';

/** A page load asks in bursts, and an office shares one address: seconds of the rate saved up. */
const BURST_SECONDS = 10;

/**
 * What every request of ours meets, wherever the routes are mounted: limits, CORS, headers, bodies and
 * errors. It belongs to `scope` and what is registered below it; nothing around it is touched.
 */
export class Face {
  readonly #headers: AnswerHeaders;
  readonly #limit: RateLimit;

  constructor(private readonly service: Service) {
    const { config, clock } = service;
    const perSecond = config.requestsPerSecond;
    this.#headers = new AnswerHeaders(config.sites);
    this.#limit = new RateLimit({ clock, perSecond, burst: perSecond * BURST_SECONDS });
  }

  /** `isWhole`: unknown addresses are ours to answer, too. */
  put(scope: FastifyInstance, isWhole: boolean): void {
    const { metrics, log } = this.service;
    const sendError = errorSender({
      answered: (code) => {
        metrics.errorAnswered(code);
      },
      unexpected: (err, id) => {
        log.error({ err, reqId: id }, 'a request failed');
      },
    });
    scope.setErrorHandler(sendError);
    if (isWhole) scope.setNotFoundHandler(notFound);
    takeTextBodies(scope);
    this.#checkAll(scope);
    scope.options('/v1/*', (request, reply) => {
      const asked = request.headers['access-control-request-headers'];
      void reply.headers(this.#headers.preflight(asked)).code(204).send();
    });
  }

  /** One hook does it all: each costs every request. */
  #checkAll(scope: FastifyInstance): void {
    const { lifecycle } = this.service;
    scope.addHook('onRequest', (request, reply, done) => {
      void reply.headers(this.#headers.for(request.headers.origin));
      if (lifecycle.isOver) {
        done(new ApiError(503, 'stopping', 'The hash service is being stopped.', 1));
        return;
      }
      const wait = this.#limit.take(request.ip);
      if (wait === 0) done();
      else done(new ApiError(429, 'rate', 'Too many requests from this address.', Math.ceil(wait / 1000)));
    });
  }
}

/** Bodies are JSON sent as text, so that browsers send no preflight; parsers check size and shape. */
function takeTextBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    ['text/plain', 'application/json'],
    { parseAs: 'string', bodyLimit: MAX_BODY },
    (_request, body, done) => {
      done(null, body);
    },
  );
}
