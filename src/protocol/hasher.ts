import type { ByteLength, CanonicalUrl, Root, RootPrefix, Site } from '../core/brands.js';
import { isByteLength, isRoot, isRootPrefix } from '../core/brands.js';
import {
  MAX_CONTENT_LENGTH,
  MAX_DIGEST_URLS,
  MAX_PIECE_COUNT,
  MAX_TOKEN_LENGTH,
  MAX_URL_LENGTH,
} from '../core/limits.js';
import { isPieceLength, pieceCount } from '../core/pieces.js';
import { isBase64Url, isCompactJws, isListOf, isObject, isText, isWhole, parseObject } from './check.js';
import { canonicalUrl, siteOf } from './url.js';

/**
 * What the hash service says and hears, version 1. Statements are compact JWS; the header's `typ`
 * keeps one type of statement from passing as another, `kid` names the key, and the key (never the
 * header) decides the algorithm. Times are seconds since 1970 (RFC 7519), except `ver`, milliseconds.
 */
export const DIGEST_TYPE = 'peerfold-digest+jwt';
export const REFUSAL_TYPE = 'peerfold-refusal+jwt';
export const POLICY_TYPE = 'peerfold-policy+jwt';
export const ADMISSION_TYPE = 'peerfold-admission+jwt';

/** `aud` of every admission: a role, not an address, since one tracker may have many names. */
export const ADMISSION_AUDIENCE = 'peerfold-tracker';

/** Response headers that are signed and replayed with bytes from peers; all others are dropped. */
export const REPLAYED_HEADERS = [
  'content-type',
  'etag',
  'last-modified',
  'cache-control',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cross-origin-resource-policy',
  'timing-allow-origin',
  'x-content-type-options',
  'content-disposition',
] as const;
export type ReplayedHeader = (typeof REPLAYED_HEADERS)[number];

/** Claims of a digest token: "this URL is these bytes". */
export interface DigestClaims {
  readonly iss: string;
  /** The site whose visitors it is for. */
  readonly aud: Site;
  /** The canonical URL. */
  readonly sub: CanonicalUrl;
  readonly root: Root;
  /** Length of the representation in bytes, at least 1. */
  readonly len: ByteLength;
  /** Piece length in bytes. */
  readonly piece: ByteLength;
  readonly hdr: Readonly<Partial<Record<ReplayedHeader, string>>>;
  /** Duration in seconds, for media where it is known. */
  readonly dur?: number;
  readonly iat: number;
  readonly exp: number;
  /** Time of the origin fetch in milliseconds, made to rise for each URL: the newest statement wins. */
  readonly ver: number;
  readonly epoch: number;
}

/** Claims of a signed refusal: "do not share this URL, because". */
export interface RefusalClaims {
  readonly iss: string;
  readonly aud: Site;
  readonly sub: CanonicalUrl;
  /** Stable reason code, such as `private` or `set-cookie`. */
  readonly code: string;
  /** A sentence that tells the site's owner what to change. */
  readonly why: string;
  readonly iat: number;
  readonly exp: number;
  readonly ver: number;
  readonly epoch: number;
}

/** Claims of the site's policy, which lives five minutes and is the kill switch. */
export interface PolicyClaims {
  readonly iss: string;
  readonly aud: Site;
  readonly enabled: boolean;
  /** Statements of an earlier epoch are void. */
  readonly minEpoch: number;
  /** Share of visitors that take part, 0 to 1. */
  readonly rollout: number;
  /** Roots and canonical URLs that must not be shared any more. */
  readonly revoked: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly ver: number;
}

/** Claims of an admission: a visitor's right to use a tracker. It holds no address. */
export interface AdmissionClaims {
  readonly iss: string;
  readonly aud: typeof ADMISSION_AUDIENCE;
  readonly site: Site;
  /** RFC 7638 thumbprint of the visitor's ephemeral P-256 key. */
  readonly jkt: string;
  readonly iat: number;
  readonly exp: number;
}

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
  readonly admission: string;
}

/** Every error answer of the services. */
export interface ErrorResponse {
  readonly error: { readonly code: string; readonly message: string };
}

