import type { CanonicalUrl, Root, RootPrefix, Site } from '../core/brands.js';
import { isRoot, isRootPrefix } from '../core/brands.js';
import {
  MAX_CREDENTIAL,
  MAX_DIGEST_URLS,
  MAX_RELAYS,
  MAX_TOKEN_LENGTH,
  MAX_URL_LENGTH,
} from '../core/limits.js';
import { isBase64Url, isCompactJws, isListOf, isObject, isText, isWhole, parseObject } from './check.js';
import { MAX_TIME } from './claims.js';
import { isUrlPattern } from './patterns.js';
import { canonicalUrl, isCanonicalUrl, isSite } from './url.js';

/** What the hash service is asked and answers, version 1; what it signs stands in `claims.ts`. */
export * from './claims.js';
export { isCanonicalUrl, isSite } from './url.js';

/** `POST /v1/digests`, as `text/plain` JSON so that no preflight is needed. */
export interface DigestsRequest {
  readonly site: Site;
  readonly urls: readonly CanonicalUrl[];
}

/** For each URL, in the order asked: a digest token or refusal, or a hint when to ask again (ms). */
export type DigestAnswer = string | { readonly pending: number };
export interface DigestsResponse {
  readonly answers: readonly DigestAnswer[];
}

/** `POST /v1/admissions`: `key` is the visitor's ephemeral P-256 public key, 65 raw bytes in base64url. */
export interface AdmissionRequest {
  readonly site: Site;
  readonly key: string;
}
export interface AdmissionResponse {
  readonly admission: string;
  /** For reports: shows that the admission was made out to who shows it. Peers and tracker never see it. */
  readonly receipt: string;
  readonly relays?: Relays | undefined;
}

