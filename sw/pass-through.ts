import { resolveRange, parseContentRange, type ContentRange } from '../src/core/ranges.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { isFailure, type Source } from '../src/protocol/bridge.js';
import type { Tally } from './account.js';
import { readUpTo } from './body.js';
import { MAX_COPY, mayCopy, type Copies } from './copies.js';
import type { Holdings } from './holdings.js';
import { isPlausiblePart, type Asked, type Origin } from './origin.js';
import { takesSlices, type Readers } from './readers.js';
import type { Seen } from './seen.js';
import type { Tokens } from './tokens.js';
import type { Trust } from './trust.js';

export interface PassThroughOptions {
  readonly origin: Origin;
  readonly copies: Copies;
  readonly holdings: Holdings;
  readonly readers: Readers;
  readonly seen: Seen;
  readonly tokens: Tokens;
  readonly trust: Trust;
  /** The answer is over, as far as we can see. */
  readonly onOver: (asked: Asked, tally: Tally) => void;
}

/** Before a digest is known, slices end on multiples of this, the piece length of most video files. */
const LIKELY_PIECE = 256 * 1024;

/**
 * The origin's own answer, handed on as it is. What may turn out to be public is read on the side, so
 * that it can be shared; the page's copy never waits for that.
 */
export class PassThrough {
  readonly #options: PassThroughOptions;

  constructor(options: PassThroughOptions) {
    this.#options = options;
  }

  /** `rescue` is tried when the origin fails; when it brings nothing, the failure stays what it is. */
  async answer(
    asked: Asked,
    tally: Tally,
    rescue: () => Promise<Response | undefined> = () => Promise.resolve(undefined),
  ): Promise<Response> {
    const { traffic } = this.#options.origin;
    tally.origin();
    const fetched = await traffic.count(this.#fetch(asked, tally)).catch((error: unknown) => ({ error }));
    const response = 'error' in fetched ? undefined : fetched;
    if (response && !isFailure(response.status)) return this.handOn(asked, response, 'http', tally);
    tally.origin(true);
    const rescued = asked.signal.aborted ? undefined : await rescue();
    if (rescued) return rescued;
    if (response) return this.handOn(asked, response, 'http', tally);
    if (!asked.signal.aborted) this.#options.onOver(asked, tally);
    throw (fetched as { readonly error: unknown }).error;
  }

  /**
   * The origin's bytes after some that were signed, as they come: RFC 9110 (section 15.3.7.3) has parts put together that
   * share a strong validator. `undefined` where it does not say that they are of the same representation.
   */
  async continue(asked: Asked, digest: DigestClaims, tally: Tally): Promise<Response | undefined> {
    const { etag } = digest.hdr;
    // Of other origins' answers nobody may read the validator.
    if (!asked.route.sameOrigin || !etag?.startsWith('"')) return undefined;
    const { traffic } = this.#options.origin;
    tally.origin();
    const response = await traffic.count(this.#fetch(asked, tally)).catch(() => undefined);
    const part = response && partOf(response);
    if (response?.status === 206 && response.headers.get('etag') === etag && part?.length === digest.len)
      return this.handOn(asked, response, 'http', tally);
    await response?.body?.cancel();
    return undefined;
  }

  /** Hands a response on to the page, keeping a copy of it if it may be shared. */
  handOn(asked: Asked, response: Response, source: Source, tally: Tally): Response {
    if (this.#mayShare(response) && !(source === 'cache' && this.#isHeld(asked))) {
      const copy = response.clone().body;
      if (!copy) return response;
      const left = new AbortController();
      asked.signal.addEventListener('abort', () => {
        left.abort();
      });
      asked.waitUntil(this.#counted(source, this.#keep(asked, response, copy, source, tally, left.signal)));
      return takesSlices(asked) ? response : untilLeft(response, left);
    }
    tally.delivered(source, Number(response.headers.get('content-length') ?? 0));
    this.#options.onOver(asked, tally);
    return response;
  }

  async #fetch(asked: Asked, tally: Tally): Promise<Response> {
    const { origin, tokens, readers } = this.#options;
    const { route } = asked;
    // Cross-origin, only a signed answer to an anonymous request tells that CORS will allow it.
    const readable = route.sameOrigin || tokens.peek(route.url) !== undefined;
    if (!readable) {
      if (takesSlices(asked)) readers.setOpaque(asked);
      return asked.untouched();
    }
    if (route.range) return takesSlices(asked) ? this.#slice(asked, tally) : asked.untouched();
    return origin.whole(asked).catch(() => asked.untouched());
  }

  #counted(source: Source, reading: Promise<void>): Promise<void> {
    return source === 'http' ? this.#options.origin.traffic.count(reading, true) : reading;
  }

  /** A bounded slice of what a media element asked for, as the origin gives it. */
  async #slice(asked: Asked, tally: Tally): Promise<Response> {
    const { origin, readers, tokens } = this.#options;
    const { range, url } = asked.route;
    const digest = tokens.peek(url);
    const span = range && resolveRange(range, digest?.len ?? Number.MAX_SAFE_INTEGER);
    // A suffix is counted from an end that is not known yet.
    if (!span || (range.kind === 'suffix' && !digest) || readers.isUncut(asked)) return asked.untouched();
    // A larger slice would carry the head start far beyond its seconds.
    const mayGrow = tally.fallback !== 'head-start';
    const slice = readers.slice(asked, span, digest?.piece ?? LIKELY_PIECE, mayGrow);
    try {
      const response = await origin.slice(asked, slice);
      const isPart = isPlausiblePart(response, slice) && partOf(response)?.length !== undefined;
      if (isPart || response.status !== 206) return response;
      readers.setUncut(asked);
      response.body?.cancel().catch(() => undefined);
    } catch {
      // For example a redirect to another origin, which only the browser's own request may follow.
    }
    return asked.untouched();
  }

  /** Whether a copy would bring nothing: making one holds up the page's own. */
  #isHeld({ route }: Asked): boolean {
    const { tokens, holdings } = this.#options;
    const digest = tokens.peek(route.url);
    return digest !== undefined && holdings.useWhole(digest);
  }

  #mayShare(response: Response): boolean {
    return this.#options.trust.mayShare && mayCopy(response);
  }

  async #keep(
    asked: Asked,
    response: Response,
    body: ReadableStream<Uint8Array>,
    source: Source,
    tally: Tally,
    left: AbortSignal,
  ): Promise<void> {
    const { copies, seen, tokens, onOver } = this.#options;
    const { url } = asked.route;
    const onBytes = (length: number): void => {
      tally.delivered(source, length);
    };
    const bytes = await readUpTo(body, MAX_COPY, onBytes, left);
    onOver(asked, tally);
    if (!bytes) return;
    const part = partOf(response);
    if (response.status === 206 && !part) return;
    const start = part?.span.start ?? 0;
    if (!tokens.peek(url)) seen.note(url);
    copies.offer(url, start, bytes, response.status === 200 || bytes.byteLength === part?.length, source);
  }
}

function partOf({ headers }: Response): ContentRange | undefined {
  return parseContentRange(headers.get('content-range'));
}

/**
 * A player that goes elsewhere wants no more of a segment, a gallery no more of a picture, and its place on the line for
 * another one. Chromium tells a worker so by the body alone: the request is not aborted, and a copy would go on to the end.
 */
function untilLeft(response: Response, left: AbortController): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (to) => {
        const { done, value } = await reader.read();
        if (done) to.close();
        else to.enqueue(value);
      },
      cancel: (reason) => {
        left.abort();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
