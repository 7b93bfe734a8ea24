import { Bitfield } from '../core/bitfield.js';
import { isByteLength, isRoot, type CanonicalUrl, type Root } from '../core/brands.js';
import type { Bytes } from '../core/bytes.js';
import { MAX_CONTENT_LENGTH, MAX_TOKEN_LENGTH } from '../core/limits.js';
import { isPieceLength, pieceCount, type Cut } from '../core/pieces.js';
import { isListOf, isObject, isText } from '../protocol/check.js';
import { isCanonicalUrl } from '../protocol/hasher.js';
import type { StoredRepresentation } from './port.js';

/** One representation in the index. */
export interface Entry extends StoredRepresentation {
  used: Bitfield;
  visit: string;
  layer: boolean;
  /** When it was last used (ms since 1970): the order of eviction across visits. */
  touched: number;
  readonly tokens: Map<CanonicalUrl, string>;
}

/** An entry as it is written to disk, where other builds find it: its names stay as they are. */
export interface EntryRecord {
  readonly root: Root;
  readonly length: number;
  readonly piece: number;
  readonly stored: Bytes;
  readonly used: Bytes;
  readonly visit: string;
  readonly layer: boolean;
  readonly touched: number;
  readonly tokens: readonly (readonly [CanonicalUrl, string])[];
}

/** One file is seldom known under more URLs than this (CDN hosts, cache-busting queries). */
export const MAX_URLS_PER_ROOT = 8;

export function recordOf(entry: Entry): EntryRecord {
  return {
    root: entry.root,
    length: entry.cut.length,
    piece: entry.cut.piece,
    stored: entry.stored.toBytes(),
    used: entry.used.toBytes(),
    visit: entry.visit,
    layer: entry.layer,
    touched: entry.touched,
    tokens: [...entry.tokens],
  };
}

/** An entry read from disk, where a page script may have written it; `undefined` if it makes no sense. */
export function entryOf(value: unknown): Entry | undefined {
  if (!isObject(value)) return undefined;
  const { root, length, piece, visit, layer, touched, tokens } = value;
  if (!isRoot(root) || !isByteLength(length) || length < 1 || length > MAX_CONTENT_LENGTH) return undefined;
  if (!isPieceLength(piece) || typeof layer !== 'boolean' || typeof touched !== 'number') return undefined;
  if (typeof visit !== 'string' || !isListOf(tokens, MAX_URLS_PER_ROOT, isTokenPair)) return undefined;
  const cut = { length, piece };
  const stored = fieldOf(value['stored'], cut);
  const used = fieldOf(value['used'], cut);
  return stored && used && { root, cut, stored, used, visit, layer, touched, tokens: new Map(tokens) };
}

function fieldOf(bytes: unknown, cut: Cut): Bitfield | undefined {
  return bytes instanceof Uint8Array ? Bitfield.parse(bytes, pieceCount(cut)) : undefined;
}

function isTokenPair(value: unknown): value is [CanonicalUrl, string] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [url, token] = value as unknown[];
  return isCanonicalUrl(url) && isText(token, MAX_TOKEN_LENGTH);
}
