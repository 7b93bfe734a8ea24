import type { Site } from '../../src/core/brands.js';
import type { Bytes, RandomBytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { AdmissionDesk } from '../admission/admission.js';
import type { Limits } from '../config.js';
import { createDice, type Dice } from './dice.js';
import type { RootsAuthority } from '../admission/hasher-client.js';
import type { Connection } from './line.js';
import type { NodeMessage } from '../nodes/messages.js';
import { NODE_LENGTH, type NodeName } from '../nodes/names.js';
import type { Others, OthersListener, Telling } from '../nodes/port.js';
import { Passes } from './passes.js';
import { Session, type SessionOptions } from './session.js';
import type { SiteFigures } from './site-counts.js';
import { SiteTracker } from './site-tracker.js';
import type { Pressure } from './pressure.js';
import type { Tally } from './tally.js';

export interface TrackerCoreOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly desk: AdmissionDesk;
  readonly roots: RootsAuthority;
  readonly tally: Tally;
  readonly pressure: Pressure;
  /** The other nodes; none when this is the only one. */
  readonly others?: Others | undefined;
  /** Leads every pid: `NODE_LENGTH` bytes, drawn when they are left out. */
  readonly node?: Bytes | undefined;
  /** Sites that share what their visitors hold; all others are apart. */
  readonly federations: readonly (readonly Site[])[];
}

/** What the metrics show of the core at one moment. */
export interface Census {
  readonly sessions: number;
  readonly sites: number;
  readonly visitors: number;
  readonly roots: number;
  readonly entries: number;
}

/** Leases, open wants and the dropped are looked through this often (ms). */
const SWEEP_EVERY = 1_000;
const PASS_SECRET_LENGTH = 32;
/** How far a goodbye spreads those who come back (ms): at least, and for each visitor (500 a second). */
const SHORTEST_SPREAD = 2_000;
const SPREAD_EACH = 2;
const LONGEST_SPREAD = 60_000;

/**
 * The tracker without sockets: connections come in, messages go through sessions to the tracker of
 * their site. Passes and pids are this node's; everything else is kept apart by site.
 */
export class TrackerCore implements OthersListener {
  /** By site, or by the first of the sites that are federated. */
  readonly #sites = new Map<Site, SiteTracker>();
  readonly #sessions = new Set<Session>();
  readonly #passes: Passes;
  readonly #dice: Dice;
  readonly #node: Bytes;
  readonly #forSessions: SessionOptions;
  #sweeper: Timer;
  /** Of the goodbyes (ms), from the first one on. */
  #spread: number | undefined;
  #closed = false;

  constructor(private readonly options: TrackerCoreOptions) {
    const { random, clock } = options;
    this.#passes = new Passes(random(PASS_SECRET_LENGTH), clock);
    this.#dice = createDice(random);
    this.#node = options.node ?? random(NODE_LENGTH);
    this.#forSessions = {
      ...options,
      dice: this.#dice,
      siteFor: (site) => this.#siteFor(site),
      ended: (ended) => this.#sessions.delete(ended),
    };
    this.#armSweep();
  }

  connect(connection: Connection): Session {
    const session = new Session(connection, this.#forSessions);
    this.#sessions.add(session);
    if (this.#closed) session.end('going-away');
    return session;
  }

  census(): Census {
    const sites = [...this.#sites.values()];
    const sizes = sites.map((site) => site.index.size);
    return {
      sessions: this.#sessions.size,
      sites: sites.length,
      visitors: sites.reduce((sum, site) => sum + site.visitors.size, 0),
      roots: sizes.reduce((sum, { roots }) => sum + roots, 0),
      entries: sizes.reduce((sum, { entries }) => sum + entries, 0),
    };
  }

  /** What happened at each site since the last time; of federated ones, all under the first. */
  *figures(): Iterable<readonly [Site, SiteFigures]> {
    for (const [name, site] of this.#sites) yield [name, site.figures()];
  }

  /**
   * Says goodbye to so many at most, with a spread so that they do not come back all at once. Returns how
   * many are left.
   */
  farewell(count: number): number {
    this.#spread ??= Math.min(LONGEST_SPREAD, SHORTEST_SPREAD + SPREAD_EACH * this.#sessions.size);
    let told = 0;
    for (const session of this.#sessions) {
      if (told++ >= count) break;
      session.send({ t: 'bye', retry: [0, this.#spread] });
      session.end('going-away');
    }
    return this.#sessions.size;
  }

  /** Another node says something; what it says of sites that nobody here is at concerns nobody. */
  message(message: NodeMessage): void {
    this.#sites.get(message.site)?.hear(message);
  }

  /** A signal that found no node has found no peer. */
  undelivered(_: NodeName, message: NodeMessage): void {
    if (message.t !== 'signal') return;
    const { site, from, to } = message;
    this.#sites.get(site)?.hear({ t: 'failed', site, to: from, about: to, code: 'gone' });
  }

  *retell(): Iterable<Telling> {
    for (const site of this.#sites.values()) yield* site.retell();
  }

  /** Says goodbye to everybody who is left, and forgets everything. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sweeper !== undefined) this.options.clock.clearTimeout(this.#sweeper);
    this.farewell(this.#sessions.size);
    for (const site of this.#sites.values()) site.close();
    this.#sites.clear();
  }

  #siteFor(site: Site): SiteTracker {
    const name = this.options.federations.find((sites) => sites.includes(site))?.[0] ?? site;
    const known = this.#sites.get(name);
    if (known) return known;
    const made = new SiteTracker({
      ...this.options,
      dice: this.#dice,
      site: name,
      node: this.#node,
      others: this.options.others,
      passes: this.#passes,
    });
    this.#sites.set(name, made);
    return made;
  }

  #armSweep(): void {
    this.#sweeper = this.options.clock.setTimeout(() => {
      this.#sweep();
      this.#armSweep();
    }, SWEEP_EVERY);
  }

  #sweep(): void {
    const silentSince = this.options.clock.ticks() - this.options.limits.leaseSeconds * 1000;
    for (const session of this.#sessions) if (session.heardAt <= silentSince) session.end('silent');
    for (const [name, site] of this.#sites) {
      site.sweep();
      if (site.visitors.size > 0) continue;
      site.close();
      this.#sites.delete(name);
    }
  }
}
