import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What one path answers. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * A real HTTP origin on a loopback port whose paths are programmed one by one; unknown ones answer 404.
 * It sends no Date, so that it goes with any clock.
 */
export class TestOrigin {
  readonly requests: SeenRequest[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<TestOrigin> {
    const origin = new TestOrigin();
    origin.#server.on('connection', (socket) => {
      origin.#sockets.add(socket);
      socket.on('close', () => origin.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  on(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** Answers with these bytes and, unless told otherwise, an hour of freshness. */
  serve(path: string, body: Uint8Array | string, headers: Record<string, string | string[]> = {}): void {
    this.on(path, (_request, response) => {
      const length = String(Buffer.byteLength(body));
      response.writeHead(200, { 'cache-control': 'max-age=3600', 'content-length': length, ...headers });
      response.end(body);
    });
  }

  seen(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  /** Ends every connection, the ones that hang included. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.requests.push({ method: request.method ?? '', path, headers: request.headers });
    response.sendDate = false;
    const handler = this.#handlers.get(path);
    if (handler) handler(request, response);
    else response.writeHead(404).end();
  }
}