/** TURN servers that this visitor may use for a while, as `RTCPeerConnection` wants them. */
export interface Relays {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** `POST /v1/roots` (bearer token): which of these roots have a live token for `site`? */
export interface RootsRequest {
  readonly site: Site;
  readonly roots: readonly RootPrefix[];
}
/** `live` are those vouched for; each until `until` (seconds since 1970). */
export interface RootsResponse {
  readonly live: readonly { readonly root: RootPrefix; readonly until: number }[];
}

/** `POST /v1/reports`: my own HTTP copy of `url` is not what the token says. */
export interface ReportRequest {
  readonly site: Site;
  readonly url: CanonicalUrl;
  /** The root that the token names. */
  readonly signed: Root;
  /** That of the visitor's admission. */
  readonly receipt: string;
}

/** `POST /v1/purge` (operator's bearer token): void what was signed before now, for all sites or for one. */
export interface PurgeRequest {
  readonly site?: Site;
  readonly urls: readonly CanonicalUrl[];
  readonly patterns: readonly string[];
  /** Everything; then nothing else is named. */
  readonly all: boolean;
}
export interface PurgeResponse {
  readonly purged: { readonly urls: number; readonly patterns: number; readonly all: boolean };
  /** Statements of an earlier epoch are void. */
  readonly epoch: number;
}

/** Every error answer of the services. */
export interface ErrorResponse {
  readonly error: { readonly code: string; readonly message: string };
}

/** Roots in one roots request. */
export const MAX_ROOTS_ASKED = 2000;
/** Length of an encoded uncompressed P-256 point: 65 bytes. */
export const PUBLIC_KEY_LENGTH = 87;
/** URLs, and patterns, in one purge: as many as fit the body limit at common lengths. */
export const MAX_PURGED = 1000;
const MAX_DIGESTS_BODY = 512 * 1024;
const MAX_PURGE_BODY = 512 * 1024;
const PURGE_MEMBERS: readonly string[] = ['site', 'urls', 'patterns', 'all'];
const MAX_PENDING = 60_000;

export function parseDigestsRequest(text: string): DigestsRequest | undefined {
  const body = parseObject(text, MAX_DIGESTS_BODY);
  if (!body || !isSite(body['site'])) return undefined;
  const urls = body['urls'];
  if (!isListOf(urls, MAX_DIGEST_URLS, isCanonicalUrl) || urls.length === 0) return undefined;
  return { site: body['site'], urls };
}

export function parseDigestsResponse(value: unknown, asked: number): DigestsResponse | undefined {
  if (!isObject(value) || !isListOf(value['answers'], asked, isDigestAnswer)) return undefined;
  return value['answers'].length === asked ? { answers: value['answers'] } : undefined;
}

export function parseAdmissionRequest(text: string): AdmissionRequest | undefined {
  const body = parseObject(text, 1024);
  if (!body || !isSite(body['site']) || !isPublicKey(body['key'])) return undefined;
  return { site: body['site'], key: body['key'] };
}

export function parseAdmissionResponse(value: unknown): AdmissionResponse | undefined {
  if (!isObject(value)) return undefined;
  const { admission, receipt } = value;
  if (!isCompactJws(admission, MAX_TOKEN_LENGTH) || !isCompactJws(receipt, MAX_TOKEN_LENGTH))
    return undefined;
  if (value['relays'] === undefined) return { admission, receipt };
  return isRelays(value['relays']) ? { admission, receipt, relays: value['relays'] } : undefined;
}

function isRelays(value: unknown): value is Relays {
  if (!isObject(value) || !isListOf(value['urls'], MAX_RELAYS, isTurnUrl)) return false;
  return isText(value['username'], MAX_CREDENTIAL) && isText(value['credential'], MAX_CREDENTIAL);
}

/** `turn:` or `turns:` (RFC 7065). */
export function isTurnUrl(value: unknown): value is string {
  return isText(value, MAX_URL_LENGTH) && /^turns?:[\x21-\x7e]+$/.test(value);
}

export function parseRootsRequest(text: string): RootsRequest | undefined {
  const body = parseObject(text, 128 * 1024);
  if (!body || !isSite(body['site'])) return undefined;
  if (!isListOf(body['roots'], MAX_ROOTS_ASKED, isRootPrefix)) return undefined;
  return { site: body['site'], roots: body['roots'] };
}

export function parseRootsResponse(value: unknown): RootsResponse | undefined {
  if (!isObject(value) || !isListOf(value['live'], MAX_ROOTS_ASKED, isLiveRoot)) return undefined;
  return { live: value['live'] };
}

export function parseReportRequest(text: string): ReportRequest | undefined {
  const body = parseObject(text, 32 * 1024);
  if (!body || !isSite(body['site']) || !isCanonicalUrl(body['url']) || !isRoot(body['signed']))
    return undefined;
  if (!isCompactJws(body['receipt'], MAX_TOKEN_LENGTH)) return undefined;
  return { site: body['site'], url: body['url'], signed: body['signed'], receipt: body['receipt'] };
}

/** URLs are made canonical. A member that is not known is refused: what was meant would not be purged. */
export function parsePurgeRequest(text: string): PurgeRequest | undefined {
  const body = parseObject(text, MAX_PURGE_BODY);
  if (!body || !Object.keys(body).every((name) => PURGE_MEMBERS.includes(name))) return undefined;
  const { site, urls: given = [], patterns = [], all } = body;
  if (!isListOf(given, MAX_PURGED, isString) || !isListOf(patterns, MAX_PURGED, isUrlPattern))
    return undefined;
  const urls = given.flatMap((url) => canonicalUrl(url) ?? []);
  const named = urls.length + patterns.length;
  if (urls.length < given.length || (all !== undefined && all !== true)) return undefined;
  if ((named === 0) !== (all === true) || (site !== undefined && !isSite(site))) return undefined;
  return { ...(site === undefined ? {} : { site }), urls, patterns, all: all === true };
}

export function isPublicKey(value: unknown): value is string {
  return isBase64Url(value, PUBLIC_KEY_LENGTH) && value.length === PUBLIC_KEY_LENGTH;
}

function isDigestAnswer(value: unknown): value is DigestAnswer {
  return (
    isCompactJws(value, MAX_TOKEN_LENGTH) || (isObject(value) && isWhole(value['pending'], 0, MAX_PENDING))
  );
}

function isLiveRoot(value: unknown): value is RootsResponse['live'][number] {
  return isObject(value) && isRootPrefix(value['root']) && isWhole(value['until'], 0, MAX_TIME);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
