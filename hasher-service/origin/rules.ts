import type { CanonicalUrl } from '../../src/core/brands.js';
import { siteOf } from '../../src/protocol/url.js';

/** One configured origin: what visitors call it, and where its bytes may be had from besides. */
export interface OriginRule {
  readonly publicOrigin: string;
  /** Asked for the bytes, with the public host in `Host`, once the public origin allowed sharing them. */
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

/** A text that is an origin and nothing else, serialised. */
export function originOf(text: string): string | undefined {
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

  /** Where visitors get `url`; `undefined` when its origin is not configured. */
  publicTarget(url: CanonicalUrl): Target | undefined {
    const { origin } = new URL(url);
    return this.#rules.has(origin) ? targetAt(origin, url, this.allowPrivate) : undefined;
  }

  /** Where the bytes of `url` may be had besides, if anywhere. The operator named it, so it may be private. */
  upstreamTarget(url: CanonicalUrl): Target | undefined {
    const upstream = this.#rules.get(new URL(url).origin)?.upstream;
    return upstream === undefined ? undefined : targetAt(upstream, url, true);
  }
}

function targetAt(origin: string, url: CanonicalUrl, mayBePrivate: boolean): Target {
  const { host, pathname, search } = new URL(url);
  return { origin, path: pathname + search, host, mayBePrivate };
}
