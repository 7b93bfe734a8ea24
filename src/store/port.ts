import type { Bitfield } from '../core/bitfield.js';
import type { CanonicalUrl, PieceIndex, Root } from '../core/brands.js';
import type { Bytes } from '../core/bytes.js';
import type { Cut } from '../core/pieces.js';

/** A representation: which bytes, and how they are cut. */
export interface Representation {
  readonly root: Root;
  readonly cut: Cut;
}

/** What the store says about one representation. Page scripts can write to the store: verify it all. */
export interface StoredRepresentation extends Representation {
  /** Pieces whose bytes are stored. */
  readonly stored: Bitfield;
  /** Pieces that the visit `visit` used: the only ones that may be offered to peers. */
  readonly used: Bitfield;
  readonly visit: string;
  /** The newest digest token of each URL that names this representation. */
  readonly tokens: ReadonlyMap<CanonicalUrl, string>;
}

/**
 * Pieces, layers and tokens, kept by representation and evicted as wholes, least recently used first.
 * The index is held in memory, so that what is stored is known at once; bytes are read when asked for.
 *
 * Nothing here rejects or throws: a store that fails forgets, and goes on in memory. It may hang,
 * though, when the platform does; callers bound their waiting. Bytes handed in must not be changed
 * afterwards, bytes handed out are shared: copy them before transferring.
 */
export interface PieceStore {
  /** Settles when the index of earlier visits is loaded, or cannot be. Never rejects. */
  readonly ready: Promise<void>;
  /** Names the visit; pieces used from now on are used in it. */
  beginVisit(visit: string): void;
  find(root: Root): StoredRepresentation | undefined;
  /** The stored token that names `url`, unverified. */
  tokenFor(url: CanonicalUrl): string | undefined;
  /** Everything of which the present visit used at least one piece. */
  usedInVisit(): StoredRepresentation[];
  read(root: Root, index: PieceIndex): Promise<Bytes | undefined>;
  /** Stores a verified piece and marks it used. It can be read at once; it is written a little later. */
  write(what: Representation, index: PieceIndex, bytes: Bytes): void;
  /** Marks a stored piece as used in this visit. */
  use(root: Root, index: PieceIndex): void;
  /** Forgets one piece, for example because its bytes turned out wrong. */
  forget(root: Root, index: PieceIndex): void;
  readLayer(root: Root): Promise<Bytes | undefined>;
  writeLayer(what: Representation, layer: Bytes): void;
  /** Keeps the token beside the pieces it speaks for; without any piece it is not kept. */
  keepToken(root: Root, url: CanonicalUrl, token: string): void;
  forgetToken(url: CanonicalUrl): void;
  drop(root: Root): void;
  /** A small text under a name, such as the last word on consent. */
  recall(name: string): string | undefined;
  remember(name: string, text: string): void;
  /** Forgets everything, on disk as well, and keeps nothing there from then on. Settles when that is done or has failed. */
  erase(): Promise<void>;
  /** Writes what is still in memory only; settles when that is done or has failed. */
  flush(): Promise<void>;
}
