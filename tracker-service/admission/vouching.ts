import type { RootPrefix } from '../../src/core/brands.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { MAX_ROOTS_ASKED, type RootsResponse } from '../../src/protocol/hasher.js';
import type { RootTable } from '../holders/root-table.js';
import type { Dice } from '../core/dice.js';

export interface VouchingOptions {
  readonly ask: (roots: readonly RootPrefix[]) => Promise<RootsResponse['live']>;
  /** Told once for each verdict of the hash service. */
  readonly settled: (live: readonly RootPrefix[], dead: readonly RootPrefix[]) => void;
  readonly failed: (error: unknown) => void;
  readonly roots: RootTable;
  readonly clock: Clock;
  readonly dice: Dice;
}

/** Questions of one page's opening burst go out together. */
const BATCH_MS = 25;
/** A root that is in use is asked about again this often (ms), like the policy. */
const RECHECK_MS = 240_000;
/** Asked again this long before it lapses (ms), so that a token's renewal leaves no gap. */
const AHEAD_MS = 30_000;
/** No root that is vouched for is asked about more often than this (ms). */
const SOONEST_RECHECK_MS = 5_000;
/** A root without live token may get one any moment, but strangers must not make us ask all the time. */
const DEAD_MS = 10_000;
/** Back-off while the hash service does not answer (ms, doubling, full jitter above half). */
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;
/** Live roots remembered for one site, some 40 bytes each; beyond it others give way, and are asked about again. */
const MAX_LIVE = 1_000_000;
/** Roots that one sweep looks at: in a table of a million, lapsed ones go within minutes. */
const SWEPT_AT_ONCE = 8_192;
const FIRST_ROOM = 256;
/** Grain of the time of rechecks (ms): fine enough, and 32 bits of it are years. */
const GRAIN = 100;
/** Dead ones have room of their own: strangers make them up. */
const MAX_DEAD = 50_000;
/** Questions waiting for the hash service: a minute of announcements at 1,000 a second. */
const MAX_QUEUED = 60_000;

/** What the hash service says about the roots of one site: asked in batches, one request in flight. */
export class Vouching {
  /** By root: until when it is vouched for (wall clock, s); 0 where it is not. */
  #untils = new Uint32Array(FIRST_ROOM);
  /** By root: when (ticks, in grains) its next use asks again, so that a withdrawn root goes within minutes. */
  #rechecks = new Uint32Array(FIRST_ROOM);
  #live = 0;
  #swept = 0;
  /** When (ticks) each may be asked about again. */
  readonly #dead = new Map<RootPrefix, number>();
  readonly #queue = new Set<RootPrefix>();
  #timer: Timer;
  #asking = false;
  #failures = 0;
  #closed = false;

  constructor(private readonly options: VouchingOptions) {}

  isLive(name: RootPrefix): boolean {
    const root = this.options.roots.find(name);
    return root !== undefined && this.#isLive(root, this.options.clock.now());
  }

