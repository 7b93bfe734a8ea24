import { BoundedMap } from '../src/core/bounded-map.js';
import type { PieceIndex, Root } from '../src/core/brands.js';
import type { Bytes, Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import type { VerifiedLayer } from '../src/core/merkle.js';
import { piecesOf } from '../src/core/pieces.js';
import type { Source } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { PieceStore, Representation } from '../src/store/port.js';
import type { Bridge } from './bridge.js';
import type { Page } from './page.js';
import type { Disk } from './disk.js';
import type { Layers } from './layers.js';
import { burst } from './timers.js';
import type { Tokens } from './tokens.js';
import type { Trust } from './trust.js';

export interface HoldingsOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly store: PieceStore;
  readonly disk: Disk;
  readonly layers: Layers;
  readonly tokens: Tokens;
  readonly trust: Trust;
  readonly bridge: Bridge;
}

/** Pieces finish in bursts; what is held is told once per burst (ms), still soon enough to be useful. */
const TELL_DELAY = 40;
/** Pieces remembered as brought ahead of requests; more than that lie ahead of no player. */
const MAX_CREDITS = 2048;

/** What a digest speaks of, without what it says about it. */
export function representationOf({ root, len, piece }: DigestClaims): Representation {
  return { root, cut: { length: len, piece } };
}

/**
 * The pieces we have: verified when they come in, verified again when they are read, told to the
 * leading page so that it can offer them, and read out to it for uploading. Offered is only what this
 * visit used, and only while a digest in force is the licence for it.
 */
export class Holdings {
  readonly #untold = new Set<Root>();
  readonly #credits = new BoundedMap<string, true>(MAX_CREDITS);
  readonly #burst: ReturnType<typeof burst>;

  readonly #options: HoldingsOptions;

