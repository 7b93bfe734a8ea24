import ipaddr from 'ipaddr.js';
import type { Clock } from '../src/core/clock.js';
import { RecentMap } from '../src/core/recent-map.js';
import { TokenBucket } from '../src/core/token-bucket.js';

/** Addresses remembered; a forgotten one starts with a full bucket, which is what a stranger gets. */
const MAX_ADDRESSES = 50_000;
/** Bytes of an IPv6 address that name a household: a /64 (RFC 6177). */
const HOUSEHOLD_BYTES = 8;
/** The longest spelling of an address; anything longer is no address. */
const MAX_ADDRESS = 45;

export interface RateLimitOptions {
  readonly clock: Clock;
  readonly perSecond: number;
  /** What is saved up at most, and what a new address has. */
  readonly burst: number;
}

/** A token bucket for each address, IPv6 ones by their /64. */
export class RateLimit {
  readonly #buckets = new RecentMap<string, TokenBucket>(MAX_ADDRESSES);

  constructor(private readonly options: RateLimitOptions) {}

  /** Takes one token; 0 when it was there, else milliseconds until `turns` of them will be. */
  take(address: string | undefined, turns = 1): number {
    const bucket = this.#bucketOf(address);
    return bucket.take(1) ? 0 : bucket.waitFor(Math.min(turns, bucket.burst));
  }

  /** Gives back a token that was taken in vain. */
  refund(address: string | undefined): void {
    this.#bucketOf(address).charge(-1);
  }

  #bucketOf(address: string | undefined): TokenBucket {
    const household = householdOf(address);
    const known = this.#buckets.get(household);
    if (known) return known;
    const { clock, perSecond: rate, burst: largest } = this.options;
    const bucket = new TokenBucket({ clock, rate, largest });
    this.#buckets.set(household, bucket);
    return bucket;
  }
}

/**
 * IPv4 addresses have one spelling; those mapped into IPv6 count as what they map. A socket that is gone
 * has no address, whatever Fastify's types say.
 */
function householdOf(address: string | undefined): string {
  if (address === undefined) return 'none';
  if (!address.includes(':')) return address.slice(0, MAX_ADDRESS);
  if (!ipaddr.isValid(address)) return address.slice(0, MAX_ADDRESS);
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.toByteArray().slice(0, HOUSEHOLD_BYTES).join('.');
}
