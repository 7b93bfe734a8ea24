import type { PeerId, RootPrefix } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Want } from '../../src/protocol/tracker.js';
import type { Visitor } from './visitor.js';

/** A want that stays open for a while and is told of new holders. */
export interface LiveWant {
  readonly visitor: Visitor;
  readonly message: Want;
  /** Ticks. */
  readonly until: number;
  /** Positions of roots with news that were not looked at yet. */
  readonly news: Set<number>;
  /** Peers it was told about: none is told twice. */
  readonly told: Set<PeerId>;
  closed: boolean;
}

/** Open wants of one visitor: the images in view, a video's next seconds, and some overlap. */
const MAX_WANTS_EACH = 4;
/** Watched roots of one site: some 100 bytes each. Beyond it wants are answered once and not kept open. */
const MAX_WATCHED = 1_000_000;
/** Reminders that one announcement may cause: what 2,000 roots cost with ten watchers each. */
const MAX_REMINDERS = 20_000;
/** Peers told in all, in units of what was asked for: enough to replace those that left. */
const TOLD_LIMIT = 3;

/** The open wants of one site, and which of them wait for which root. */
export class LiveWants {
  readonly #byVisitor = new Map<Visitor, Map<number, LiveWant>>();
  readonly #watchers = new Map<RootPrefix, Map<LiveWant, number>>();
  /** Wants with news, in the order in which they are served. */
  readonly #ready = new Set<LiveWant>();
  #watched = 0;

  constructor(private readonly clock: Clock) {}

  get hasNews(): boolean {
    return this.#ready.size > 0;
  }

  /** Opens a want in place of an older one of the same number; at the limit the oldest makes way. */
  open(visitor: Visitor, message: Want): LiveWant {
    this.cancel(visitor, message.q);
    const until = this.clock.ticks() + message.live * 1000;
    const want = { visitor, message, until, news: new Set<number>(), told: new Set<PeerId>(), closed: false };
    if (message.live === 0 || this.#watched + message.roots.length > MAX_WATCHED) return want;
    const wants = this.#byVisitor.get(visitor) ?? new Map<number, LiveWant>();
    this.#byVisitor.set(visitor, wants.set(message.q, want));
    for (const oldest of wants.values()) if (wants.size > MAX_WANTS_EACH) this.#close(oldest);
    message.roots.forEach((root, position) => {
      this.#watch(want, root, position);
    });
    return want;
  }

  cancel(visitor: Visitor, q: number): void {
    const want = this.#byVisitor.get(visitor)?.get(q);
    if (want) this.#close(want);
  }

  cancelAll(visitor: Visitor): void {
    for (const want of this.#byVisitor.get(visitor)?.values() ?? []) this.#close(want);
  }

  /** These roots have a new holder. Pushes are a courtesy: beyond the limit nobody else is reminded. */
  mark(roots: readonly RootPrefix[]): void {
    let left = MAX_REMINDERS;
    for (const root of roots) {
      for (const [want, position] of this.#watchers.get(root) ?? []) {
        if (left-- === 0) return;
        this.remind(want, [position]);
      }
    }
  }

  /** Looks at these positions again in one of the next rounds. */
  remind(want: LiveWant, positions: Iterable<number>): void {
    if (want.closed || !this.isKept(want)) return;
    for (const position of positions) want.news.add(position);
    this.#ready.add(want);
  }

  isKept(want: LiveWant): boolean {
    return this.#byVisitor.get(want.visitor)?.get(want.message.q) === want;
  }

  /** Up to `count` wants with news, first come first served. */
  takeReady(count: number): { want: LiveWant; positions: number[] }[] {
    const taken = [];
    for (const want of this.#ready) {
      if (taken.length === count) break;
      this.#ready.delete(want);
      taken.push({ want, positions: [...want.news] });
      want.news.clear();
    }
    return taken;
  }

  /** Notes who was told; a want that has had its fill is closed. */
  told(want: LiveWant, pids: readonly PeerId[]): void {
    for (const pid of pids) want.told.add(pid);
    if (want.told.size >= TOLD_LIMIT * want.message.k) this.#close(want);
  }

  sweep(): void {
    const now = this.clock.ticks();
    for (const wants of this.#byVisitor.values()) {
      for (const want of wants.values()) if (want.until <= now) this.#close(want);
    }
  }

  #watch(want: LiveWant, root: RootPrefix, position: number): void {
    const watchers = this.#watchers.get(root) ?? new Map<LiveWant, number>();
    if (watchers.has(want)) return;
    this.#watchers.set(root, watchers.set(want, position));
    this.#watched++;
  }

  #close(want: LiveWant): void {
    if (want.closed) return;
    want.closed = true;
    this.#ready.delete(want);
    const wants = this.#byVisitor.get(want.visitor);
    if (wants?.get(want.message.q) === want) wants.delete(want.message.q);
    if (wants?.size === 0) this.#byVisitor.delete(want.visitor);
    for (const root of want.message.roots) this.#unwatch(want, root);
  }

  #unwatch(want: LiveWant, root: RootPrefix): void {
    const watchers = this.#watchers.get(root);
    if (!watchers?.delete(want)) return;
    this.#watched--;
    if (watchers.size === 0) this.#watchers.delete(root);
  }
}