  /**
   * As `isLive`, for a root that is put to use: it is asked about again when it is time. `now` (ms) and
   * `ticks` are read once for all roots of a want.
   */
  confirms(root: number, now: number, ticks: number): boolean {
    if (!this.#isLive(root, now)) return false;
    if ((this.#rechecks[root] ?? 0) * GRAIN <= ticks) this.check([this.options.roots.nameOf(root)]);
    return true;
  }

  /** How many more questions can wait. */
  get room(): number {
    return MAX_QUEUED - this.#queue.size;
  }

  /** Asks about each root whose verdict is missing, lapsed or due; `settled` hears the answers. */
  check(roots: readonly RootPrefix[]): void {
    for (const root of roots) if (this.room > 0 && this.#isDue(root)) this.#queue.add(root);
    this.#arm(BATCH_MS);
  }

  /** Forgets what has lapsed, some of it at a time. */
  sweep(): void {
    const now = this.options.clock.now();
    const end = Math.min(this.#swept + SWEPT_AT_ONCE, this.#untils.length);
    for (let root = this.#swept; root < end; root++)
      if (this.#untils[root] !== 0 && !this.#isLive(root, now)) this.#forget(root);
    this.#swept = end === this.#untils.length ? 0 : end;
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
    this.#queue.clear();
  }

  #isLive(root: number, now: number): boolean {
    return (this.#untils[root] ?? 0) * 1000 > now;
  }

  #isDue(name: RootPrefix): boolean {
    const root = this.options.roots.find(name);
    const { clock } = this.options;
    if (root === undefined || !this.#isLive(root, clock.now())) return true;
    return (this.#rechecks[root] ?? 0) * GRAIN <= clock.ticks();
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined || this.#asking || this.#closed || this.#queue.size === 0) return;
    this.#timer = this.options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#askNext();
    }, ms);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #askNext(): Promise<void> {
    const batch = this.#ripe();
    if (batch.length === 0) {
      this.#arm(DEAD_MS / 10);
      return;
    }
    this.#asking = true;
    const live = await this.options.ask(batch).catch((error: unknown) => {
      this.options.failed(error);
      return undefined;
    });
    this.#asking = false;
    if (this.#closed) return;
    if (live) this.#settle(batch, live);
    this.#failures = live ? 0 : this.#failures + 1;
    this.#arm(live ? BATCH_MS : this.#backOff());
  }

  /** What may be asked now: a root said to be dead a moment ago waits in the queue. */
  #ripe(): RootPrefix[] {
    const ripe: RootPrefix[] = [];
    const now = this.options.clock.ticks();
    for (const root of this.#queue) {
      if (ripe.length === MAX_ROOTS_ASKED) break;
      if ((this.#dead.get(root) ?? now) <= now) ripe.push(root);
    }
    return ripe;
  }

  #settle(batch: readonly RootPrefix[], answer: RootsResponse['live']): void {
    const untils = new Map(answer.map(({ root, until }) => [root, until * 1000]));
    const live: RootPrefix[] = [];
    const dead: RootPrefix[] = [];
    for (const root of batch) {
      this.#queue.delete(root);
      (this.#remember(root, untils.get(root) ?? 0) ? live : dead).push(root);
    }
    this.options.settled(live, dead);
  }

  /** Notes a verdict and returns whether the root is live. */
  #remember(name: RootPrefix, until: number): boolean {
    const { clock, roots } = this.options;
    const left = until - clock.now();
    this.#dead.delete(name);
    if (left > 0) {
      const again = Math.min(RECHECK_MS, Math.max(SOONEST_RECHECK_MS, left - AHEAD_MS));
      this.#vouch(name, Math.ceil(until / 1000), Math.ceil((clock.ticks() + again) / GRAIN));
    } else {
      const root = roots.find(name);
      if (root !== undefined) this.#forget(root);
      this.#dead.set(name, clock.ticks() + DEAD_MS);
      dropOldest(this.#dead, MAX_DEAD);
    }
    return left > 0;
  }

  /** What is vouched for is one use of the root. */
  #vouch(name: RootPrefix, until: number, recheck: number): void {
    const { roots } = this.options;
    let root = roots.find(name);
    if (root === undefined || (this.#untils[root] ?? 0) === 0) {
      if (this.#live >= MAX_LIVE) this.#makeRoom();
      root = roots.take(name);
      this.#live++;
    }
    if (root >= this.#untils.length) {
      this.#untils = wider(this.#untils, root);
      this.#rechecks = wider(this.#rechecks, root);
    }
    this.#untils[root] = until;
    this.#rechecks[root] = recheck;
  }

  #forget(root: number): void {
    if ((this.#untils[root] ?? 0) === 0) return;
    this.#untils[root] = 0;
    this.#live--;
    this.options.roots.drop(root);
  }

  /** Somebody has to go: whoever stands where chance points. */
  #makeRoom(): void {
    const start = Math.floor(this.options.dice() * this.#untils.length);
    const at = this.#untils.findIndex((until, root) => root >= start && until !== 0);
    this.#forget(at >= 0 ? at : this.#untils.findIndex((until) => until !== 0));
  }

  #backOff(): number {
    const longest = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (this.#failures - 1));
    return (longest * (1 + this.options.dice())) / 2;
  }
}

function wider(column: Uint32Array, index: number): Uint32Array<ArrayBuffer> {
  const made = new Uint32Array(Math.ceil((index + 1) * 1.5));
  made.set(column);
  return made;
}

function dropOldest(map: Map<RootPrefix, unknown>, max: number): void {
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
