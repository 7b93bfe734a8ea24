import { BoundedMap } from '../src/core/bounded-map.js';
import type { CanonicalUrl, PieceIndex } from '../src/core/brands.js';
import { concat, type Bytes, type Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { hashWhole, VerifiedLayer } from '../src/core/merkle.js';
import { pieceCount, pieceSpan, piecesOf } from '../src/core/pieces.js';
import type { Source } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { readUpTo } from './body.js';
import { looksPublic } from './freshness.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Layers } from './layers.js';
import type { Origin } from './origin.js';
import { SpanBuffer } from './span-buffer.js';
import { burst } from './timers.js';
import type { Tokens } from './tokens.js';

export interface CopiesOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly origin: Origin;
  readonly tokens: Tokens;
  readonly layers: Layers;
  readonly holdings: Holdings;
  /** Smaller representations are not shared (bytes). */
  readonly minSize: number;
  /** Takes the work of comparing, to hear of its failure. */
  readonly settling: (work: Promise<void>) => void;
  /** The visitor's own bytes are not the signed ones. */
  readonly onDiffers: (digest: DigestClaims, source: Source) => void;
}

/** Larger bodies are not kept to be shared: they would push everything else out. */
export const MAX_COPY = 16 * 2 ** 20;
/** All copies together. */
const MAX_COPIES_BYTES = 64 * 2 ** 20;
/** URLs that pages got past us: a few pages' worth. */
const MAX_EXPECTED = 500;
/** A token takes one round trip to the hash service, and one to the origin if it is new there (ms). */
const COPY_LIFE = 60_000;

/** Whether a response may turn out to be public, is the representation itself, and is not too large. */
export function mayCopy({ status, redirected, headers }: Response): boolean {
  // An opaque answer has status 0.
  if (redirected || (status !== 200 && status !== 206)) return false;
  if (headers.has('content-encoding') || !looksPublic(headers)) return false;
  return Number(headers.get('content-length') ?? 0) <= MAX_COPY;
}

interface Copy {
  readonly parts: SpanBuffer;
  /** Length of the representation when all of it is here. */
  whole: number | undefined;
  since: number;
  settling: boolean;
  readonly source: Source;
}

/**
 * What the page got over HTTP, kept in memory until a token says what it should be. Equal: it is
 * stored and may be shared. Different: this visitor's copy is not the public one, and the URL is not
 * shared in this visit.
 */
export class Copies {
  readonly #copies = new Map<CanonicalUrl, Copy>();
  readonly #expected = new BoundedMap<CanonicalUrl, true>(MAX_EXPECTED);
  #reading: Promise<void> = Promise.resolve();
  readonly #sweep: ReturnType<typeof burst>;

  readonly #options: CopiesOptions;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#sweep = burst(options.clock, COPY_LIFE, () => {
      this.#makeRoom();
    });
  }

  /**
   * A body from the origin or the HTTP cache; `whole` when it is all of the representation. A difference
   * is worth a report only in what the origin gives now: a cache may be older than the last change.
   */
  offer(url: CanonicalUrl, start: number, bytes: Uint8Array, whole: boolean, source: Source): void {
    const now = this.#options.clock.ticks();
    const copy = whole ? undefined : this.#copies.get(url);
    const kept = copy ?? { parts: new SpanBuffer(), whole: undefined, since: now, settling: false, source };
    kept.parts.add(start, bytes);
    kept.since = now;
    if (whole) kept.whole = bytes.byteLength;
    this.#copies.delete(url);
    if (kept.parts.size <= MAX_COPY) this.#copies.set(url, kept);
    this.#makeRoom();
    this.#options.settling(this.settle(url));
  }

  /** The page got all of `url` past us. The HTTP cache has a copy, which is read once there is a token. */
  expect(url: CanonicalUrl): void {
    this.#expected.set(url, true);
    this.#options.settling(this.settle(url));
  }

  /** Compares what is kept of `url` with the digest in force, if there is one. */
  async settle(url: CanonicalUrl): Promise<void> {
    const copy = this.#copies.get(url);
    const digest = this.#options.tokens.peek(url);
    if (this.#options.tokens.refused(url)) this.#copies.delete(url);
    // One after the other: tokens come by the dozen, and the page has use for the machine, too.
    if (digest && this.#expected.delete(url)) this.#reading = this.#reading.then(() => this.#reread(url));
    if (!copy || !digest || copy.settling || digest.len < this.#options.minSize) return;
    copy.settling = true;
    const whole = copy.whole === undefined ? undefined : copy.parts.read({ start: 0, end: copy.whole });
    const same = await (whole ? this.#compareWhole(whole, digest) : this.#comparePieces(copy, digest));
    copy.settling = false;
    if (copy.whole !== undefined || !same || copy.parts.size === 0) this.#copies.delete(url);
    if (!same) this.#options.onDiffers(digest, copy.source);
  }

  async #reread(url: CanonicalUrl): Promise<void> {
    const response = await this.#options.origin.cached(url);
    if (response?.status !== 200 || !response.body || !mayCopy(response)) return;
    const bytes = await readUpTo(response.body, MAX_COPY);
    if (bytes) this.offer(url, 0, bytes, true, 'cache');
  }

  async #compareWhole(bytes: Bytes, digest: DigestClaims): Promise<boolean> {
    const { sha256, layers, holdings } = this.#options;
    const { root, cut } = representationOf(digest);
    if (bytes.byteLength !== digest.len) return false;
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
