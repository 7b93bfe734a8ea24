import { isRoot, type CanonicalUrl, type PieceIndex, type Root } from '../core/brands.js';
import type { Bytes } from '../core/bytes.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Backing } from './backing.js';
import { Catalogue } from './catalogue.js';
import { keyOf, keysOf, LAYER } from './keys.js';
import { Notes } from './notes.js';
import { Pending } from './pending.js';
import type { PieceStore, Representation, StoredRepresentation } from './port.js';
import { Quota, type Limit } from './quota.js';
import { entryOf, recordOf, type Entry } from './record.js';

export interface BackedStoreOptions {
  /** Without one everything stays in memory. */
  readonly backing?: Backing;
  readonly clock: Clock;
  /** Of pieces kept on the backing. */
  readonly quota: Limit;
}

/** Bytes written in one transaction: the fastest size measured for values of 64 to 256 KiB. */
const WRITE_BATCH = 2 ** 20;
/** Storing is the dearest step; it waits until a burst of pieces is over (ms). */
const WRITE_DELAY = 300;
/** Bytes that may be held in memory: a disk that hangs, fails or is missing must not fill it. */
const MAX_PENDING = 32 * 2 ** 20;
/** A full disk fails once, and again after half of our data was evicted: then it is not for us. */
const MAX_FAILURES = 2;
const VISIT = 'visit';

/**
 * The store over any backing: an index in memory, reads from memory or the backing, writes behind.
 * State is owned like this: `#catalogue` says what is stored, `#pending` holds bytes that only memory
 * has, `#dirty` and `#gone` what the backing's index has not been told yet.
 */
export class BackedStore implements PieceStore {
  readonly ready: Promise<void>;
  readonly #clock: Clock;
  readonly #catalogue = new Catalogue();
  readonly #notes = new Notes();
  readonly #pending = new Pending();
  readonly #dirty = new Set<Root>();
  readonly #gone = new Map<Root, string[]>();
  readonly #quota: Quota;
  #backing: Backing | undefined;
  #visit = '';
  /** Used before a page has named the visit, which may be another one than the last. */
  #early: [Root, PieceIndex][] | undefined = [];
  #failures = 0;
  #timer: Timer;
  #writing: Promise<void> | undefined;

  constructor({ backing, clock, quota }: BackedStoreOptions) {
    this.#backing = backing;
    this.#clock = clock;
    this.#quota = new Quota(quota, () => this.#catalogue.bytes);
    this.ready = this.#load();
  }

