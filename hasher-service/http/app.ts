import Fastify, { type FastifyInstance } from 'fastify';
import type { HasherConfig } from '../config.js';

/** How often Node looks for requests that are late (ms). */
const LATENESS_CHECK = 1000;

/**
 * The server that the service has for itself: what it trusts and how long it waits. It logs nothing: its
 * own request lines would hold addresses and URLs.
 */
export function createApp(config: HasherConfig): FastifyInstance {
  const { requestTimeoutMs: requestTimeout, idleTimeoutMs: connectionTimeout, trustedProxies } = config;
  return Fastify({
    requestTimeout,
    connectionTimeout,
    http: {
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(LATENESS_CHECK, requestTimeout),
    },
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    // Those that come while it closes are answered like all others, in our shape of errors.
    return503OnClosing: false,
  });
}
