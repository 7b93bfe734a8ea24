import type { Bytes, Sha256 } from '../core/bytes.js';
import type { CanonicalUrl, Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { PeerfoldError, reasonOf } from '../core/errors.js';
import { MAX_DIGEST_URLS, MAX_TOKEN_LENGTH } from '../core/limits.js';
import { HASH_LENGTH } from '../core/merkle.js';
import { pieceCount, type Cut } from '../core/pieces.js';
import type { SiteConfig } from '../protocol/bridge.js';
import { isCompactJws } from '../protocol/check.js';
import {
  parseAdmissionResponse,
  parseDigestsResponse,
  type AdmissionRequest,
  type AdmissionResponse,
  type DigestAnswer,
  type DigestsRequest,
  type ReportRequest,
} from '../protocol/hasher.js';
import { hashOf } from '../protocol/url.js';
import { limitedBody } from './limited-body.js';

export interface HasherOptions {
  readonly config: Pick<SiteConfig, 'hasher' | 'site'>;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly sha256: Sha256;
}

/** The service answers within 100 ms; a visitor far away on a bad link gets this long (ms). */
const REQUEST_TIMEOUT = 8000;
/** The largest honest answer, with as much again for JSON. */
const MAX_ANSWER = 2 * MAX_DIGEST_URLS * MAX_TOKEN_LENGTH;
/** Nobody is kept away for longer than this (ms) by one answer. */
const MAX_RETRY = 600_000;
/** Answers that say "nothing is here": object stores forbid what they do not have. */
const ABSENT = [403, 404, 410];

interface Call {
  readonly path: string;
  readonly body?: string;
  readonly cache?: RequestCache;
  readonly max: number;
  /** Statuses that are no failure: there is no body then. */
  readonly absent?: readonly number[];
}

/**
 * The page's requests to the hash service. What comes back is bounded and of the right shape, no more:
 * statements are the worker's to verify. Rejects with `hasher-unreachable`; `details.retry` holds the
 * milliseconds to stay away, where the service said so.
 */
export class HasherClient {
  readonly #pending = new Set<AbortController>();

  constructor(private readonly options: HasherOptions) {}

  /** One answer for each URL, in order. */
  async digests(urls: readonly CanonicalUrl[]): Promise<readonly DigestAnswer[]> {
    const request: DigestsRequest = { site: this.options.config.site, urls };
    const value = await this.#json('/v1/digests', request);
    return (parseDigestsResponse(value, urls.length) ?? malformed('/v1/digests')).answers;
  }

  /**
   * What was signed about `url` beforehand, from where a static site keeps it; `undefined` when nothing
   * was. A page that some servers give in the place of what they do not have is no statement either.
   */
  async statement(url: CanonicalUrl, cache: RequestCache): Promise<string | undefined> {
    const name = await hashOf(url, this.options.sha256);
    const call = { path: `/v1/d/${name}`, cache, max: MAX_TOKEN_LENGTH + 1, absent: ABSENT };
    const bytes = await this.#bodyOf(call);
    const text = bytes && new TextDecoder().decode(bytes).trim();
    return isCompactJws(text, MAX_TOKEN_LENGTH) ? text : undefined;
  }

  /** An admission for the visitor's public key, and its receipt. */
  async admission(key: string): Promise<AdmissionResponse> {
    const request: AdmissionRequest = { site: this.options.config.site, key };
    const value = await this.#json('/v1/admissions', request);
    return parseAdmissionResponse(value) ?? malformed('/v1/admissions');
  }

  /** The layer of one representation; exactly as long as its cut demands. */
  async layer(root: Root, cut: Cut): Promise<Bytes> {
    const length = pieceCount(cut) * HASH_LENGTH;
    const bytes = await this.#call({ path: `/v1/layers/${root}`, max: length });
    return bytes.byteLength === length ? bytes : malformed('/v1/layers');
  }

  /** Tells that this visitor's own copy of `url` is not what its token says. */
  async report(report: Omit<ReportRequest, 'site'>): Promise<void> {
    const request: ReportRequest = { site: this.options.config.site, ...report };
    await this.#call({ path: '/v1/reports', body: JSON.stringify(request), max: MAX_ANSWER });
  }

  /** Ends all requests. */
  close(): void {
    for (const pending of this.#pending) pending.abort();
  }

  async #json(path: string, request: object): Promise<unknown> {
    const bytes = await this.#call({ path, body: JSON.stringify(request), max: MAX_ANSWER });
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return malformed(path);
    }
  }

  async #call(call: Call): Promise<Bytes> {
    return (await this.#bodyOf(call)) ?? malformed(call.path);
  }

  /** `undefined` for a body that is longer than `max`, or absent. */
  async #bodyOf({ path, body, cache = 'default', max, absent = [] }: Call): Promise<Bytes | undefined> {
    const { config, clock, fetch } = this.options;
    const abort = new AbortController();
    const timer = clock.setTimeout(() => {
      abort.abort(new Error(`no answer within ${REQUEST_TIMEOUT} ms`));
    }, REQUEST_TIMEOUT);
    this.#pending.add(abort);
    try {
      const response = await fetch(config.hasher + path, {
        // A string body goes as text/plain, which needs no preflight.
        ...(body === undefined ? {} : { method: 'POST', body }),
        cache,
        credentials: 'omit',
        signal: abort.signal,
      });
      if (absent.includes(response.status)) return undefined;
      if (!response.ok) throw refusal(path, response);
      return await limitedBody(response, max);
    } catch (error) {
      if (error instanceof PeerfoldError) throw error;
      throw unreachable(`${path}: ${reasonOf(error)}`, {}, error);
    } finally {
      this.#pending.delete(abort);
      clock.clearTimeout(timer);
      // Ends a body that was too long to be read; whatever is over does not mind.
      abort.abort();
    }
  }
}

function unreachable(message: string, details: Record<string, unknown>, cause?: unknown): PeerfoldError {
  return new PeerfoldError('hasher-unreachable', message, details, { cause });
}

function malformed(path: string): never {
  throw unreachable(`${path}: malformed answer`, {});
}

function refusal(path: string, response: Response): PeerfoldError {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  const details = seconds > 0 ? { retry: Math.min(seconds * 1000, MAX_RETRY) } : {};
  return unreachable(`${path}: HTTP ${response.status}`, details);
}

/** Milliseconds that a failed call asks us to stay away. */
export function retryAfter(error: unknown): number {
  const retry = error instanceof PeerfoldError ? error.details['retry'] : undefined;
  return typeof retry === 'number' ? retry : 0;
}