  beginVisit(visit: string): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#visit = visit;
    this.remember(VISIT, visit);
    for (const [root, index] of early) this.use(root, index);
  }

  find(root: Root): StoredRepresentation | undefined {
    const entry = this.#catalogue.get(root);
    if (entry) this.#catalogue.ofVisit(entry, this.#visit);
    return entry;
  }

  tokenFor(url: CanonicalUrl): string | undefined {
    return this.#catalogue.tokenFor(url);
  }

  usedInVisit(): StoredRepresentation[] {
    return this.#catalogue.all().filter(({ visit, used }) => visit === this.#visit && used.count > 0);
  }

  async read(root: Root, index: PieceIndex): Promise<Bytes | undefined> {
    const entry = this.#catalogue.get(root);
    if (!entry?.stored.has(index)) return undefined;
    const bytes = await this.#get(keyOf(root, index));
    if (!bytes) this.forget(root, index);
    return bytes;
  }

  write(what: Representation, index: PieceIndex, bytes: Bytes): void {
    const entry = this.#touch(what);
    if (!entry.stored.has(index)) {
      this.#hold(keyOf(what.root, index), bytes);
      this.#catalogue.addPiece(entry, index);
      this.#quota.wrote(bytes.byteLength);
    }
    this.#use(entry, index);
    this.#evict(this.#quota.bytes, what.root);
    for (const one of this.#catalogue.surplus(entry, this.#quota.bytes)) this.forget(what.root, one);
  }

  use(root: Root, index: PieceIndex): void {
    const entry = this.#catalogue.get(root);
    if (entry?.stored.has(index)) this.#use(this.#touch(entry), index);
  }

  forget(root: Root, index: PieceIndex): void {
    const entry = this.#catalogue.get(root);
    if (!entry) return;
    this.#catalogue.removePiece(entry, index);
    this.#erase(root, [keyOf(root, index)]);
    this.#changed(root);
  }

  async readLayer(root: Root): Promise<Bytes | undefined> {
    const entry = this.#catalogue.get(root);
    const layer = entry?.layer ? await this.#get(keyOf(root, LAYER)) : undefined;
    // Or one that is gone would never be written again.
    if (entry && !layer) entry.layer = false;
    return layer;
  }

  writeLayer(what: Representation, layer: Bytes): void {
    const entry = this.#touch(what);
    if (entry.layer) return;
    entry.layer = true;
    this.#hold(keyOf(what.root, LAYER), layer);
  }

  keepToken(root: Root, url: CanonicalUrl, token: string): void {
    const entry = this.#catalogue.get(root);
    if (!entry || entry.tokens.get(url) === token) return;
    this.#catalogue.setToken(entry, url, token);
    this.#changed(root);
  }

  forgetToken(url: CanonicalUrl): void {
    const entry = this.#catalogue.removeToken(url);
    if (entry) this.#changed(entry.root);
  }

  drop(root: Root): void {
    const entry = this.#catalogue.remove(root);
    if (entry) this.#discard(entry);
  }

  recall(name: string): string | undefined {
    return this.#notes.get(name);
  }

  remember(name: string, text: string): void {
    if (this.#notes.set(name, text)) this.#schedule();
  }

  async erase(): Promise<void> {
    await this.ready;
    const backing = this.#backing;
    this.#toMemory();
    for (const { root } of this.#catalogue.all()) this.drop(root);
    this.#notes.clear();
    await this.#writing;
    await backing?.clear().catch(() => undefined);
  }

  /** One writer at a time; a flush that finds one running goes round once more after it. */
  async flush(): Promise<void> {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#writing) await this.#writing;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #load(): Promise<void> {
    if (!this.#backing) return;
    try {
      const { records, notes } = await this.#backing.load();
      this.#catalogue.restore(records.flatMap((record) => entryOf(record) ?? []));
      this.#notes.restore(notes);
      if (this.#early) this.#visit = this.#notes.get(VISIT) ?? '';
      this.#evict(this.#quota.bytes);
      void this.#quota.estimate();
    } catch {
      // The documented degradation: no disk means a store that lasts as long as the worker.
      this.#toMemory();
    }
  }

  async #get(key: string): Promise<Bytes | undefined> {
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const value = await this.#backing?.get(key).catch(() => undefined);
    return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? (value as Bytes) : undefined;
  }

  #touch(what: Representation): Entry {
    const entry = this.#catalogue.touch(what, this.#visit, this.#clock.now());
    this.#changed(what.root);
    return entry;
  }

  #use(entry: Entry, index: PieceIndex): void {
    entry.used.set(index);
    this.#early?.push([entry.root, index]);
  }

  #changed(root: Root): void {
    this.#dirty.add(root);
    this.#schedule();
  }

  #hold(key: string, bytes: Bytes): void {
    this.#pending.add(key, bytes);
    if (this.#pending.bytes > MAX_PENDING) this.#shed();
    if (this.#pending.bytes >= WRITE_BATCH && !this.#writing) void this.flush();
  }

  /** The disk does not keep up: lets go of what has waited longest. */
  #shed(): void {
    for (const key of this.#pending.keys()) {
      if (this.#pending.bytes <= MAX_PENDING) return;
      const [root, index] = key.split('/');
      const entry = isRoot(root) ? this.#catalogue.get(root) : undefined;
      if (entry && index === LAYER) entry.layer = false;
      else if (entry) this.#catalogue.removePiece(entry, Number(index) as PieceIndex);
      this.#pending.remove(key);
    }
  }

  #evict(quota: number, keep?: Root): void {
    for (const entry of this.#catalogue.evict(quota, keep)) this.#discard(entry);
  }

  #discard(entry: Entry): void {
    this.#dirty.delete(entry.root);
    this.#erase(entry.root, keysOf(entry));
  }

  #erase(root: Root, keys: readonly string[]): void {
    for (const key of keys) this.#pending.remove(key);
    this.#gone.set(root, [...(this.#gone.get(root) ?? []), ...keys]);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, WRITE_DELAY);
  }

  async #writeAll(): Promise<void> {
    if (!this.#backing) return;
    try {
      await this.#removeGone(this.#backing);
      while (!this.#pending.isEmpty) await this.#writeBatch(this.#backing);
      await this.#writeIndex(this.#backing);
      this.#failures = 0;
    } catch {
      this.#failed();
    }
  }

  async #removeGone(backing: Backing): Promise<void> {
    const gone = [...this.#gone];
    this.#gone.clear();
    if (gone.length === 0) return;
    const roots = gone.map(([root]) => root).filter((root) => !this.#catalogue.get(root));
    await backing.removeRecords(roots);
    await backing.removePieces(gone.flatMap(([, keys]) => keys).filter((key) => !this.#pending.get(key)));
  }

  async #writeBatch(backing: Backing): Promise<void> {
    const batch = this.#pending.batch(WRITE_BATCH);
    await backing.putPieces(batch);
    for (const [key] of batch) this.#pending.remove(key);
  }

  async #writeIndex(backing: Backing): Promise<void> {
    const roots = [...this.#dirty];
    this.#dirty.clear();
    const entries = roots.flatMap((root) => this.#catalogue.get(root) ?? []);
    if (entries.length > 0) await backing.putRecords(entries.map(recordOf));
    await this.#notes.write(backing);
  }

  /** The first failure may be a full disk: make room. The next one ends our use of the disk. */
  #failed(): void {
    if (++this.#failures >= MAX_FAILURES) this.#toMemory();
    else this.#evict(this.#catalogue.bytes / 2);
    if (!this.#pending.isEmpty) this.#schedule();
  }

  #toMemory(): void {
    this.#backing = undefined;
    this.#evict(this.#quota.restrict(MAX_PENDING));
  }
}
