import type { CanonicalUrl, Site, UrlHash } from '../core/brands.js';
import { toHex, type Sha256 } from '../core/bytes.js';
import { MAX_URL_LENGTH } from '../core/limits.js';
import { isText } from './check.js';

/**
 * The one spelling of a URL that tokens are signed for and looked up by: parsed by the WHATWG
 * algorithm (which lower-cases the host, drops default ports, resolves dot segments and strips tabs),
 * without fragment. URLs with credentials, of other schemes, or too long have no canonical form.
 */
export function canonicalUrl(text: string, base?: string): CanonicalUrl | undefined {
  const url = text.length > MAX_URL_LENGTH ? undefined : parseUrl(text, base);
  if (!url) return undefined;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url.href.length <= MAX_URL_LENGTH ? (url.href as CanonicalUrl) : undefined;
}

/** The site a page of `url` belongs to: its serialised origin. `undefined` for opaque origins. */
export function siteOf(url: string): Site | undefined {
  const { origin, protocol } = parseUrl(url) ?? {};
  return protocol === 'https:' || protocol === 'http:' ? (origin as Site) : undefined;
}

export function isSite(value: unknown): value is Site {
  return isText(value, MAX_URL_LENGTH) && siteOf(value) === value;
}

export function isCanonicalUrl(value: unknown): value is CanonicalUrl {
  return isText(value, MAX_URL_LENGTH) && canonicalUrl(value) === value;
}

/** `URL.parse` and `URL.canParse` are younger than browsers we serve. */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The name under which peers and static sites know a URL. */
export async function hashOf(url: CanonicalUrl, sha256: Sha256): Promise<UrlHash> {
  return toHex(await sha256(new TextEncoder().encode(url))) as UrlHash;
}
