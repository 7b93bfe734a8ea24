import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { parseRange, resolveRange } from '../../../src/core/ranges.js';
import type { OriginPace } from './paced-origin.js';
import type { SharedLine } from './shared-line.js';
import type { SiteFile } from './site-file.js';
import { HASHER, type SiteServices } from './site-services.js';

/** Bytes of a body that come at once. */
const CHUNK = 32 * 1024;
/** Chunks that come before anybody reads them. */
const AHEAD = 4;

/** What one visitor's requests reach. */
interface Reach {
  /** What carries the origin's answers, when it is not for everybody's own line to say how fast they come. */
  readonly line?: SharedLine | undefined;
  readonly clock: Clock;
  readonly services: SiteServices;
  readonly files: readonly SiteFile[];
}

/** One visitor's HTTP: the origin at its pace, the hash service, and the browser's cache of whole files. */
export class BrowserHttp {
  readonly #cache = new Map<string, Bytes>();

  constructor(
    private readonly reach: Reach,
    private readonly origin: OriginPace,
  ) {}

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const url = input instanceof Request ? input.url : input.toString();
    const { pathname } = new URL(url);
    const { services, files } = this.reach;
    if (url.startsWith(HASHER))
      return services.answer(pathname, typeof init.body === 'string' ? init.body : '');
    if (init.cache === 'only-if-cached') return this.#cached(pathname);
    const file = files.find(({ path }) => path === pathname);
    return file ? this.#answer(file, init) : new Response('not found', { status: 404 });
  };

  #cached(path: string): Response {
    const bytes = this.#cache.get(path);
    if (!bytes) throw new TypeError('ERR_CACHE_MISS');
    return new Response(bytes.slice(), { headers: headersOf(bytes.byteLength) });
  }

  async #answer({ path, bytes }: SiteFile, init: RequestInit): Promise<Response> {
    const spec = parseRange(new Headers(init.headers).get('range') ?? '');
    const span = spec && resolveRange(spec, bytes.byteLength);
    const { start, end } = span ?? { start: 0, end: bytes.byteLength };
    const headers = headersOf(end - start);
    if (span) headers.set('content-range', `bytes ${start}-${end - 1}/${bytes.byteLength}`);
    const onEnd = (): void => {
      if (!span && init.cache !== 'no-store') this.#cache.set(path, bytes);
    };
    const body = await this.#body(bytes.subarray(start, end), init.signal ?? undefined, onEnd);
    return new Response(body, { status: span ? 206 : 200, headers });
  }

  /** A body once its first byte is there, at the origin's pace from then on; ends with `signal`. */
  async #body(
    bytes: Bytes,
    signal: AbortSignal | undefined,
    onEnd: () => void,
  ): Promise<ReadableStream<Bytes>> {
    const { clock, line } = this.reach;
    await new Promise<void>((done) => clock.setTimeout(done, this.origin.latency));
    signal?.throwIfAborted();
    const since = clock.ticks();
    let at = 0;
    let timer: Timer;
    const pull = async (body: ReadableStreamDefaultController<Bytes>): Promise<void> => {
      const end = Math.min(at + CHUNK, bytes.byteLength);
      const ownDue = since + (1000 * end) / this.origin.rate;
      const dueAt = Math.max(ownDue, line?.send(end - at) ?? 0);
      await new Promise<void>((done) => (timer = clock.setTimeout(done, dueAt - clock.ticks())));
      body.enqueue(bytes.slice(at, end));
      at = end;
      if (at < bytes.byteLength) return;
      body.close();
      onEnd();
    };
    const start = (body: ReadableStreamDefaultController<Bytes>): void => {
      signal?.addEventListener('abort', () => {
        clock.clearTimeout(timer);
        if (at < bytes.byteLength) body.error(signal.reason);
      });
    };
    const cancel = (): void => {
      clock.clearTimeout(timer);
    };
    return new ReadableStream({ start, pull, cancel }, { highWaterMark: AHEAD });
  }
}

function headersOf(length: number): Headers {
  return new Headers({
    'content-type': 'image/jpeg',
    'content-length': String(length),
    'cache-control': 'public, max-age=3600',
  });
}
