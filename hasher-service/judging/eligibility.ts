import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { isText } from '../../src/protocol/check.js';
import { MAX_HEADER_VALUE, REPLAYED_HEADERS, type DigestClaims } from '../../src/protocol/hasher.js';
import { isPlaylist } from '../../src/protocol/patterns.js';
import { cacheDirectives, freshSeconds } from './freshness.js';
import { digitsHeader, hasHeader, headerOf, listHeader, mediaType, type Headers } from './headers.js';
import type { RefusalCode } from './refusals.js';

/** An origin's answer to the anonymous request, as far as its head tells. */
export interface Observed {
  readonly site: Site;
  readonly url: CanonicalUrl;
  readonly status: number;
  readonly headers: Headers;
  /** When the head arrived, in milliseconds. */
  readonly receivedAt: number;
  readonly maxBytes: number;
  /** Seconds that the operator vouches for where the origin states none. */
  readonly assumedFresh?: number;
}

/** Either the headers to replay and the seconds they are fresh for, or why not. */
export type Judgement =
  | { readonly eligible: true; readonly hdr: DigestClaims['hdr']; readonly freshFor: number }
  | { readonly eligible: false; readonly code: RefusalCode };

/** Query parameters that make a URL a key to something (cloud storage and CDN signatures, tokens). */
const SECRET_PARAMETERS = new Set([
  'x-amz-signature',
  'x-amz-security-token',
  'x-amz-credential',
  'x-goog-signature',
  'x-goog-credential',
  'signature',
  'sig',
  'token',
  'access_token',
  'auth',
  'auth_token',
  'auth_key',
  'authorization',
  'jwt',
  'key-pair-id',
  'hdnts',
  'hdnea',
  'hdntl',
  '__token__',
  'verify',
  'session',
  'sessionid',
  'api_key',
  'apikey',
]);
/** Only together do these sign a URL (CloudFront); `expires` alone may be a cache buster. */
const SECRET_PAIR = ['expires', 'policy'];

const PLAYLIST_TYPES: readonly string[] = [
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
  'application/dash+xml',
];
const UNSHARED_DIRECTIVES = ['private', 'no-store', 'no-cache'];
const HARMLESS_VARY: readonly string[] = ['accept-encoding', 'origin'];

/** What the URL alone forbids, except for parameters that the operator `named`; nothing is fetched then. */
export function judgeUrl(text: CanonicalUrl, named: ReadonlySet<string>): RefusalCode | undefined {
  const url = new URL(text);
  if (isPlaylist(url)) return 'playlist';
  const all = Array.from(url.searchParams.keys(), (name) => name.toLowerCase());
  const names = new Set(all.filter((name) => !named.has(name)));
  const tokenised = Array.from(names).some((name) => SECRET_PARAMETERS.has(name));
  return tokenised || SECRET_PAIR.every((name) => names.has(name)) ? 'tokenised-url' : undefined;
}

/** The rules in the order in which they are most useful to hear about. */
const RULES: readonly ((seen: Observed) => RefusalCode | undefined)[] = [
  ({ status }) => (status === 200 ? undefined : statusCode(status)),
  ({ headers }) => (hasHeader(headers, 'set-cookie') ? 'set-cookie' : undefined),
  ({ headers }) => (isUnshared(headers) ? 'private' : undefined),
  ({ headers }) =>
    listHeader(headers, 'vary').every((name) => HARMLESS_VARY.includes(name)) ? undefined : 'vary',
  ({ headers }) =>
    listHeader(headers, 'content-encoding').every((coding) => coding === 'identity') ? undefined : 'encoded',
  ({ headers }) => (PLAYLIST_TYPES.includes(mediaType(headers)) ? 'playlist' : undefined),
  (seen) => (isReadable(seen) ? undefined : 'cors'),
  ({ headers }) => (isDelimited(headers) ? undefined : 'undelimited'),
  (seen) => sizeCode(seen),
  (seen) => (freshFor(seen) > 0 ? undefined : 'stale'),
];

/** Judges an answer as a shared cache would (RFC 9111), stricter where in doubt. */
export function judgeResponse(seen: Observed): Judgement {
  for (const rule of RULES) {
    const code = rule(seen);
    if (code !== undefined) return { eligible: false, code };
  }
  return { eligible: true, hdr: replayedHeaders(seen.headers), freshFor: freshFor(seen) };
}

function freshFor({ headers, receivedAt, assumedFresh }: Observed): number {
  return freshSeconds(headers, receivedAt, assumedFresh);
}

function statusCode(status: number): RefusalCode {
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 401 || status === 403 || status === 407 || status === 451) return 'guarded';
  if (status === 404 || status === 410) return 'missing';
  return status === 429 || status >= 500 ? 'origin-error' : 'status';
}

function isUnshared(headers: Headers): boolean {
  const directives = cacheDirectives(headers);
  return UNSHARED_DIRECTIVES.some((name) => directives.has(name));
}

/** Whether a page of the site may read the bytes: its own origin, or allowed by CORS. */
function isReadable({ site, url, headers }: Observed): boolean {
  if (new URL(url).origin === site) return true;
  const allowed = headerOf(headers, 'access-control-allow-origin');
  return allowed === '*' || allowed === site;
}

/**
 * Whether the end of the body is marked (RFC 9112 section 6.3): else a cut-off body looks complete. Chunks
 * alone: a transfer coding besides could compress.
 */
function isDelimited(headers: Headers): boolean {
  const codings = listHeader(headers, 'transfer-encoding');
  if (codings.length === 0) return hasHeader(headers, 'content-length');
  return codings.length === 1 && codings[0] === 'chunked';
}

function sizeCode({ headers, maxBytes }: Observed): RefusalCode | undefined {
  const length = digitsHeader(headers, 'content-length');
  if (length === undefined) return undefined;
  if (length === 0) return 'empty';
  return length > maxBytes ? 'too-large' : undefined;
}

function replayedHeaders(headers: Headers): DigestClaims['hdr'] {
  const kept = REPLAYED_HEADERS.map((name) => [name, headerOf(headers, name)] as const);
  return Object.fromEntries(kept.filter(([, value]) => isText(value, MAX_HEADER_VALUE)));
}
