import type { PeerId, RootPrefix } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import { Acquaintances } from './acquaintances.js';
import { Budget } from './budget.js';
import type { Limits } from './config.js';
import type { Holder } from './holder-index.js';
import type { Line } from './line.js';
import { Targets } from './targets.js';

/** What one identity may still do. It outlives the socket, so that reconnecting refills nothing. */
export interface Allowances {
  /** Being shown peers it has not met. */
  readonly introductions: Budget;
  /** Being shown to others: a single holder must survive a crowd. */
  readonly offers: Budget;
  /** Reaching out to strangers. */
  readonly targets: Targets;
}

export interface Identity {
  readonly pid: PeerId;
  /** The public key whose possession was proved. */
  readonly key: string;
  readonly admission: string | undefined;
  /** When the admission ends (wall clock, ms). */
  readonly until: number;
}

/** Seconds' worth of offers that can come at once: several wants answered in one moment. */
const OFFER_BURST = 6;

export function freshAllowances(limits: Limits, clock: Clock): Allowances {
  const { introductionsPerMinute: introductions, offersPerSecond: offers } = limits;
  return {
    introductions: new Budget(clock, introductions / 60, introductions),
    offers: new Budget(clock, offers, offers * OFFER_BURST),
    targets: new Targets(clock, limits.signalTargetsPerMinute),
  };
}

/** One peer of one site, connected or dropped a moment ago. */
export class Visitor implements Holder {
  /** Announced roots that the hash service has not answered about yet. */
  readonly waiting = new Set<RootPrefix>();
  readonly acquaintances: Acquaintances;
  /** As it says: 0 idle to 3 full. */
  upload = 0;
  /** Complaints by peers that met it, one each. */
  complaints = 0;
  /** Came back with the secret of an earlier welcome. */
  resumed = false;
  /** When (ticks) the socket dropped. */
  droppedAt = 0;
  line: Line | undefined;

  constructor(
    public identity: Identity,
    public resume: string,
    line: Line,
    readonly network: string | undefined,
    readonly allowances: Allowances,
    clock: Clock,
  ) {
    this.line = line;
    this.acquaintances = new Acquaintances(clock);
  }

  get pid(): PeerId {
    return this.identity.pid;
  }
}
