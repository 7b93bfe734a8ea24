import { attach } from './attach.js';
import type { SiteLiteral } from './config.js';

export type { SiteLiteral };

/** What `match` found, for `handle`: a route's `params`. */
export interface PeerfoldParams {
  readonly answer: () => Promise<Response>;
}

/** Shaped like a `Route` of workbox-routing. */
export interface PeerfoldRoute {
  readonly method: 'GET';
  /** Whether a request is Peerfold's to answer; `undefined` leaves it to the routes after this one. */
  readonly match: (request: { readonly event?: unknown }) => PeerfoldParams | undefined;
  readonly handler: {
    readonly handle: (matched: { readonly params?: unknown }) => Promise<Response>;
  };
}

/**
 * Peerfold as a route among others of a worker that Workbox's router serves. Call it once, while the worker's script
 * runs, before anything else listens to `fetch`; then `registerRoute(route.match, route.handler)` where its turn is.
 *
 * A malformed literal is one console error, and a route that matches nothing.
 */
export function peerfold(literal: SiteLiteral): PeerfoldRoute {
  const offer = attach(literal, true);
  return {
    method: 'GET',
    // The router also asks about what pages want cached, in events of other kinds.
    match: ({ event }) => {
      const answer = event instanceof FetchEvent ? offer(event) : undefined;
      return answer && { answer };
    },
    handler: { handle: ({ params }) => (params as PeerfoldParams).answer() },
  };
}
