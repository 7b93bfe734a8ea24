import { BoundedMap } from '../src/core/bounded-map.js';
import type { PieceIndex, Root } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import { piecesOf, pieceSize } from '../src/core/pieces.js';
import type { FallbackReason, SiteConfig, Upcoming } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { PieceStore } from '../src/store/port.js';
import { MAX_PEER_WAIT } from './bridge.js';
import { representationOf } from './holdings.js';
import type { Layers } from './layers.js';
import type { Attempt, Needs } from './needs.js';
import type { Seen } from './seen.js';
import type { Tokens } from './tokens.js';
import type { Trust } from './trust.js';

/** Bytes of all lists that are asked for: what lies ahead of the players in the store, and on its way there. */
export const MAX_AHEAD = 32 * 2 ** 20;
/** Peers are asked for so much (bytes) in one attempt: little enough to be given up without regret. */
const UNIT = 2 ** 20;
/** Attempts that somebody works on at a time; what the player itself asks for still finds room. */
export const AT_ONCE = 3;
/** Attempts open at a time, those that wait for a holder included. */
const MAX_OPEN = 12;
/** A page says what it wants again and again; one that no longer does (ms) is gone, or asleep. */
export const PLAN_LIFE = 30_000;
/** What failed is not asked for ahead again so soon (ms), */
const REST = 5_000;
/** nor what came, or what a request gets, for this long (ms): by then it is here, or else it was of no use. */
const DONE = 30_000;
/** Pieces remembered as had: twice what all lists can name, in the smallest pieces. */
const MAX_DONE = 1024;

/** `at`: when playback gets there, in the clock's `ticks`. */
type Item = Upcoming & { readonly at: number };

/** What the players of one page will want, as it last said. */
interface Plan {
  readonly items: readonly Item[];
  readonly until: number;
}

/** Pieces of one representation that lie together. Units begin at multiples of their size, whatever the lists say. */
interface Unit {
  readonly key: string;
  readonly digest: DigestClaims;
  readonly pieces: Set<PieceIndex>;
  readonly at: number;
}

/** A unit that peers are being asked for. */
interface Work {
  readonly unit: Unit;
  readonly missing: Set<PieceIndex>;
  readonly until: number;
  attempt?: Attempt | undefined;
  /** Nobody holds it, so far. */
  isWaiting?: boolean;
}

export interface PrefetchOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly store: PieceStore;
  readonly trust: Trust;
  readonly tokens: Tokens;
  readonly layers: Layers;
  readonly needs: Needs;
  readonly seen: Seen;
}

/**
 * Asks peers, and never the origin, for what players will want, so that it lies verified in the store when they do.
 * The lists of all pages are merged, what is due first goes first. A request for something that is under way takes it
 * over: its own need is open before this one lets go, so that nothing is asked for twice.
 */
export class Prefetch {
  readonly #plans = new Map<string, Plan>();
  readonly #works = new Map<string, Work>();
  /** Pieces that are not to be asked for (again) until then. */
  readonly #done = new BoundedMap<string, number>(MAX_DONE);

  readonly #options: PrefetchOptions;

  constructor(options: PrefetchOptions) {
    this.#options = options;
    options.needs.taken = this.#taken;
  }

  /** This is what the players of a page want from now on, in place of what it said before. */
  plan(clientId: string, items: readonly Upcoming[]): void {
    const { clock, tokens } = this.#options;
    const now = clock.ticks();
    this.#plans.delete(clientId);
    if (items.length > 0) {
      const timed = items.map((item) => ({ ...item, at: now + item.due }));
      this.#plans.set(clientId, { items: timed, until: now + PLAN_LIFE });
    }
    this.review();
    for (const url of new Set(items.map((item) => item.url))) if (!tokens.peek(url)) void this.#find(url);
  }

