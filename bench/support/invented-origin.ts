import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server that has a few bytes of its own for every path. */
export class InventedOrigin {
  readonly #server: Server = createServer(({ url = '', method }, response) => {
    const bytes = Buffer.from(`the content of ${url}`);
    const headers = {
      'cache-control': 'max-age=86400',
      etag: '"1"',
      'content-type': 'application/octet-stream',
    };
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
