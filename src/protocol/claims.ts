import type { ByteLength, CanonicalUrl, Root, Site } from '../core/brands.js';
import { isByteLength, isRoot } from '../core/brands.js';
import { MAX_CONTENT_LENGTH, MAX_PIECE_COUNT, MAX_URL_LENGTH } from '../core/limits.js';
import { isPieceLength, pieceCount } from '../core/pieces.js';
import { isBase64Url, isListOf, isObject, isText, isWhole, type JsonObject } from './check.js';
import { isCanonicalUrl, isSite } from './url.js';

/**
 * What the hash service signs. Statements are compact JWS; the header's `typ` keeps one type of
 * statement from passing as another, `kid` names the key, and the key (never the header) decides the
 * algorithm. Times are seconds since 1970 (RFC 7519), except `ver`, milliseconds.
 */
export const DIGEST_TYPE = 'peerfold-digest+jwt';
export const REFUSAL_TYPE = 'peerfold-refusal+jwt';
export const POLICY_TYPE = 'peerfold-policy+jwt';
export const ADMISSION_TYPE = 'peerfold-admission+jwt';
export const RECEIPT_TYPE = 'peerfold-receipt+jwt';

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

/** Voids the statements with `ver` below `before` (ms) that are about `of`: a root, a URL or a URL pattern. */
export interface Revocation {
  readonly of: string;
  readonly before: number;
}

/** Claims of the site's policy, which is the kill switch. */
export interface PolicyClaims {
  readonly iss: string;
  readonly aud: Site;
  readonly enabled: boolean;
  /** Statements of an earlier epoch are void. */
  readonly minEpoch: number;
  /** Share of visitors that take part, 0 to 1. */
  readonly rollout: number;
  readonly revoked: readonly Revocation[];
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

/** Claims of a receipt for an admission, which only the visitor sees: shows who reports. */
export interface ReceiptClaims {
  readonly iss: string;
  readonly aud: Site;
  /** That of the admission. */
  readonly jkt: string;
  readonly iat: number;
  readonly exp: number;
}

/** Revoked entries in one policy. */
export const MAX_REVOKED = 10_000;
/** Longest value of a replayed header; longer ones are not signed. */
export const MAX_HEADER_VALUE = 1024;
/** RFC 9110 section 5.5; anything else makes `new Headers` throw in the middle of an answer. */
const FIELD_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
/** Latest time in a claim (s). */
export const MAX_TIME = 2 ** 40;

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
  return isListOf(value['revoked'], MAX_REVOKED, isRevocation);
}

export function isRevocation(value: unknown): value is Revocation {
  if (!isObject(value) || !isText(value['of'], MAX_URL_LENGTH)) return false;
  return isWhole(value['before'], 0, Number.MAX_SAFE_INTEGER);
}

export function isAdmissionClaims(value: unknown): value is AdmissionClaims {
  if (!isObject(value) || value['aud'] !== ADMISSION_AUDIENCE || !isSite(value['site'])) return false;
  return isAboutVisitor(value);
}

export function isReceiptClaims(value: unknown): value is ReceiptClaims {
  return isObject(value) && isSite(value['aud']) && isAboutVisitor(value);
}

function isAboutVisitor(value: JsonObject): boolean {
  return (
    isText(value['iss'], MAX_URL_LENGTH) &&
    isBase64Url(value['jkt'], 43) &&
    isWhole(value['iat'], 0, MAX_TIME) &&
    isWhole(value['exp'], 0, MAX_TIME)
  );
}

function isStatement(value: JsonObject): boolean {
  return (
    isSite(value['aud']) &&
    isCanonicalUrl(value['sub']) &&
    isWhole(value['epoch'], 0, MAX_TIME) &&
    hasTimes(value)
  );
}

function hasTimes(value: JsonObject): boolean {
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
