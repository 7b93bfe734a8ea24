import { Bitfield } from '../core/bitfield.js';
import { isByteLength, isRoot, type CanonicalUrl, type PieceIndex, type Root } from '../core/brands.js';
import type { Bytes } from '../core/bytes.js';
import { MAX_CONTENT_LENGTH, MAX_TOKEN_LENGTH } from '../core/limits.js';
import { isPieceLength, pieceCount, pieceSize, type Cut } from '../core/pieces.js';
import { isListOf, isObject, isText } from '../protocol/check.js';
import { isCanonicalUrl } from '../protocol/hasher.js';
import type { Representation, StoredRepresentation } from './port.js';

/** One representation in the index. */
export interface Entry extends StoredRepresentation {
  used: Bitfield;
  visit: string;
  layer: boolean;
  /** When it was last used (ms since 1970): the order of eviction across visits. */
  touched: number;
  readonly tokens: Map<CanonicalUrl, string>;
}

/** An entry as it is written to disk. */
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
const MAX_URLS_PER_ROOT = 8;

/** The index of a store: pure bookkeeping of what is stored, how much, and what goes first. */
export class Catalogue {
  /** In order of use, the least recently used first. */
  readonly #entries = new Map<Root, Entry>();
  readonly #urls = new Map<CanonicalUrl, Root>();
  #bytes = 0;

  /** Bytes of all stored pieces. */
  get bytes(): number {
    return this.#bytes;
  }

  get(root: Root): Entry | undefined {
    return this.#entries.get(root);
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  /** The entry of a representation, made when there is none, moved to the end of the queue for eviction. */
  touch({ root, cut }: Representation, visit: string, now: number): Entry {
    const count = pieceCount(cut);
    const entry = this.#entries.get(root) ?? {
      root,
      cut,
      stored: new Bitfield(count),
      used: new Bitfield(count),
      visit,
      layer: false,
      touched: now,
      tokens: new Map<CanonicalUrl, string>(),
    };
    this.ofVisit(entry, visit);
    entry.touched = now;
    this.#entries.delete(root);
    this.#entries.set(root, entry);
    return entry;
  }

  /** What an earlier visit used says nothing about this one. */
  ofVisit(entry: Entry, visit: string): void {
    if (entry.visit === visit) return;
    entry.visit = visit;
    entry.used = new Bitfield(entry.stored.length);
  }

  addPiece(entry: Entry, index: PieceIndex): void {
    if (entry.stored.set(index)) this.#bytes += pieceSize(entry.cut, index);
  }

  removePiece(entry: Entry, index: PieceIndex): void {
    if (entry.stored.clear(index)) this.#bytes -= pieceSize(entry.cut, index);
    entry.used.clear(index);
  }

  tokenFor(url: CanonicalUrl): string | undefined {
    const root = this.#urls.get(url);
    return root === undefined ? undefined : this.#entries.get(root)?.tokens.get(url);
  }

  /** A URL names one representation at a time: a token for a new one takes it from the old one. */
  setToken(entry: Entry, url: CanonicalUrl, token: string): void {
    this.removeToken(url);
    const oldest = entry.tokens.keys().next();
    if (entry.tokens.size >= MAX_URLS_PER_ROOT && !oldest.done) this.removeToken(oldest.value);
    entry.tokens.set(url, token);
    this.#urls.set(url, entry.root);
  }

  /** Returns the entry that lost the token, if there was one. */
  removeToken(url: CanonicalUrl): Entry | undefined {
    const root = this.#urls.get(url);
    const entry = root === undefined ? undefined : this.#entries.get(root);
    this.#urls.delete(url);
    entry?.tokens.delete(url);
    return entry;
  }

  remove(root: Root): Entry | undefined {
    const entry = this.#entries.get(root);
    if (!entry) return undefined;
    for (const url of entry.tokens.keys()) this.#urls.delete(url);
    this.#bytes -= storedBytes(entry);
    this.#entries.delete(root);
    return entry;
  }

  /** Removes the least recently used entries until `quota` holds; never `keep`. Returns what went. */
  evict(quota: number, keep?: Root): Entry[] {
    const gone: Entry[] = [];
    for (const root of this.#entries.keys()) {
      if (this.#bytes <= quota) break;
      const entry = root === keep ? undefined : this.remove(root);
      if (entry) gone.push(entry);
    }
    return gone;
  }

  /** Adds what an earlier visit left; an entry that is already here is newer and stays. */
  restore(old: readonly Entry[]): void {
    const present = this.all();
    this.#entries.clear();
    for (const entry of [...old].sort((a, b) => a.touched - b.touched)) this.#add(entry);
    for (const entry of present) {
      this.remove(entry.root);
      this.#entries.set(entry.root, entry);
      for (const url of entry.tokens.keys()) this.#urls.set(url, entry.root);
    }
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.root, entry);
    for (const url of entry.tokens.keys()) this.#urls.set(url, entry.root);
    this.#bytes += storedBytes(entry);
  }
}

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

function storedBytes({ stored, cut }: Entry): number {
  let bytes = 0;
  for (let i = 0; i < stored.length; i++) if (stored.has(i)) bytes += pieceSize(cut, i as PieceIndex);
  return bytes;
}
