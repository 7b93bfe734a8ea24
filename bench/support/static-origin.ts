import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** Of one read from disk: larger than Node's default, as web servers do. */
const READ_LENGTH = 2 ** 20;

/** A web server for the files of one directory: HEAD, ranges, an hour of freshness, entity tags if wanted. */
export class StaticOrigin {
  /** Requests so far. */
  requests = 0;
  readonly #server: Server;

  constructor(
    private readonly directory: string,
    private readonly isTagged: boolean,
  ) {
    this.#server = createServer((request, response) => {
      this.requests++;
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = path.join(this.directory, path.basename(request.url ?? ''));
    const { size, mtimeMs } = await stat(file);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [start, end] = range ? [Number(range[1]), Number(range[2])] : [0, size - 1];
    response.writeHead(range ? 206 : 200, {
      'cache-control': 'max-age=3600',
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
      ...(this.isTagged ? { etag: `"${mtimeMs}-${size}"` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file, { start, end, highWaterMark: READ_LENGTH }).pipe(response);
  }
}
