import { Bitfield } from '../core/bitfield.js';
import type { CanonicalUrl, PieceIndex, Root } from '../core/brands.js';
import { pieceCount, pieceSize } from '../core/pieces.js';
import type { Representation } from './port.js';
import { MAX_URLS_PER_ROOT, type Entry } from './record.js';

/** Knuth's multiplicative hash: 2^32 over the golden ratio. */
const SPREAD = 0x9e3779b1;

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
    return this.#named(url)?.tokens.get(url);
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
    const entry = this.#named(url);
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

  /**
   * The pieces to give up of a file that is itself larger than `quota`. Each visit draws lots for others, so that
   * together visitors keep all.
   */
  surplus({ stored, cut, visit }: Entry, quota: number): PieceIndex[] {
    let over = this.#bytes - quota;
    if (over <= 0) return [];
    const seed = new TextEncoder().encode(visit).reduce((sum, code) => sum * 31 + code, 7) >>> 0;
    const lot = (index: PieceIndex): number => Math.imul(index ^ seed, SPREAD) >>> 0;
    const held = Array.from({ length: stored.length }, (_, i) => i as PieceIndex).filter((i) =>
      stored.has(i),
    );
    return held
      .sort((x, y) => lot(x) - lot(y))
      .filter((index) => {
        const isSurplus = over > 0;
        over -= pieceSize(cut, index);
        return isSurplus;
      });
  }

  /** Adds what an earlier visit left; an entry that is already here is newer and stays. */
  restore(old: readonly Entry[]): void {
    const present = this.all();
    this.#entries.clear();
    this.#bytes = 0;
    for (const entry of [...[...old].sort((a, b) => a.touched - b.touched), ...present]) {
      this.remove(entry.root);
      this.#entries.set(entry.root, entry);
      for (const url of entry.tokens.keys()) this.#urls.set(url, entry.root);
      this.#bytes += storedBytes(entry);
    }
  }

  #named(url: CanonicalUrl): Entry | undefined {
    const root = this.#urls.get(url);
    return root && this.#entries.get(root);
  }
}

function storedBytes({ stored, cut }: Entry): number {
  let bytes = 0;
  for (let i = 0; i < stored.length; i++) if (stored.has(i)) bytes += pieceSize(cut, i as PieceIndex);
  return bytes;
}
