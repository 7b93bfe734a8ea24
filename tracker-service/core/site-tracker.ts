import type { RootPrefix, Site } from '../../src/core/brands.js';
import type { Bytes, RandomBytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { Have, Load, Report, SignalTo, Want } from '../../src/protocol/tracker.js';
import type { RootsAuthority } from '../admission/hasher-client.js';
import type { Limits } from '../config.js';
import { MemoryIndex } from '../holders/memory-index.js';
import { PeerNumbers } from '../holders/peer-numbers.js';
import { RootTable } from '../holders/root-table.js';
import type { NodeMessage } from '../nodes/messages.js';
import { nodeName } from '../nodes/names.js';
import type { Others, Telling } from '../nodes/port.js';
import { Announcements } from './announcements.js';
import type { Dice } from './dice.js';
import { Elsewhere } from './elsewhere.js';
import { Introducer } from './introducer.js';
import type { Line } from './line.js';
import type { Passes } from './passes.js';
import type { Pressure } from './pressure.js';
import type { Refusal } from './refusal.js';
import { SiteCounts, type SiteFigures } from './site-counts.js';
import { Relay } from './relay.js';
import type { Tally } from './tally.js';
import type { Visitor } from './visitor.js';
import { Visitors, type Arrival } from './visitors.js';
import { LiveWants } from './wants.js';

export interface SiteTrackerOptions {
  /** The site, or the first of federated ones. */
  readonly site: Site;
  readonly node: Bytes;
  readonly others: Others | undefined;
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
/** From this level of pressure on nothing is pushed; the news waits. */
const NO_PUSHES = 1;

/**
 * The visitors of one site, or of sites that are federated, and what they hold and want. Nothing passes to
 * other sites.
 */
export class SiteTracker {
  readonly visitors: Visitors;
  readonly index: MemoryIndex;
  readonly relay: Relay;
  readonly #counts = new SiteCounts();
  readonly #announcements: Announcements;
  readonly #wants: LiveWants;
  readonly #introducer: Introducer;
  readonly #elsewhere: Elsewhere | undefined;
  #round: Timer;

  constructor(private readonly options: SiteTrackerOptions) {
    const { clock, node, others, roots: authority } = options;
    const numbers = new PeerNumbers<Visitor>();
    const roots = new RootTable(options.dice);
    const index = new MemoryIndex({ ...options, roots, networkOf: (peer) => numbers.networkOf(peer) });
    const elsewhere = others && new Elsewhere({ ...options, others, node: nodeName(node), index });
    const wants = new LiveWants(clock, roots);
    const news = (fresh: readonly RootPrefix[]): void => {
      this.#mark(fresh);
    };
    const shared = { ...options, authority, numbers, roots, index, elsewhere, wants, news };
    const announcements = new Announcements(shared);
    this.visitors = new Visitors({
      ...shared,
      changed: (visitor) => elsewhere?.changed(visitor),
      gone: (visitor) => {
        wants.cancelAll(visitor);
        announcements.clear(visitor);
      },
    });
    this.relay = new Relay({ ...shared, visitors: this.visitors });
    this.#introducer = new Introducer({
      ...shared,
      tally: this.#counts.beside(options.tally),
      vouchingOf: (site) => announcements.vouchingOf(site),
      hasAudience: () => this.#hasAudience,
    });
    [this.index, this.#announcements, this.#wants, this.#elsewhere] = [
      index,
      announcements,
      wants,
      elsewhere,
    ];
  }

  enter(arrival: Arrival, line: Line): Visitor {
    const before = this.visitors.size;
    const visitor = this.visitors.enter(arrival, line);
    if (before < this.options.limits.minAudience && this.#hasAudience) this.#wants.remindAll();
    this.#armRound();
    return visitor;
  }

  /** The socket is gone. Open wants go with it, what is held stays until the visitor is forgotten. */
  drop(visitor: Visitor, line: Line): void {
    if (visitor.line === line) this.#wants.cancelAll(visitor);
    this.visitors.drop(visitor, line);
  }

  have(visitor: Visitor, message: Have): Refusal | undefined {
    return this.#announcements.take(visitor, message);
  }

  /** Answers, at once where no other node has to be asked. Never rejects. */
  want(visitor: Visitor, message: Want): Promise<void> | undefined {
    this.#counts.wants++;
    const want = this.#wants.open(visitor, message);
    if (this.#wants.isOpen(want)) this.#elsewhere?.watch(message.roots, want.until);
    const answered = this.#introducer.answer(want, message.roots);
    this.#armRound();
    return answered;
  }

  cancel(visitor: Visitor, q: number): void {
    this.#wants.cancel(visitor, q);
  }

  signal(visitor: Visitor, signal: SignalTo): Refusal | undefined {
    return this.relay.signal(visitor, signal);
  }

  report(visitor: Visitor, report: Report): Refusal | undefined {
    return this.relay.report(visitor, report);
  }

  load(visitor: Visitor, { up }: Load): void {
    visitor.upload = up;
    this.visitors.reweigh(visitor);
  }

  /** A message of one of its visitors was not acted on. */
  refused(): void {
    this.#counts.refused++;
  }

  /** What happened since the last time. */
  figures(): SiteFigures {
    let visitors = 0;
    for (const { line } of this.visitors.all()) if (line) visitors++;
    return { visitors, ...this.#counts.take() };
  }

  /** Another node says something about this site. */
  hear(message: NodeMessage): void {
    if (message.t === 'signal') this.relay.signalled(message);
    else if (message.t === 'failed') this.relay.failed(message);
    else if (message.t === 'report') this.relay.reported(message);
    else this.#mark(message.roots);
  }

  /** All that the other nodes are to know. */
  retell(): Iterable<Telling> {
    return this.#elsewhere?.retell(this.visitors.all()) ?? [];
  }

  sweep(): void {
    this.visitors.sweep();
    this.#wants.sweep();
    this.#announcements.sweep();
  }

  close(): void {
    this.#announcements.close();
    if (this.#round !== undefined) this.options.clock.clearTimeout(this.#round);
    this.#round = undefined;
  }

  get #hasAudience(): boolean {
    return this.visitors.size >= this.options.limits.minAudience;
  }

  #mark(roots: readonly RootPrefix[]): void {
    this.#wants.mark(roots);
    this.#armRound();
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
      for (const { want, positions } of this.#wants.takeReady(count))
        void this.#introducer.push(want, positions);
    } catch (error) {
      this.options.tally.trouble(error);
    }
    this.#armRound();
  }
}
