import type { RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Have } from '../../src/protocol/tracker.js';
import type { RootsAuthority } from '../admission/hasher-client.js';
import { Vouching } from '../admission/vouching.js';
import type { Limits } from '../config.js';
import type { MemoryIndex } from '../holders/memory-index.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { RootTable } from '../holders/root-table.js';
import type { Dice } from './dice.js';
import type { Elsewhere } from './elsewhere.js';
import type { Refusal } from './refusal.js';
import type { Tally } from './tally.js';
import type { Visitor } from './visitor.js';

export interface AnnouncementsOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly authority: RootsAuthority;
  readonly index: MemoryIndex;
  readonly numbers: PeerNumbers<Visitor>;
  readonly roots: RootTable;
  readonly tally: Tally;
  readonly elsewhere: Elsewhere | undefined;
  /** These roots have new holders, or may be given out from now on. */
  readonly news: (roots: readonly RootPrefix[]) => void;
}

/** Announced roots waiting for the hash service, over all visitors. */
const MAX_WAITING = 200_000;

/**
 * What visitors say they hold. It counts once the visitor's own site has vouched for it; what is not
 * vouched for yet waits for that, unknown to everybody.
 */
export class Announcements {
  /** Each site has its own hash service's word. */
  readonly #vouchings = new Map<Site, Vouching>();
  readonly #waiting = new Map<RootPrefix, Set<Visitor>>();
  #waitingCount = 0;

  constructor(private readonly options: AnnouncementsOptions) {}

  take(visitor: Visitor, { add, del }: Have): Refusal | undefined {
    const { index, limits } = this.options;
    this.#takeBack(visitor, del);
    const fresh = add.filter((root) => !visitor.waiting?.has(root) && !index.holds(visitor.number, root));
    const held = index.countOf(visitor.number) + (visitor.waiting?.size ?? 0);
    if (held + fresh.length > limits.rootsPerVisitor) {
      return { code: 'full', message: `at most ${limits.rootsPerVisitor} roots` };
    }
    const vouching = this.vouchingOf(visitor.site);
    const live = fresh.filter((root) => vouching.isLive(root));
    const unknown = fresh.filter((root) => !vouching.isLive(root));
    if (unknown.length > Math.min(vouching.room, MAX_WAITING - this.#waitingCount)) {
      return { code: 'full', message: 'too many roots wait for the hash service', retry: 5_000 };
    }
    this.#hold(visitor, live);
    if (live.length > 0) this.options.news(live);
    for (const root of unknown) this.#wait(visitor, root);
    vouching.check(add);
    return undefined;
  }

  vouchingOf(site: Site): Vouching {
    const known = this.#vouchings.get(site);
    if (known) return known;
    const { authority, clock, dice, roots, tally } = this.options;
    const vouching = new Vouching({
      ask: (prefixes) => authority.liveRoots(site, prefixes),
      settled: (live, dead) => {
        this.#settle(site, live, dead);
      },
      failed: (error) => {
        tally.trouble(error);
      },
      roots,
      clock,
      dice,
    });
    this.#vouchings.set(site, vouching);
    return vouching;
  }

  /** The visitor is gone, with all it held. */
  clear(visitor: Visitor): void {
    for (const root of visitor.waiting ?? []) this.#stopWaiting(visitor, root);
    this.options.elsewhere?.gone(visitor);
    this.options.index.leave(visitor.number);
  }

  sweep(): void {
    for (const vouching of this.#vouchings.values()) vouching.sweep();
  }

  close(): void {
    for (const vouching of this.#vouchings.values()) vouching.close();
  }

  #takeBack(visitor: Visitor, roots: readonly RootPrefix[]): void {
    this.options.index.remove(visitor.number, roots);
    this.options.elsewhere?.lacks(visitor, roots);
    for (const root of roots) this.#stopWaiting(visitor, root);
  }

  #hold(visitor: Visitor, roots: readonly RootPrefix[]): void {
    const added = this.options.index.add(visitor.number, roots);
    this.options.elsewhere?.holds(visitor, added);
  }

  #wait(visitor: Visitor, root: RootPrefix): void {
    const waiting = (visitor.waiting ??= new Set<RootPrefix>());
    if (waiting.has(root)) return;
    const visitors = this.#waiting.get(root) ?? new Set<Visitor>();
    this.#waiting.set(root, visitors.add(visitor));
    waiting.add(root);
    this.#waitingCount++;
  }

  #stopWaiting(visitor: Visitor, root: RootPrefix): void {
    if (!visitor.waiting?.delete(root)) return;
    this.#waitingCount--;
    if (visitor.waiting.size === 0) visitor.waiting = undefined;
    const visitors = this.#waiting.get(root);
    visitors?.delete(visitor);
    if (visitors?.size === 0) this.#waiting.delete(root);
  }

  /** A verdict holds for the visitors of its site: what they announced, and what they are told. */
  #settle(site: Site, live: readonly RootPrefix[], dead: readonly RootPrefix[]): void {
    this.options.tally.verdicts(live.length, dead.length);
    for (const root of dead) {
      for (const visitor of this.#waitersOf(site, root)) this.#stopWaiting(visitor, root);
      this.#forget(site, root);
    }
    const held = new Map<Visitor, RootPrefix[]>();
    for (const root of live) {
      for (const visitor of this.#waitersOf(site, root)) {
        this.#stopWaiting(visitor, root);
        const roots = held.get(visitor);
        if (roots) roots.push(root);
        else held.set(visitor, [root]);
      }
    }
    for (const [visitor, roots] of held) this.#hold(visitor, roots);
    this.options.news(live);
  }

  /** Nobody of this site may be shown for a root any more. */
  #forget(site: Site, root: RootPrefix): void {
    const { elsewhere, index, numbers } = this.options;
    index.forget(root, (peer) => {
      const visitor = numbers.peerOf(peer);
      if (visitor?.site !== site) return false;
      elsewhere?.lacks(visitor, [root]);
      return true;
    });
  }

  #waitersOf(site: Site, root: RootPrefix): Visitor[] {
    return [...(this.#waiting.get(root) ?? [])].filter((visitor) => visitor.site === site);
  }
}
