import type { RootPrefix, Site } from '../../src/core/brands.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import type { TrackerReport } from '../../src/protocol/figures.js';
import { parseRootsResponse, type RootsRequest, type RootsResponse } from '../../src/protocol/hasher.js';

/** Who says which roots are live. */
export interface RootsAuthority {
  /** Which of `roots` (at most `MAX_ROOTS_ASKED`) are live for `site`. Rejects when that cannot be told now. */
  liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']>;
}

export interface HasherClientOptions {
  /** Without a slash at its end. */
  readonly hasher: string;
  readonly token: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/** Of no hash service: who is asked about it has looked at the token first. */
const NOBODY = 'https://nobody.invalid' as Site;

/** Haves wait meanwhile; a hash service that needs longer is as good as down. */
const REQUEST_TIMEOUT = 5_000;

/** Who takes figures of a site. */
export interface ReportTaker {
  /** Rejects when it does not take them. */
  report(report: TrackerReport): Promise<void>;
}

/** The hash service over HTTP. Rejects with `hasher-unreachable`. */
export class HasherClient implements RootsAuthority, ReportTaker {
  constructor(private readonly options: HasherClientOptions) {}

  async liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']> {
    return this.#ask('/v1/roots', { site, roots }, async (response) => {
      const answer = parseRootsResponse(await response.json());
      if (!answer) throw new Error('its answer is malformed');
      return answer.live;
    });
  }

  /** Resolves with why it does not take the token, or does not serve `site`, if it says so; asks about no root. */
  async refusal(site: Site | undefined): Promise<string | undefined> {
    const address = `${this.options.hasher}/v1/roots`;
    const { status, body } = await this.#post(address, { site: site ?? NOBODY, roots: [] }).catch(
      (cause: unknown) => {
        throw unreachable(address, cause);
      },
    );
    await body?.cancel();
    const isRefused = status === 401 || (status === 403 && site !== undefined);
    return isRefused ? `${address}: ${meaningOf(status)}` : undefined;
  }

  report(report: TrackerReport): Promise<void> {
    return this.#ask('/v1/tracker-reports', report, async (response) => {
      await response.body?.cancel();
    });
  }

  async #ask<T>(
    path: string,
    request: RootsRequest | TrackerReport,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const address = this.options.hasher + path;
    try {
      const response = await this.#post(address, request);
      if (!response.ok) throw new Error(meaningOf(response.status));
      return await read(response);
    } catch (cause) {
      throw unreachable(address, cause);
    }
  }

  #post(address: string, request: RootsRequest | TrackerReport): Promise<Response> {
    const { token } = this.options;
    return this.options.fetch(address, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(request),
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
    });
  }
}

function unreachable(address: string, cause: unknown): PeerfoldError {
  return new PeerfoldError('hasher-unreachable', `${address}: ${reasonOf(cause)}`, {}, { cause });
}

function meaningOf(status: number): string {
  if (status === 401)
    return 'HTTP 401, the token for live roots is not accepted: --hasher-token must be what roots-token in its --data holds';
  if (status === 403) return 'HTTP 403, it does not serve this site';
  return `HTTP ${status}`;
}
