import { LocalServer } from './local-server.js';

/** A web server that has a few bytes of its own for every path. */
export class InventedOrigin extends LocalServer {
  constructor() {
    super(({ url = '', method }, response) => {
      const bytes = Buffer.from(`the content of ${url}`);
      const headers = {
        'cache-control': 'max-age=86400',
        etag: '"1"',
        'content-type': 'application/octet-stream',
      };
      response.writeHead(200, { ...headers, 'content-length': bytes.length });
      response.end(method === 'HEAD' ? undefined : bytes);
    });
  }
}
