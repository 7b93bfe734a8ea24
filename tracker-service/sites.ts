import type { Site } from '../src/core/brands.js';
import { isSite, parseUrl } from '../src/protocol/url.js';

/** A hash service, for one site or (without `site`) for all that have none of their own. */
export interface HashService {
  readonly site: Site | undefined;
  /** Without a slash at its end. */
  readonly url: string;
}

/** `URL` or `SITE=URL`; a sentence when it is neither. */
export function parseHashService(text: string): HashService | string {
  const { site, rest } = split(text);
  const protocol = parseUrl(rest)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:')
    return `"${rest}" is not a URL such as https://hash.example.com`;
  return { site, url: rest.replace(/\/+$/, '') };
}

/** `TOKEN` or `SITE=TOKEN`. */
export function parseToken(text: string): { readonly site: Site | undefined; readonly token: string } {
  const { site, rest } = split(text);
  return { site, token: rest };
}

/** Whether a token can stand in a header. */
export function isToken(text: string): boolean {
  return /^[\x20-\x7e]{1,512}$/.test(parseToken(text).token);
}

/** `SITE,SITE` or with spaces; a sentence when those are not at least two different sites. */
export function parseFederation(text: string): Site[] | string {
  const sites: Site[] = [];
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    if (!isSite(part)) return `"${part}" is not an origin such as https://www.example.com`;
    sites.push(part);
  }
  const [twice] = repeated(sites);
  if (twice !== undefined) return `${twice} is named twice`;
  return sites.length < 2 ? `"${text}" is not two sites or more, as SITE,SITE` : sites;
}

/** Hash services with their tokens, from texts that were checked. */
export function hashServicesOf(
  services: readonly string[],
  tokens: readonly string[],
): (HashService & { readonly token: string | undefined })[] {
  const known = tokens.map(parseToken);
  return services.flatMap((text) => {
    const service = parseHashService(text);
    if (typeof service === 'string') return [];
    return [{ ...service, token: known.find(({ site }) => site === service.site)?.token }];
  });
}

/** Federations, from texts that were checked. */
export function federationsOf(texts: readonly string[]): Site[][] {
  return texts.map(parseFederation).filter((sites) => typeof sites !== 'string');
}

/** What is in the list more than once. */
export function repeated<T>(list: readonly T[]): Set<T> {
  return new Set(list.filter((item, at) => list.indexOf(item) < at));
}

/** Tokens may hold `=` themselves: what stands before it counts when it is a site. */
function split(text: string): { site: Site | undefined; rest: string } {
  const at = text.indexOf('=');
  const site = text.slice(0, Math.max(0, at));
  return isSite(site) ? { site, rest: text.slice(at + 1) } : { site: undefined, rest: text };
}
