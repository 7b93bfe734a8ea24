import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../metrics.js';

export interface OperationsOptions {
  readonly metrics: Metrics;
  /** Resolves with what there is to say; rejects when visitors cannot be welcomed now. */
  readonly ready: () => Promise<string>;
}

export interface ListenAddress {
  readonly port: number;
  readonly host: string;
}

/** `/healthz`, `/readyz` and `/metrics`, on a port that is not for visitors. */
export class Operations {
  readonly #http: Server;

  constructor(private readonly options: OperationsOptions) {
    this.#http = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.options.metrics.trouble(error);
        response.destroy();
      });
    });
  }

  /** Resolves with its URL; rejects with the system's error. */
  async listen(address: ListenAddress): Promise<string> {
    const where = await listening(this.#http, address);
    this.#http.on('error', (error) => {
      this.options.metrics.trouble(error);
    });
    return `http://${where}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#http.close(() => {
        resolve();
      });
      this.#http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics } = this.options;
    const path = pathOf(request);
    if (path === '/healthz') reply(response, 200, 'ok\n');
    else if (path === '/readyz') await this.#tellReady(response);
    else if (path === '/metrics')
      reply(response, 200, await metrics.registry.metrics(), metrics.registry.contentType);
    else reply(response, 404, 'there are /healthz, /readyz and /metrics\n');
  }

  async #tellReady(response: ServerResponse): Promise<void> {
    const { metrics, ready } = this.options;
    try {
      reply(response, 200, `${await ready()}\n`);
    } catch (error) {
      metrics.trouble(error);
      reply(response, 503, `not ready: ${error instanceof Error ? error.message : 'no reason known'}\n`);
    }
  }
}

/** Connections that may wait to be taken, as far as the system allows: everybody comes back at once after a restart. */
const BACKLOG = 65_535;

/** Resolves with `host:port` once the server listens, with the port it really has. */
export function listening(server: Server, { port, host }: ListenAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      const { port: actual } = server.address() as AddressInfo;
      resolve(`${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

export function reply(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
