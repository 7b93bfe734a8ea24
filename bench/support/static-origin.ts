import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { LocalServer } from './local-server.js';

/** Of one read from disk: larger than Node's default, as web servers do. */
const READ_LENGTH = 2 ** 20;

/** A web server for the files of one directory: HEAD, ranges, an hour of freshness, entity tags if wanted. */
export class StaticOrigin extends LocalServer {
  /** Requests so far. */
  requests = 0;

  constructor(
    private readonly directory: string,
    private readonly isTagged: boolean,
  ) {
    super((request, response) => {
      this.requests++;
      this.#answer(request, response).catch(() => response.destroy());
    });
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
