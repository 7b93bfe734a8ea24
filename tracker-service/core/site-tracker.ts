import type { RootPrefix, Site } from '../../src/core/brands.js';
import type { Bytes, RandomBytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { Have, Load, Report, SignalTo, Want } from '../../src/protocol/tracker.js';
import type { Limits } from '../config.js';
import type { Dice } from './dice.js';
import type { RootsAuthority } from '../admission/hasher-client.js';
import { MemoryIndex } from '../holders/memory-index.js';
import { PeerNumbers } from '../holders/peer-numbers.js';
import { RootTable } from '../holders/root-table.js';
import { Introducer } from './introducer.js';
import type { Line } from './line.js';
import type { Passes } from './passes.js';
import type { Pressure } from './pressure.js';
import type { Refusal } from './refusal.js';
import type { Tally } from './tally.js';
import { signalText } from './texts.js';
import type { Visitor } from './visitor.js';
import { Visitors, type Arrival } from './visitors.js';
import { Vouching } from '../admission/vouching.js';
import { LiveWants } from './wants.js';

export interface SiteTrackerOptions {
  readonly node: Bytes;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly dice: Dice;
  readonly passes: Passes;
  readonly roots: RootsAuthority;
  readonly tally: Tally;
  readonly pressure: Pressure;
}

/** News is gathered this long (ms), so that one page's burst of holders is one message. */
const PUSH_EVERY = 100;
/** Wants served in one round of pushes: a few ms of work, whatever the crowd; the rest waits its turn. */
const PUSHES_AT_ONCE = 64;
/** Announced roots waiting for the hash service, over all visitors of a site. */
const MAX_WAITING = 200_000;
/** From this level of pressure on nothing is pushed; the news waits. */
const NO_PUSHES = 1;
/** A slow peer may be slow for one asker only. */
const SLOW_COMPLAINT = 1 / 4;

/**
 * The visitors of one site, or of sites that are federated, and what they hold and want. Nothing passes to
 * other sites.
 */
export class SiteTracker {
  readonly visitors: Visitors;
  readonly index: MemoryIndex;
  readonly #numbers = new PeerNumbers<Visitor>();
  readonly #roots: RootTable;
  /** Each site has its own hash service's word. */
  readonly #vouchings = new Map<Site, Vouching>();
  readonly #wants: LiveWants;
  readonly #introducer: Introducer;
  readonly #waiting = new Map<RootPrefix, Set<Visitor>>();
  #waitingCount = 0;
  #round: Timer;

  constructor(private readonly options: SiteTrackerOptions) {
    const { clock } = options;
    const numbers = this.#numbers;
    this.#roots = new RootTable(options.dice);
    const table = { roots: this.#roots };
    this.index = new MemoryIndex({ ...options, ...table, networkOf: (peer) => numbers.networkOf(peer) });
    this.visitors = new Visitors({ ...options, numbers, gone: (visitor) => this.#clear(visitor) });
    this.#wants = new LiveWants(clock, this.#roots);
    const { index } = this;
    const vouchingOf = (site: Site): Vouching => this.#vouchingOf(site);
    const parts = { index, numbers, vouchingOf, wants: this.#wants };
    this.#introducer = new Introducer({ ...options, ...parts });
  }

  enter(arrival: Arrival, line: Line): Visitor {
    return this.visitors.enter(arrival, line);
  }

  /** The socket is gone. Open wants go with it, what is held stays until the visitor is forgotten. */
  drop(visitor: Visitor, line: Line): void {
    if (visitor.line === line) this.#wants.cancelAll(visitor);
    this.visitors.drop(visitor, line);
  }

  /** Takes note of what a visitor holds; what is not vouched for yet waits for that, unknown to others. */
  have(visitor: Visitor, { add, del }: Have): Refusal | undefined {
    const { index } = this;
    const { limits } = this.options;
    index.remove(visitor.number, del);
    for (const root of del) this.#stopWaiting(visitor, root);
    const fresh = add.filter((root) => !visitor.waiting?.has(root) && !index.holds(visitor.number, root));
    const held = index.countOf(visitor.number) + (visitor.waiting?.size ?? 0);
    if (held + fresh.length > limits.rootsPerVisitor) {
      return { code: 'full', message: `at most ${limits.rootsPerVisitor} roots` };
    }
    const vouching = this.#vouchingOf(visitor.site);
    const live = fresh.filter((root) => vouching.isLive(root));
    const unknown = fresh.filter((root) => !vouching.isLive(root));
    if (unknown.length > Math.min(vouching.room, MAX_WAITING - this.#waitingCount)) {
      return { code: 'full', message: 'too many roots wait for the hash service', retry: 5_000 };
    }
    this.#announce(visitor, live);
    for (const root of unknown) this.#wait(visitor, root);
    vouching.check(add);
    return undefined;
  }

  want(visitor: Visitor, message: Want): void {
    this.#introducer.answer(this.#wants.open(visitor, message));
    this.#armRound();
  }

  cancel(visitor: Visitor, q: number): void {
    this.#wants.cancel(visitor, q);
  }

  /** Relays a sealed signal between two introduced peers, with the pass for the way back. */
  signal(visitor: Visitor, { to, pass, box }: SignalTo): Refusal | undefined {
    const { passes, tally } = this.options;
    const isPermitted = visitor.acquaintances.hasPass(to, pass) || passes.permits(pass, visitor.pid, to);
    if (!isPermitted) return badPass('no valid pass for this peer');
    const target = this.visitors.present(to);
    if (!target?.line) return { code: 'gone', message: 'this peer has left' };
    const wait = visitor.acquaintances.wasCalledBy(to) ? 0 : visitor.allowances.targets.reach(to);
    if (wait > 0) return { code: 'rate', message: 'too many different peers in a minute', retry: wait };
    if (target.line.crowded) return { code: 'full', message: 'this peer reads too slowly', retry: 1_000 };
    target.acquaintances.meet(visitor.pid, true);
    const wayBack = target.acquaintances.passFor(visitor.pid, () => passes.issue(to, visitor.pid));
    target.line.sendText(signalText(visitor.pid, visitor.card, { pass: wayBack, box }));
    tally.signal();
    return undefined;
  }

  /** One voice for each pair that was introduced; wrong bytes count, slowness counts for a quarter. */
  report(visitor: Visitor, { pid, bad, slow }: Report): Refusal | undefined {
    if (!visitor.acquaintances.knows(pid)) return badPass('you were not introduced to this peer');
    const subject = this.visitors.present(pid);
    if (subject && (bad > 0 || slow > 0) && visitor.acquaintances.firstReport(pid)) {
      subject.complaints += bad > 0 ? 1 : SLOW_COMPLAINT;
      this.visitors.reweigh(subject);
    }
    return undefined;
  }

  load(visitor: Visitor, { up }: Load): void {
    visitor.upload = up;
    this.visitors.reweigh(visitor);
  }

  sweep(): void {
    this.visitors.sweep();
    this.#wants.sweep();
    for (const vouching of this.#vouchings.values()) vouching.sweep();
  }

  close(): void {
    for (const vouching of this.#vouchings.values()) vouching.close();
    if (this.#round !== undefined) this.options.clock.clearTimeout(this.#round);
    this.#round = undefined;
  }

  #announce(visitor: Visitor, roots: readonly RootPrefix[]): void {
    if (roots.length === 0) return;
    this.index.add(visitor.number, roots);
    this.#wants.mark(roots);
    this.#armRound();
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

  #vouchingOf(site: Site): Vouching {
    const known = this.#vouchings.get(site);
    if (known) return known;
    const { clock, dice, roots: authority, tally } = this.options;
    const vouching = new Vouching({
      ask: (prefixes) => authority.liveRoots(site, prefixes),
      settled: (live, dead) => {
        this.#settle(site, live, dead);
      },
      failed: (error) => {
        tally.trouble(error);
      },
      roots: this.#roots,
      clock,
      dice,
    });
    this.#vouchings.set(site, vouching);
    return vouching;
  }

  /** A verdict holds for the visitors of its site: what they announced, and what they are told. */
  #settle(site: Site, live: readonly RootPrefix[], dead: readonly RootPrefix[]): void {
    this.options.tally.verdicts(live.length, dead.length);
    const isOfSite = (peer: number): boolean => this.#numbers.peerOf(peer)?.site === site;
    for (const root of dead) {
      for (const visitor of this.#waitersOf(site, root)) this.#stopWaiting(visitor, root);
      this.index.forget(root, isOfSite);
    }
    for (const root of live) {
      for (const visitor of this.#waitersOf(site, root)) {
        this.#stopWaiting(visitor, root);
        this.index.add(visitor.number, [root]);
      }
    }
    this.#wants.mark(live);
    this.#armRound();
  }

  #waitersOf(site: Site, root: RootPrefix): Visitor[] {
    return [...(this.#waiting.get(root) ?? [])].filter((visitor) => visitor.site === site);
  }

  #armRound(): void {
    if (this.#round !== undefined || !this.#wants.hasNews) return;
    this.#round = this.options.clock.setTimeout(() => {
      this.#push();
    }, PUSH_EVERY);
  }

  #push(): void {
    this.#round = undefined;
    const count = this.options.pressure.level >= NO_PUSHES ? 0 : PUSHES_AT_ONCE;
    try {
      for (const { want, positions } of this.#wants.takeReady(count)) this.#introducer.push(want, positions);
    } catch (error) {
      this.options.tally.trouble(error);
    }
    this.#armRound();
  }

  #clear(visitor: Visitor): void {
    for (const root of visitor.waiting ?? []) this.#stopWaiting(visitor, root);
    this.#wants.cancelAll(visitor);
    this.index.leave(visitor.number);
  }
}

function badPass(message: string): Refusal {
  return { code: 'bad-pass', message };
}
