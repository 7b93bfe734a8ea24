import type { CanonicalUrl, Site } from '../core/brands.js';
import { MAX_URL_LENGTH } from '../core/limits.js';

/**
 * The one spelling of a URL that tokens are signed for and looked up by: parsed by the WHATWG
 * algorithm (which lower-cases the host, drops default ports, resolves dot segments and strips tabs),
 * without fragment. URLs with credentials, of other schemes, or too long have no canonical form.
 */
export function canonicalUrl(text: string, base?: string): CanonicalUrl | undefined {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url.href.length <= MAX_URL_LENGTH ? (url.href as CanonicalUrl) : undefined;
}

/** The site a page of `url` belongs to: its serialised origin. `undefined` for opaque origins. */
export function siteOf(url: string): Site | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, protocol } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? (origin as Site) : undefined;
}
