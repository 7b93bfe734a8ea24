import type { PeerId, RootPrefix } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { MAX_WANT_ROOTS } from '../../src/core/limits.js';
import type { Want } from '../../src/protocol/tracker.js';
import type { RootTable } from '../holders/root-table.js';
import type { Visitor } from './visitor.js';
import { NO_WATCH, Watches } from './watches.js';

/**
 * A want, which may stay open for a while and is told of new holders then. What it asks for is not kept with
 * it: a million roots of open wants are columns of numbers, and not texts that are in the way of all else.
 */
export interface LiveWant {
  readonly visitor: Visitor;
  readonly q: number;
  readonly k: number;
  /** How many roots it asks for. */
  readonly size: number;
  /** Ticks. */
  readonly until: number;
  /** Its number among the open ones; `undefined` when it is answered only once. */
  number: number | undefined;
  /** The last of its watches, one for each root; the others are siblings. */
  watch: number;
  /** Positions of roots with news that were not looked at yet. */
  news: Set<number> | undefined;
  /** Peers it was told about: none is told twice. */
  readonly told: PeerId[];
}

/** Open wants of one visitor: the images in view, a video's next seconds, and some overlap. */
const MAX_WANTS_EACH = 4;
/** Watches of one site: 22 bytes each. Beyond it wants are answered once and not kept open. */
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
  /** Numbers of the roots of the want that is being opened, plus one. */
  readonly #numbers = new Uint32Array(MAX_WANT_ROOTS);

  constructor(
    private readonly clock: Clock,
    private readonly roots: RootTable,
  ) {}

  get hasNews(): boolean {
    return this.#ready.size > 0;
  }

  /** Opens a want in place of an older one of the same number; at the limit the oldest makes way. */
  open(visitor: Visitor, { q, roots, k, live }: Want): LiveWant {
    this.cancel(visitor, q);
    const want: LiveWant = {
      visitor,
      q,
      k,
      size: roots.length,
      until: this.clock.ticks() + live * 1000,
      number: undefined,
      watch: NO_WATCH,
      news: undefined,
      told: [],
    };
    if (live > 0 && this.#watches.count + roots.length <= MAX_WATCHES) this.#keep(want, roots);
    return want;
  }

  cancel(visitor: Visitor, q: number): void {
    const want = this.#byVisitor.get(visitor)?.find((one) => one.q === q);
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

  /** Looks at all that is open again. */
  remindAll(): void {
    for (const want of this.#open)
      if (want)
        this.remind(
          want,
          Array.from({ length: want.size }, (_, i) => i),
        );
  }

  isOpen({ number }: LiveWant): boolean {
    return number !== undefined;
  }

  /** Writes the numbers of an open want's roots to `into`, each plus one. */
  rootsOf({ watch }: LiveWant, into: Uint32Array): void {
    const watches = this.#watches;
    for (let node = watch; node !== NO_WATCH; node = watches.siblingOf(node))
      into[watches.positionOf(node)] = watches.rootOf(node) + 1;
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
    if (!this.isOpen(want)) return;
    want.told.push(...pids);
    if (want.told.length >= TOLD_LIMIT * want.k) this.#close(want);
  }

  sweep(): void {
    const now = this.clock.ticks();
    for (const want of this.#open) if (want && want.until <= now) this.#close(want);
  }

  #keep(want: LiveWant, names: readonly RootPrefix[]): void {
    const { visitor } = want;
    const wants = this.#byVisitor.get(visitor) ?? [];
    this.#byVisitor.set(visitor, wants);
    wants.push(want);
    const number = this.#free.pop() ?? this.#open.length;
    this.#open[number] = want;
    want.number = number;
    this.roots.takeAll(names, this.#numbers);
    for (let position = 0; position < names.length; position++) {
      const root = (this.#numbers[position] ?? 0) - 1;
      // All watches of a root are one user of it, so that their number has no bound.
      if (this.#watches.isWatched(root)) this.roots.drop(root);
      want.watch = this.#watches.add(root, number, position, want.watch);
    }
    const [oldest] = wants;
    if (oldest && wants.length > MAX_WANTS_EACH) this.#close(oldest);
  }

  #close(want: LiveWant): void {
    if (want.number === undefined) return;
    this.#open[want.number] = undefined;
    this.#free.push(want.number);
    want.number = undefined;
    this.#ready.delete(want);
    this.#unwatch(want);
    const wants = this.#byVisitor.get(want.visitor) ?? [];
    if (wants.length > 1) wants.splice(wants.indexOf(want), 1);
    else this.#byVisitor.delete(want.visitor);
  }

  #unwatch(want: LiveWant): void {
    let node = want.watch;
    want.watch = NO_WATCH;
    while (node !== NO_WATCH) {
      const next = this.#watches.siblingOf(node);
      const root = this.#watches.remove(node);
      if (!this.#watches.isWatched(root)) this.roots.drop(root);
      node = next;
    }
  }
}
