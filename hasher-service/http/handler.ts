import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** The app as a listener of a Node server, or of a framework that strips the prefix it is mounted under. */
export function handlerOf(app: FastifyInstance): RequestListener {
  let isReady = false;
  const start = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await app.ready();
    isReady = true;
    app.routing(request, response);
  };
  return (request, response) => {
    if (isReady) app.routing(request, response);
    else {
      start(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    }
  };
}
