import type { Clock } from '../../src/core/clock.js';
import { TokenBucket } from '../../src/core/token-bucket.js';
import { RateLimit } from '../rate-limit.js';

export interface BudgetOptions {
  readonly clock: Clock;
  /** Looks at URLs without a token that one address may cause in a minute; as many are saved up. */
  readonly coldFetchesPerMinute: number;
  /** Looks a second, all together. */
  readonly originFetchesPerSecond: number;
  /** Bytes a second that looks may read, all together. */
  readonly originBytesPerSecond: number;
  /** Told which limit kept a look from being made. */
  readonly refused: (limit: Limit) => void;
}

export type Limit = 'address' | 'fetches' | 'bytes' | 'queue';

/** Seconds of the rate of all together that are saved up. */
const BURST_SECONDS = 10;
/** Share of what is saved up that strangers' questions leave to the renewal of tokens. */
const RESERVE = 0.25;
/** What is owed at most, as seconds of the rate: a huge file does not stop the others for an hour. */
const DEEPEST_DEBT = 60;
/** The longest hint (ms): parsers take no longer one. */
const LONGEST_WAIT = 60_000;
/** When all are over the limit together, nobody's turn comes as soon as there is room for one (ms). */
const SHORTEST_CROWDED = 5000;

/**
 * What looks at origins may cost. An unknown URL costs the site a fetch and us a signature, and anybody
 * can invent unknown URLs: each address has so many, and all together have so many looks and bytes.
 * Renewing a token costs its asker nothing and may use a reserve, so that a flood of invented URLs does
 * not end what is already shared. Waits are milliseconds; 0 is permission.
 */
export class Budget {
  readonly #addresses: RateLimit;
  readonly #fetches: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor(private readonly options: BudgetOptions) {
    const { clock, coldFetchesPerMinute: burst } = options;
    this.#addresses = new RateLimit({ clock, perSecond: burst / 60, burst });
    this.#fetches = savedUp(clock, options.originFetchesPerSecond);
    this.#bytes = savedUp(clock, options.originBytesPerSecond);
  }

  /** The one who asks, in one request from `address`. */
  asker(address: string): Asker {
    return new Asker(this.#addresses, address, this.options.refused);
  }

  /** Pays for one look; `isRenewal` when there is a token from before. */
  payLook(isRenewal: boolean): number {
    const left = isRenewal ? 0 : RESERVE;
    const fetches = this.#fetches.waitFor(1 + left * (this.#fetches.burst - 1));
    const wait = Math.max(fetches, this.#bytes.waitFor(left * this.#bytes.burst));
    if (wait === 0) {
      this.#fetches.charge(1);
      return 0;
    }
    this.options.refused(fetches > 0 ? 'fetches' : 'bytes');
    return Math.min(LONGEST_WAIT, Math.max(SHORTEST_CROWDED, wait));
  }

  /** Books what a look has read; what is not there is owed. */
  payBytes(length: number): void {
    const owed = this.#bytes.waitFor(0) / 1000;
    this.#bytes.charge(Math.min(length, Math.max(0, DEEPEST_DEBT - owed) * this.#bytes.rate));
  }

  /** So many looks wait that another would only make it worse. */
  crowded(): number {
    this.options.refused('queue');
    return SHORTEST_CROWDED;
  }
}

/** One request's part in its address's budget. */
export class Asker {
  #refused = 0;

  constructor(
    private readonly addresses: RateLimit,
    private readonly address: string,
    private readonly refused: (limit: Limit) => void,
  ) {}

  /** Pays for a URL that has no token. The hint counts what was refused in this request before. */
  pay(): number {
    const wait = this.addresses.take(this.address, this.#refused + 1);
    if (wait === 0) return 0;
    this.#refused++;
    this.refused('address');
    return Math.min(LONGEST_WAIT, wait);
  }

  /** It turned out to have one. */
  refund(): void {
    this.addresses.refund(this.address);
  }
}

function savedUp(clock: Clock, rate: number): TokenBucket {
  return new TokenBucket({ clock, rate, largest: rate * BURST_SECONDS });
}
