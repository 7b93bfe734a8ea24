import { createHmac } from 'node:crypto';
import type { Relays } from '../src/protocol/hasher.js';
import type { HasherConfig } from './config.js';

/** How long (s) a visitor may use the relays. TURN servers cut off what lasts longer. */
export const RELAYS_LIFE = 6 * 3600;

/**
 * What lets one visitor use the site's TURN servers for a while, without the secret that these share with us. The
 * convention is called "TURN REST API" (draft-uberti-behave-turn-rest); coturn's `use-auth-secret` is one of those that
 * follow it. `visitor`: what servers count a visitor's use by; `now`: milliseconds since 1970.
 */
export function relaysFor(
  { turnUrls, turnSecret }: Pick<HasherConfig, 'turnUrls' | 'turnSecret'>,
  visitor: string,
  now: number,
): Relays | undefined {
  if (turnUrls.length === 0 || turnSecret === undefined) return undefined;
  const username = `${Math.floor(now / 1000) + RELAYS_LIFE}:${visitor}`;
  const credential = createHmac('sha1', turnSecret).update(username).digest('base64');
  return { urls: turnUrls, username, credential };
}
