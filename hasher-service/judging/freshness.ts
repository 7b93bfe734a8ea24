import { dateHeader, digitsHeader, hasHeader, headerOf, type Headers } from './headers.js';

/** Directives of Cache-Control; `undefined` where a directive is repeated with another value. */
export type CacheDirectives = ReadonlyMap<string, string | undefined>;

const DIRECTIVE = /([^\s,;=]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;]*))?/g;

/** Reads Cache-Control (RFC 9111 section 5.2); names in lower case, quotes taken off values. */
export function cacheDirectives(headers: Headers): CacheDirectives {
  const directives = new Map<string, string | undefined>();
  for (const [, name = '', value = ''] of (headerOf(headers, 'cache-control') ?? '').matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    const plain = value.replaceAll('"', '');
    directives.set(key, directives.has(key) && directives.get(key) !== plain ? undefined : plain);
  }
  return directives;
}

/**
 * Seconds for which a response received at `now` (ms) stays fresh in a shared cache by its own words
 * (RFC 9111 section 4.2), or `assumed` seconds when it has no words about that at all. 0 when it states
 * no time, states it unclearly, or the time is over: there are no heuristics here.
 */
export function freshSeconds(headers: Headers, now: number, assumed?: number): number {
  const stated = statesLifetime(headers) ? statedLifetime(headers, now) : assumed;
  if (stated === undefined) return 0;
  const age = ageOf(headers, now);
  return age === undefined ? 0 : Math.max(0, Math.floor(stated - age));
}

function statesLifetime(headers: Headers): boolean {
  const directives = cacheDirectives(headers);
  return directives.has('s-maxage') || directives.has('max-age') || hasHeader(headers, 'expires');
}

function statedLifetime(headers: Headers, now: number): number | undefined {
  const directives = cacheDirectives(headers);
  for (const name of ['s-maxage', 'max-age']) {
    if (directives.has(name)) return deltaSeconds(directives.get(name));
  }
  const expires = dateHeader(headers, 'expires');
  if (expires === undefined) return undefined;
  return (expires - (dateHeader(headers, 'date') ?? now)) / 1000;
}

/** The larger of the apparent age and Age; an Age that cannot be read makes the response stale. */
function ageOf(headers: Headers, now: number): number | undefined {
  const apparent = Math.max(0, (now - (dateHeader(headers, 'date') ?? now)) / 1000);
  if (!hasHeader(headers, 'age')) return apparent;
  const age = digitsHeader(headers, 'age');
  return age === undefined ? undefined : Math.max(age, apparent);
}

function deltaSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