  /** Brings what is asked for in line with the lists, and with what is known and allowed. */
  review(): void {
    if (this.#plans.size + this.#works.size === 0) return;
    const now = this.#options.clock.ticks();
    const units = this.#units(now);
    for (const [key, work] of [...this.#works]) if (!units.has(key) || work.until <= now) this.#end(work);
    for (const unit of units.values()) {
      const busy = [...this.#works.values()].filter(({ isWaiting }) => !isWaiting).length;
      if (busy >= AT_ONCE || this.#works.size >= MAX_OPEN) return;
      if (!this.#works.has(unit.key)) void this.#start(unit, now);
    }
  }

  /** Whether what comes is heard of again: `onLearned` of the tokens leads to a review. */
  async #find(url: Upcoming['url']): Promise<void> {
    const { tokens, seen, trust } = this.#options;
    const isSettled = (await tokens.find(url)) ?? (tokens.refused(url) || tokens.isUnsigned(url));
    if (!isSettled && trust.permission === 'yes') seen.note(url);
  }

  /** What may be asked for, soonest first. */
  #units(now: number): Map<string, Unit> {
    const units = new Map<string, Unit>();
    let bytes = 0;
    for (const { url, start = 0, end = Infinity, at } of this.#items(now)) {
      const digest = this.#digestOf(url);
      if (!digest) continue;
      const { root, cut } = representationOf(digest);
      for (const index of piecesOf(cut, { start, end: Math.min(end, start + MAX_AHEAD) })) {
        const key = `${root} ${Math.floor((index * cut.piece) / UNIT)}`;
        const unit = units.get(key) ?? { key, digest, pieces: new Set<PieceIndex>(), at };
        if (unit.pieces.has(index)) continue;
        bytes += pieceSize(cut, index);
        if (bytes > MAX_AHEAD) return units;
        units.set(key, unit);
        unit.pieces.add(index);
      }
    }
    return units;
  }

  #items(now: number): Item[] {
    if (this.#options.trust.permission !== 'yes') return [];
    for (const [clientId, { until }] of [...this.#plans]) if (until <= now) this.#plans.delete(clientId);
    return [...this.#plans.values()].flatMap(({ items }) => items).sort((a, b) => a.at - b.at);
  }

  #digestOf(url: Upcoming['url']): DigestClaims | undefined {
    const { tokens, config } = this.#options;
    const digest = tokens.peek(url);
    return digest && digest.len >= config.minSize ? digest : undefined;
  }

  async #start(unit: Unit, now: number): Promise<void> {
    const { digest } = unit;
    const missing = new Set([...unit.pieces].filter((index) => this.#isLacking(digest.root, index, now)));
    if (missing.size === 0) return;
    // The player's own requests come first: no page may give those more than `MAX_PEER_WAIT`.
    const until = Math.max(now, unit.at) + MAX_PEER_WAIT;
    const work: Work = { unit, missing, until };
    this.#works.set(unit.key, work);
    await this.#options.layers.load(representationOf(digest));
    if (this.#works.get(unit.key) === work) this.#ask(work);
  }

  #ask(work: Work): void {
    const { needs, clock } = this.#options;
    const { digest } = work.unit;
    const before = work.attempt;
    const wait = work.until - clock.ticks();
    const request = { digest, pieces: [...work.missing], wait, lasting: true, ahead: true };
    const attempt = needs.ask(request, {
      onPiece: (index) => {
        this.#rest(digest.root, [index], DONE);
        work.missing.delete(index);
        if (work.missing.size === 0) this.#next(work);
      },
      onVerdict: (_verdict, wasted) => {
        needs.stray(wasted);
      },
    });
    work.attempt = attempt;
    before?.close();
    if (!attempt) this.#end(work);
    void attempt?.missed.then((reason) => {
      if (work.attempt === attempt) this.#missed(work, reason);
    });
  }

  /** The rest of a unit is asked for anew before its old attempt ends: what came in part is not lost. */
  readonly #taken = (root: Root, pieces: readonly PieceIndex[]): void => {
    this.#rest(root, pieces, DONE);
    for (const work of [...this.#works.values()]) {
      const mine = work.unit.digest.root === root ? pieces.filter((index) => work.missing.delete(index)) : [];
      if (mine.length === 0) continue;
      if (work.missing.size === 0) this.#next(work);
      else if (work.attempt) this.#ask(work);
    }
  };

  #rest(root: Root, pieces: Iterable<PieceIndex>, ms: number): void {
    const until = this.#options.clock.ticks() + ms;
    for (const index of pieces) this.#done.set(keyOf(root, index), until);
  }

  #missed(work: Work, reason: FallbackReason): void {
    if (!this.#works.has(work.unit.key)) return;
    // This one lasts: whoever comes to hold it will be asked. Meanwhile others may have their turn.
    if (reason === 'no-peers') work.isWaiting = true;
    else {
      this.#rest(work.unit.digest.root, work.missing, REST);
      this.#end(work);
    }
    this.review();
  }

  #next(work: Work): void {
    this.#end(work);
    this.review();
  }

  #end(work: Work): void {
    this.#works.delete(work.unit.key);
    work.attempt?.close();
    work.attempt = undefined;
  }

  #isLacking(root: Root, index: PieceIndex, now: number): boolean {
    if (this.#options.store.find(root)?.stored.has(index)) return false;
    return (this.#done.get(keyOf(root, index)) ?? 0) <= now;
  }
}

function keyOf(root: Root, index: PieceIndex): string {
  return `${root} ${index}`;
}
