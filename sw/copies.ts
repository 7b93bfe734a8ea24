import type { CanonicalUrl } from '../src/core/brands.js';
import { concat, type Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { hashWhole, VerifiedLayer } from '../src/core/merkle.js';
import { pieceCount, pieceSpan, piecesOf } from '../src/core/pieces.js';
import type { PieceIndex } from '../src/core/brands.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Layers } from './layers.js';
import { SpanBuffer } from './span-buffer.js';
import { burst } from './timers.js';
import type { Tokens } from './tokens.js';

export interface CopiesOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly tokens: Tokens;
  readonly layers: Layers;
  readonly holdings: Holdings;
  /** Smaller representations are not shared (bytes). */
  readonly minSize: number;
  /** Takes the work of comparing, to hear of its failure. */
  readonly settling: (work: Promise<void>) => void;
  /** The visitor's own bytes are not the signed ones. */
  readonly onDiffers: (digest: DigestClaims) => void;
}

/** Larger bodies are not kept to be shared: they would push everything else out. */
export const MAX_COPY = 16 * 2 ** 20;
/** All copies together. */
const MAX_COPIES_BYTES = 64 * 2 ** 20;
/** A token takes one round trip to the hash service, and one to the origin if it is new there (ms). */
const COPY_LIFE = 60_000;

interface Copy {
  readonly parts: SpanBuffer;
  /** Length of the representation when all of it is here. */
  whole: number | undefined;
  since: number;
  settling: boolean;
}

/**
 * What the page got over HTTP, kept in memory until a token says what it should be. Equal: it is
 * stored and may be shared. Different: this visitor's copy is not the public one, and the URL is not
 * shared in this visit.
 */
export class Copies {
  readonly #copies = new Map<CanonicalUrl, Copy>();
  readonly #sweep: ReturnType<typeof burst>;

  readonly #options: CopiesOptions;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#sweep = burst(options.clock, COPY_LIFE, () => {
      this.#makeRoom();
    });
  }

  /** A body from the origin; `whole` when it is all of the representation. */
  offer(url: CanonicalUrl, start: number, bytes: Uint8Array, whole: boolean): void {
    const now = this.#options.clock.ticks();
    const copy = whole ? undefined : this.#copies.get(url);
    const kept = copy ?? { parts: new SpanBuffer(), whole: undefined, since: now, settling: false };
    kept.parts.add(start, bytes);
    kept.since = now;
    if (whole) kept.whole = bytes.byteLength;
    this.#copies.delete(url);
    if (kept.parts.size <= MAX_COPY) this.#copies.set(url, kept);
    this.#makeRoom();
    this.#options.settling(this.settle(url));
  }

  /** Compares what is kept of `url` with the digest in force, if there is one. */
  async settle(url: CanonicalUrl): Promise<void> {
    const copy = this.#copies.get(url);
    const digest = this.#options.tokens.peek(url);
    if (this.#options.tokens.refused(url)) this.#copies.delete(url);
    if (!copy || !digest || copy.settling || digest.len < this.#options.minSize) return;
    copy.settling = true;
    const same = await (copy.whole === undefined
      ? this.#comparePieces(copy, digest)
      : this.#compareWhole(copy, digest, copy.whole));
    copy.settling = false;
    if (copy.whole !== undefined || !same || copy.parts.size === 0) this.#copies.delete(url);
    if (!same) this.#options.onDiffers(digest);
  }

  async #compareWhole(copy: Copy, digest: DigestClaims, length: number): Promise<boolean> {
    const { sha256, layers, holdings } = this.#options;
    const { root, cut } = representationOf(digest);
    const bytes = copy.parts.read({ start: 0, end: length });
    if (!bytes || length !== digest.len) return false;
    const hashed = await hashWhole(sha256, cut, bytes);
    const layer = await VerifiedLayer.check(sha256, root, cut, concat(hashed.layer));
    if (hashed.root !== root || !layer) return false;
    layers.keep(layer);
    for (let i = 0 as PieceIndex; i < pieceCount(cut); i++) {
      const { start, end } = pieceSpan(cut, i);
      holdings.add(digest, layer, i, bytes.slice(start, end));
    }
    return true;
  }

  async #comparePieces(copy: Copy, digest: DigestClaims): Promise<boolean> {
    const { sha256, layers, holdings } = this.#options;
    const what = representationOf(digest);
    const layer = await layers.obtain(what);
    if (!layer) return true;
    const done = (index: PieceIndex): boolean => holdings.covers(digest, [index]);
    for (let i = 0 as PieceIndex; i < pieceCount(what.cut); i++) {
      const bytes = done(i) ? undefined : copy.parts.read(pieceSpan(what.cut, i));
      if (!bytes) continue;
      if (!(await layer.matches(sha256, i, bytes))) return false;
      holdings.add(digest, layer, i, bytes);
    }
    copy.parts.trim((span) => piecesOf(what.cut, span).every(done));
    return true;
  }

  #makeRoom(): void {
    const now = this.#options.clock.ticks();
    let total = [...this.#copies.values()].reduce((sum, { parts }) => sum + parts.size, 0);
    for (const [url, { parts, since }] of this.#copies) {
      if (total <= MAX_COPIES_BYTES && now - since < COPY_LIFE) continue;
      total -= parts.size;
      this.#copies.delete(url);
    }
    if (this.#copies.size > 0) this.#sweep.soon();
  }
}