  constructor(options: HoldingsOptions) {
    this.#options = options;
    this.#burst = burst(options.clock, TELL_DELAY, () => {
      const roots = [...this.#untold];
      this.#untold.clear();
      for (const root of roots) void this.#tell(root);
    });
  }

  /** Whether all of `pieces` are said to be stored. Reading them may still prove it wrong. */
  covers(digest: DigestClaims, pieces: readonly PieceIndex[]): boolean {
    const stored = this.#options.store.find(digest.root)?.stored;
    return stored !== undefined && pieces.every((index) => stored.has(index));
  }

  /** Where what is stored of `digest` from byte `start` on ends; it looks no further than `limit`. */
  storedTo(digest: DigestClaims, start: number, limit: number): number {
    const stored = this.#options.store.find(digest.root)?.stored;
    let end = start;
    while (end < limit && stored?.has(Math.floor(end / digest.piece)))
      end = (Math.floor(end / digest.piece) + 1) * digest.piece;
    return Math.min(end, limit);
  }

  /** Peers of this visit brought a piece that nobody has requested yet. */
  cameAhead(root: Root, index: PieceIndex): void {
    this.#credits.set(`${root} ${index}`, true);
  }

  /** Who is to be credited with a stored piece that is now handed out: peers who brought it ahead, but once only. */
  sourceOf({ root }: DigestClaims, index: PieceIndex): Source {
    return this.#credits.delete(`${root} ${index}`) ? 'peer' : 'store';
  }

  /** The page got all of this from elsewhere, and that is a use of what we hold; false unless all is held. */
  useWhole(digest: DigestClaims): boolean {
    const { root, cut } = representationOf(digest);
    const pieces = piecesOf(cut, { start: 0, end: cut.length });
    if (!this.covers(digest, pieces)) return false;
    for (const index of pieces) this.#options.store.use(root, index);
    this.#tellSoon(root);
    return true;
  }

  /** Keeps a piece that was verified against `layer`. */
  add(digest: DigestClaims, layer: VerifiedLayer, index: PieceIndex, bytes: Bytes): void {
    const { store, tokens } = this.#options;
    const what = representationOf(digest);
    store.write(what, index, bytes);
    if (layer.hashes.length > 1) store.writeLayer(what, layer.toBytes());
    const token = tokens.tokenOf(digest.sub);
    if (token !== undefined) store.keepToken(digest.root, digest.sub, token);
    this.#tellSoon(digest.root);
  }

  /** A stored piece, verified now; `undefined` when there is none or it is not what it should be. */
  async get(digest: DigestClaims, index: PieceIndex): Promise<Bytes | undefined> {
    const { store } = this.#options;
    const what = representationOf(digest);
    if (!store.find(what.root)?.stored.has(index)) return undefined;
    const bytes = await this.#readVerified(what, index);
    if (!bytes) return undefined;
    if (!store.find(what.root)?.used.has(index)) this.#tellSoon(what.root);
    store.use(what.root, index);
    return bytes;
  }

  /** Answers a page that wants to upload a piece: only what was offered, only what is verified. */
  async read(page: Page, id: number, root: Root, index: PieceIndex): Promise<void> {
    const offered = this.#offered(root, index);
    const copy = offered && (await this.#readVerified(offered, index))?.slice();
    page.post({ t: 'bytes', id, ...(copy ? { bytes: copy } : {}) }, copy ? [copy.buffer] : []);
  }

  /** Tells a new leader everything that this visit may offer. */
  async tellAll(page: Page): Promise<void> {
    const { store, tokens } = this.#options;
    // A worker that has just started may know its leader, and the policy, before its disk.
    await store.ready;
    for (const { root, tokens: stored } of store.usedInVisit()) {
      for (const url of stored.keys()) await tokens.find(url);
      if (this.#options.bridge.listener === page) await this.#tell(root);
    }
  }

  /** A digest was renewed: what is held of its root may be offered for longer. */
  renewed(digest: DigestClaims): void {
    if ((this.#options.store.find(digest.root)?.used.count ?? 0) > 0) this.#tellSoon(digest.root);
  }

  /** The licence for `root` has ended. */
  withdraw(root: Root): void {
    this.#options.store.drop(root);
    this.#options.bridge.toAll({ t: 'drop', root });
  }

  #offered(root: Root, index: PieceIndex): Representation | undefined {
    const { store, tokens, trust } = this.#options;
    const held = store.find(root);
    const mayOffer = trust.permission === 'yes' && tokens.licence(root) && held?.used.has(index);
    return mayOffer ? held : undefined;
  }

  async #readVerified(what: Representation, index: PieceIndex): Promise<Bytes | undefined> {
    const { disk, store, layers, sha256 } = this.#options;
    const [layer, bytes] = await Promise.all([layers.load(what), disk.await(store.read(what.root, index))]);
    if (!layer) return undefined;
    if (bytes && (await layer.matches(sha256, index, bytes))) return bytes;
    // Gone, wrong or too slow: none of these is worth another wait.
    store.forget(what.root, index);
    return undefined;
  }

  #tellSoon(root: Root): void {
    this.#untold.add(root);
    this.#burst.soon();
  }

  async #tell(root: Root): Promise<void> {
    const { store, layers, tokens, bridge, trust } = this.#options;
    const held = store.find(root);
    const licence = tokens.licence(root);
    const token = licence && tokens.tokenOf(licence.sub);
    if (!held || !licence || !token || held.used.count === 0 || trust.permission !== 'yes') return;
    const layer = await layers.load(held);
    const page = bridge.listener;
    if (!layer || !page) return;
    const first = !page.layersTold.has(root) && layer.hashes.length > 1;
    page.layersTold.add(root);
    page.post({
      t: 'held',
      url: licence.sub,
      token,
      root,
      length: held.cut.length,
      piece: held.cut.piece,
      bits: held.used.toBytes(),
      until: licence.exp * 1000,
      ...(first ? { layer: layer.toBytes() } : {}),
    });
  }
}
