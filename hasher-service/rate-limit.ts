import ipaddr from 'ipaddr.js';
import type { Clock } from '../src/core/clock.js';
import { LeastRecentlyUsedMap } from '../src/core/bounded-map.js';

/** Addresses remembered; a forgotten one starts with a full bucket, which is what a stranger gets. */
const MAX_ADDRESSES = 50_000;
/** A page load asks in bursts, and an office shares one address: seconds of the rate saved up. */
const BURST_SECONDS = 10;
/** Bytes of an IPv6 address that name a household: a /64 (RFC 6177). */
const HOUSEHOLD_BYTES = 8;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each address, IPv6 ones by their /64. */
export class RateLimit {
  readonly #buckets = new LeastRecentlyUsedMap<string, Bucket>(MAX_ADDRESSES);

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {}

  /** Takes one request; 0 when it is within the limit, else milliseconds until one will be. */
  take(address: string): number {
    const now = this.clock.ticks();
    const full = this.perSecond * BURST_SECONDS;
    const key = householdOf(address);
    const bucket = this.#buckets.get(key) ?? { tokens: full, at: now };
    bucket.tokens = Math.min(full, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / this.perSecond) * 1000);
    bucket.tokens--;
    return 0;
  }
}

function householdOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.toByteArray().slice(0, HOUSEHOLD_BYTES).join('.');
}
