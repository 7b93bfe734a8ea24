import type { PeerId, RootPrefix } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Want } from '../../src/protocol/tracker.js';
import type { RootTable } from '../holders/root-table.js';
import type { Visitor } from './visitor.js';
import { Watches } from './watches.js';

/** A want, which may stay open for a while and is told of new holders then. */
export interface LiveWant {
  readonly visitor: Visitor;
  readonly message: Want;
  /** Ticks. */
  readonly until: number;
  /** Numbers of its roots plus one; 0 for a root that nobody has ever heard of. */
  readonly roots: Uint32Array;
  /** Its number among the open ones; `undefined` when it is answered only once. */
  number: number | undefined;
  /** Its watches, one for each root. */
  watches: Uint32Array | undefined;
  /** Positions of roots with news that were not looked at yet. */
  news: Set<number> | undefined;
  /** Peers it was told about: none is told twice. */
  told: Set<PeerId> | undefined;
}

/** Open wants of one visitor: the images in view, a video's next seconds, and some overlap. */
const MAX_WANTS_EACH = 4;
/** Watches of one site: 18 bytes each. Beyond it wants are answered once and not kept open. */
const MAX_WATCHES = 4_000_000;
/** Reminders that one announcement may cause: what 2,000 roots cost with ten watchers each. */
const MAX_REMINDERS = 20_000;
/** Peers told in all, in units of what was asked for: enough to replace those that left. */
const TOLD_LIMIT = 3;

/** The open wants of one site, and which of them wait for which root. */
export class LiveWants {
  readonly #byVisitor = new Map<Visitor, LiveWant[]>();
  /** By number. */
  readonly #open: (LiveWant | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #watches = new Watches();
  /** Wants with news, in the order in which they are served. */
  readonly #ready = new Set<LiveWant>();

  constructor(
    private readonly clock: Clock,
    private readonly roots: RootTable,
  ) {}

  get hasNews(): boolean {
    return this.#ready.size > 0;
  }

  /** Opens a want in place of an older one of the same number; at the limit the oldest makes way. */
  open(visitor: Visitor, message: Want): LiveWant {
    this.cancel(visitor, message.q);
    const until = this.clock.ticks() + message.live * 1000;
    const isKept = message.live > 0 && this.#watches.count + message.roots.length <= MAX_WATCHES;
    const want: LiveWant = {
      visitor,
      message,
      until,
      roots: this.#numbersOf(message, isKept),
      number: undefined,
      watches: undefined,
      news: undefined,
      told: undefined,
    };
    if (isKept) this.#keep(want);
    return want;
  }

  cancel(visitor: Visitor, q: number): void {
    const want = this.#byVisitor.get(visitor)?.find(({ message }) => message.q === q);
    if (want) this.#close(want);
  }

  cancelAll(visitor: Visitor): void {
    for (const want of [...(this.#byVisitor.get(visitor) ?? [])]) this.#close(want);
  }

  /** These roots have a new holder. Pushes are a courtesy: beyond the limit nobody else is reminded. */
  mark(roots: readonly RootPrefix[]): void {
    let left = MAX_REMINDERS;
    for (const name of roots) {
      const root = this.roots.find(name);
      if (root === undefined) continue;
      left -= this.#watches.visit(root, left, (number, position) => {
        const want = this.#open[number];
        if (want) this.remind(want, [position]);
      });
    }
  }

  /** Looks at these positions again in one of the next rounds. */
  remind(want: LiveWant, positions: Iterable<number>): void {
    if (!this.isOpen(want)) return;
    want.news ??= new Set<number>();
    for (const position of positions) want.news.add(position);
    this.#ready.add(want);
  }

  isOpen({ number }: LiveWant): boolean {
    return number !== undefined;
  }

  /** Up to `count` wants with news, first come first served. */
  takeReady(count: number): { want: LiveWant; positions: number[] }[] {
    const taken = [];
    for (const want of this.#ready) {
      if (taken.length === count) break;
      this.#ready.delete(want);
      taken.push({ want, positions: [...(want.news ?? [])] });
      want.news = undefined;
    }
    return taken;
  }

  /** Notes who was told; a want that has had its fill is closed. */
  told(want: LiveWant, pids: readonly PeerId[]): void {
    if (!this.isOpen(want) || pids.length === 0) return;
    want.told ??= new Set<PeerId>();
    for (const pid of pids) want.told.add(pid);
    if (want.told.size >= TOLD_LIMIT * want.message.k) this.#close(want);
  }

  sweep(): void {
    const now = this.clock.ticks();
    for (const want of this.#open) if (want && want.until <= now) this.#close(want);
  }

  #keep(want: LiveWant): void {
    const { visitor } = want;
    const wants = this.#byVisitor.get(visitor) ?? [];
    this.#byVisitor.set(visitor, wants);
    wants.push(want);
    const number = this.#free.pop() ?? this.#open.length;
    this.#open[number] = want;
    want.number = number;
    want.watches = want.roots.map((root, position) => this.#watch(root - 1, number, position));
    const [oldest] = wants;
    if (oldest && wants.length > MAX_WANTS_EACH) this.#close(oldest);
  }

  /** Roots of a want that is kept are used by it, each once for every position it has. */
  #numbersOf({ roots }: Want, isKept: boolean): Uint32Array {
    const numbers = new Uint32Array(roots.length);
    for (const [position, name] of roots.entries()) {
      const root = isKept ? this.roots.take(name) : this.roots.find(name);
      numbers[position] = root === undefined ? 0 : root + 1;
    }
    return numbers;
  }

  /** All watches of a root are one user of it, so that their number has no bound. */
  #watch(root: number, number: number, position: number): number {
    if (this.#watches.isWatched(root)) this.roots.drop(root);
    return this.#watches.add(root, number, position);
  }

  #close(want: LiveWant): void {
    if (want.number === undefined) return;
    this.#open[want.number] = undefined;
    this.#free.push(want.number);
    want.number = undefined;
    this.#ready.delete(want);
    for (const watch of want.watches ?? []) {
      const root = this.#watches.remove(watch);
      if (!this.#watches.isWatched(root)) this.roots.drop(root);
    }
    want.watches = undefined;
    const wants = this.#byVisitor.get(want.visitor) ?? [];
    if (wants.length > 1) wants.splice(wants.indexOf(want), 1);
    else this.#byVisitor.delete(want.visitor);
  }
}
