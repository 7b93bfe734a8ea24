import type { RootPrefix, Site } from '../../src/core/brands.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
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

/** Haves wait meanwhile; a hash service that needs longer is as good as down. */
const REQUEST_TIMEOUT = 5_000;

/** The hash service over HTTP. Rejects with `hasher-unreachable`. */
export class HasherClient implements RootsAuthority {
  constructor(private readonly options: HasherClientOptions) {}

  async liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']> {
    const address = `${this.options.hasher}/v1/roots`;
    try {
      const response = await this.#post(address, { site, roots });
      if (!response.ok) throw new Error(meaningOf(response.status));
      const answer = parseRootsResponse(await response.json());
      if (!answer) throw new Error('its answer is malformed');
      return answer.live;
    } catch (cause) {
      throw new PeerfoldError('hasher-unreachable', `${address}: ${reasonOf(cause)}`, {}, { cause });
    }
  }

  #post(address: string, request: RootsRequest): Promise<Response> {
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

function meaningOf(status: number): string {
  if (status === 401 || status === 403) return `HTTP ${status}, the token for live roots is not accepted`;
  return `HTTP ${status}`;
}
