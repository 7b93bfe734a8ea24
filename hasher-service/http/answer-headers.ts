import type { Site } from '../../src/core/brands.js';

type Headers = Readonly<Record<string, string>>;

/** Answers hold statements and hashes, never documents: nothing may be run, framed or embedded. */
const STRICT: Headers = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Origin',
};
/** Browsers may remember a preflight for this long (s); our own requests need none. */
const PREFLIGHT_AGE = '600';

/** The headers of every answer: strict ones, and CORS (Fetch standard) for pages of the sites only. */
export class AnswerHeaders {
  readonly #bySite: ReadonlyMap<string, Headers>;

  constructor(sites: readonly Site[]) {
    this.#bySite = new Map(
      sites.map((site) => [
        site,
        { ...STRICT, 'access-control-allow-origin': site, 'access-control-expose-headers': 'retry-after' },
      ]),
    );
  }

  /** `origin` is the request's header of that name. */
  for(origin: string | undefined): Headers {
    return (origin === undefined ? undefined : this.#bySite.get(origin)) ?? STRICT;
  }

  /** What a preflight adds; `asked` is its Access-Control-Request-Headers. */
  preflight(asked: string | undefined): Headers {
    return {
      vary: 'Origin, Access-Control-Request-Headers',
      'access-control-allow-methods': 'GET, POST',
      ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
      'access-control-max-age': PREFLIGHT_AGE,
    };
  }
}