/** Roots in one roots request. */
export const MAX_ROOTS_ASKED = 2000;
/** Revoked entries in one policy. */
export const MAX_REVOKED = 10_000;
/** Length of an encoded uncompressed P-256 point: 65 bytes. */
export const PUBLIC_KEY_LENGTH = 87;
/** Longest value of a replayed header; longer ones are not signed. */
export const MAX_HEADER_VALUE = 1024;
/** RFC 9110 section 5.5; anything else makes `new Headers` throw in the middle of an answer. */
const FIELD_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const MAX_DIGESTS_BODY = 512 * 1024;
const MAX_PENDING = 60_000;
const MAX_TIME = 2 ** 40;

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
  if (!isObject(value) || !isCompactJws(value['admission'], MAX_TOKEN_LENGTH)) return undefined;
  return { admission: value['admission'] };
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
  if (!isCompactJws(body['admission'], MAX_TOKEN_LENGTH)) return undefined;
  return { site: body['site'], url: body['url'], signed: body['signed'], admission: body['admission'] };
}

/** Shape and bounds of digest claims whose signature was checked. */
export function isDigestClaims(value: unknown): value is DigestClaims {
  if (!isObject(value) || !isStatement(value) || !isRoot(value['root'])) return false;
  if (!isByteLength(value['len']) || value['len'] < 1 || value['len'] > MAX_CONTENT_LENGTH) return false;
  if (!isPieceLength(value['piece']) || !isReplayedHeaders(value['hdr'])) return false;
  if (pieceCount({ length: value['len'], piece: value['piece'] }) > MAX_PIECE_COUNT) return false;
  const dur = value['dur'];
  return dur === undefined || (typeof dur === 'number' && dur > 0 && dur < MAX_TIME);
}

export function isRefusalClaims(value: unknown): value is RefusalClaims {
  return isObject(value) && isStatement(value) && isText(value['code'], 64) && isText(value['why'], 1024);
}

export function isPolicyClaims(value: unknown): value is PolicyClaims {
  if (!isObject(value) || !isSite(value['aud']) || typeof value['enabled'] !== 'boolean') return false;
  if (!isWhole(value['minEpoch'], 0, MAX_TIME) || !hasTimes(value)) return false;
  const rollout = value['rollout'];
  if (typeof rollout !== 'number' || !(rollout >= 0 && rollout <= 1)) return false;
  return isListOf(value['revoked'], MAX_REVOKED, (item): item is string => isText(item, MAX_URL_LENGTH));
}

export function isAdmissionClaims(value: unknown): value is AdmissionClaims {
  if (!isObject(value) || value['aud'] !== ADMISSION_AUDIENCE || !isSite(value['site'])) return false;
  return (
    isText(value['iss'], MAX_URL_LENGTH) &&
    isBase64Url(value['jkt'], 43) &&
    isWhole(value['iat'], 0, MAX_TIME) &&
    isWhole(value['exp'], 0, MAX_TIME)
  );
}

export function isPublicKey(value: unknown): value is string {
  return isBase64Url(value, PUBLIC_KEY_LENGTH) && value.length === PUBLIC_KEY_LENGTH;
}

export function isSite(value: unknown): value is Site {
  return isText(value, MAX_URL_LENGTH) && siteOf(value) === value;
}

export function isCanonicalUrl(value: unknown): value is CanonicalUrl {
  return isText(value, MAX_URL_LENGTH) && canonicalUrl(value) === value;
}

function isStatement(value: Readonly<Record<string, unknown>>): boolean {
  return (
    isSite(value['aud']) &&
    isCanonicalUrl(value['sub']) &&
    isWhole(value['epoch'], 0, MAX_TIME) &&
    hasTimes(value)
  );
}

function hasTimes(value: Readonly<Record<string, unknown>>): boolean {
  return (
    isText(value['iss'], MAX_URL_LENGTH) &&
    isWhole(value['iat'], 0, MAX_TIME) &&
    isWhole(value['exp'], 0, MAX_TIME) &&
    isWhole(value['ver'], 0, Number.MAX_SAFE_INTEGER)
  );
}

function isReplayedHeaders(value: unknown): value is DigestClaims['hdr'] {
  if (!isObject(value)) return false;
  const names: readonly string[] = REPLAYED_HEADERS;
  return Object.entries(value).every(
    ([name, text]) => names.includes(name) && isText(text, MAX_HEADER_VALUE) && FIELD_VALUE.test(text),
  );
}

function isDigestAnswer(value: unknown): value is DigestAnswer {
  return (
    isCompactJws(value, MAX_TOKEN_LENGTH) || (isObject(value) && isWhole(value['pending'], 0, MAX_PENDING))
  );
}

function isLiveRoot(value: unknown): value is RootsResponse['live'][number] {
  return isObject(value) && isRootPrefix(value['root']) && isWhole(value['until'], 0, MAX_TIME);
}
