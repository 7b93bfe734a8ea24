import { isRoot } from '../core/brands.js';
import type { Bytes } from '../core/bytes.js';
import { MAX_CONTENT_LENGTH, MAX_DIGEST_URLS, MAX_TOKEN_LENGTH, MAX_UPCOMING } from '../core/limits.js';
import { MAX_PIECE_LENGTH } from '../core/pieces.js';
import {
  PAGE_REASONS,
  type FallbackReason,
  type LoadedResource,
  type PageMessage,
  type Upcoming,
} from './bridge.js';
import type { JsonObject } from './check.js';
import { isCompactJws, isListOf, isObject, isWhole } from './check.js';
import { isCanonicalUrl, isPublicKey } from './hasher.js';

const MAX_ID = 2 ** 32;
const MAX_WAIT = 120_000;
const MAX_DUE = 2 ** 31;
/** File systems take no longer ones. */
const MAX_NAME = 255;
/** 2^40 bytes at 1 MiB a piece. */
const MAX_LAYER = 32 * 2 ** 20;

/** Parses what a page posted; `undefined` for anything that is not exactly a `PageMessage` within bounds. */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  return isObject(value) && isPageMessage(value) ? value : undefined;
}

const pageChecks: Record<PageMessage['t'], (m: JsonObject) => boolean> = {
  lead: (m) => typeof m['on'] === 'boolean',
  places: (m) => typeof m['on'] === 'boolean',
  placed: (m) =>
    isId(m['id']) &&
    isWait(m['wait']) &&
    (m['reason'] === undefined || isReason(m['reason'])) &&
    isFlag(m['together']) &&
    isFlag(m['slow']) &&
    (m['lasting'] === undefined || isWait(m['lasting'])) &&
    (m['rate'] === undefined || isRate(m['rate'])),
  ahead: (m) => isListOf(m['items'], MAX_UPCOMING, isUpcoming),
  loaded: (m) => isListOf(m['resources'], MAX_DIGEST_URLS, isLoadedResource),
  tokens: (m) =>
    isListOf(m['tokens'], MAX_DIGEST_URLS, (token): token is string => isCompactJws(token, MAX_TOKEN_LENGTH)),
  save: (m) => isCanonicalUrl(m['url']) && typeof m['name'] === 'string' && m['name'].length <= MAX_NAME,
  unsigned: (m) => isListOf(m['urls'], MAX_DIGEST_URLS, isCanonicalUrl),
  layer: (m) =>
    isRoot(m['root']) && isBytes(m['bytes'], MAX_LAYER) && (m['from'] === undefined || isId(m['from'])),
  piece: (m) => isPieceOf(m) && isId(m['from']) && isBytes(m['bytes'], MAX_PIECE_LENGTH),
  miss: (m) => isId(m['id']) && isReason(m['reason']),
  read: (m) => isId(m['id']) && isPieceOf(m),
  admit: (m) => isId(m['id']) && isCompactJws(m['admission'], MAX_TOKEN_LENGTH) && isPublicKey(m['key']),
};

function isPageMessage(m: JsonObject): m is JsonObject & PageMessage {
  const kind = m['t'];
  return (
    typeof kind === 'string' && Object.hasOwn(pageChecks, kind) && pageChecks[kind as PageMessage['t']](m)
  );
}

function isLoadedResource(value: unknown): value is LoadedResource {
  return isObject(value) && isCanonicalUrl(value['url']) && isDestination(value['destination']);
}

function isUpcoming(value: unknown): value is Upcoming {
  if (!isObject(value) || !isCanonicalUrl(value['url']) || !isDue(value['due'])) return false;
  const [start, end] = [value['start'], value['end']];
  if (start === undefined && end === undefined) return true;
  return isWhole(start, 0, MAX_CONTENT_LENGTH) && isWhole(end, start + 1, MAX_CONTENT_LENGTH);
}

/** The longest is `sharedworker`; scripts' own requests have an empty one. */
function isDestination(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 32;
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isPieceOf(m: JsonObject): boolean {
  return isRoot(m['root']) && isWhole(m['index'], 0, MAX_ID);
}

function isId(value: unknown): value is number {
  return isWhole(value, 0, MAX_ID);
}

function isReason(value: unknown): value is FallbackReason {
  const reasons: readonly unknown[] = PAGE_REASONS;
  return reasons.includes(value);
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_WAIT;
}

/** Days of film may lie ahead. */
function isDue(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < MAX_DUE;
}

function isRate(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < Infinity;
}

function isBytes(value: unknown, max: number): value is Bytes {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.byteLength <= max;
}
