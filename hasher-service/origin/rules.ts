import type { CanonicalUrl } from '../../src/core/brands.js';
import { siteOf } from '../../src/protocol/url.js';

/** One configured origin: what visitors call it, and where its bytes are fetched. */
export interface OriginRule {
  readonly publicOrigin: string;
  /** Where requests go instead, with the public host in `Host`. */
  readonly upstream?: string;
}

const SHAPE = 'an origin (https://www.example.com), or PUBLIC=UPSTREAM with two origins';

/** Reads `URL` or `PUBLIC=UPSTREAM`; a text says what is wrong with it. */
export function parseOriginRule(text: string): OriginRule | string {
  const [publicPart = '', upstreamPart, ...rest] = text.split('=');
  const publicOrigin = originOf(publicPart);
  if (publicOrigin === undefined || rest.length > 0) return `"${text}" is not ${SHAPE}`;
  if (upstreamPart === undefined) return { publicOrigin };
  const upstream = originOf(upstreamPart);
  return upstream === undefined ? `"${text}" is not ${SHAPE}` : { publicOrigin, upstream };
}

function originOf(text: string): string | undefined {
  const origin = siteOf(text);
  return origin !== undefined && (text === origin || text === `${origin}/`) ? origin : undefined;
}

/** Where to send the request for one URL. */
export interface Target {
  /** Origin to connect to. */
  readonly origin: string;
  readonly path: string;
  /** Value of `Host`: always the public one. */
  readonly host: string;
  /** Whether that origin may be at a private address. */
  readonly mayBePrivate: boolean;
}

/** The origins this service may fetch from; everything else is refused before a socket is opened. */
export class OriginRules {
  readonly #rules = new Map<string, OriginRule>();

  constructor(
    texts: readonly string[],
    private readonly allowPrivate: boolean,
  ) {
    for (const text of texts) {
      const rule = parseOriginRule(text);
      if (typeof rule === 'string') throw new TypeError(rule);
      this.#rules.set(rule.publicOrigin, rule);
    }
  }

  /** The target of `url`, or `undefined` when its origin is not configured. */
  targetOf(url: CanonicalUrl): Target | undefined {
    const { origin, host, pathname, search } = new URL(url);
    const rule = this.#rules.get(origin);
    if (!rule) return undefined;
    return {
      origin: rule.upstream ?? origin,
      path: pathname + search,
      host,
      mayBePrivate: this.allowPrivate || rule.upstream !== undefined,
    };
  }
}
