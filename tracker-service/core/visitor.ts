import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Place } from '../choosing/place.js';
import { Acquaintances } from './acquaintances.js';
import type { Allowances } from './allowances.js';
import type { Line } from './line.js';
import { cardOf, type Card } from './texts.js';

export interface Identity {
  readonly pid: PeerId;
  readonly site: Site;
  /** The public key whose possession was proved. */
  readonly key: string;
  readonly admission: string | undefined;
  /** When the admission ends (wall clock, ms). */
  readonly until: number;
}

/** By stated upload load: a full uploader is asked when there is nobody else. */
const HEADROOM = [1, 0.8, 0.5, 0.15] as const;
/** Complaints halve a weight with the second one, but never remove a peer: complaints can be lies. */
const COMPLAINTS_TO_HALVE = 2;
const LOWEST_TRUST = 0.1;

/** One peer of one site, connected or dropped a moment ago. */
export class Visitor {
  /** Announced roots that the hash service has not answered about yet. */
  waiting: Set<RootPrefix> | undefined;
  readonly acquaintances: Acquaintances;
  /** As it says: 0 idle to 3 full. */
  upload = 0;
  /** Complaints by peers that met it, one each. */
  complaints = 0;
  /** What other nodes know of it: nothing, that it is here, or what it held before it dropped. */
  told: 'nothing' | 'here' | 'dropped' = 'nothing';
  /** Came back with the secret of an earlier welcome. */
  resumed = false;
  /** When (ticks) the socket dropped. */
  droppedAt = 0;
  /** Its number in the index. */
  number = 0;
  line: Line | undefined;

  #identity: Identity;
  #card: Card;

  constructor(
    identity: Identity,
    public resume: string,
    line: Line,
    readonly place: Place,
    readonly allowances: Allowances,
    clock: Clock,
  ) {
    this.line = line;
    this.#identity = identity;
    this.#card = cardOf(identity);
    this.acquaintances = new Acquaintances(clock);
  }

  get identity(): Identity {
    return this.#identity;
  }

  set identity(identity: Identity) {
    this.#identity = identity;
    this.#card = cardOf(identity);
  }

  /** What peers are told of it besides its pid. */
  get card(): Card {
    return this.#card;
  }

  get pid(): PeerId {
    return this.identity.pid;
  }

  get site(): Site {
    return this.identity.site;
  }

  /** How good it is for anybody; 0 while it cannot be spoken to. */
  get weight(): number {
    return this.line ? weightOf(this) : 0;
  }
}

/** How good a peer is by what it says of its load and by what others say of it: at most 1. */
export function weightOf({ upload, complaints }: Pick<Visitor, 'upload' | 'complaints'>): number {
  const trust = Math.max(LOWEST_TRUST, 1 / (1 + complaints / COMPLAINTS_TO_HALVE));
  return (HEADROOM[upload] ?? HEADROOM[3]) * trust;
}
