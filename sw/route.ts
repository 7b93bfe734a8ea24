import type { CanonicalUrl } from '../src/core/brands.js';
import { parseRange, type RangeSpec } from '../src/core/ranges.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { isInScope, isOurs, isPlaylist } from '../src/protocol/patterns.js';
import { canonicalUrl } from '../src/protocol/url.js';

/** What the synchronous decision looks at: the part of a `Request` that does not take time. */
export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly destination: string;
  readonly mode: string;
  readonly cache: string;
  readonly credentials: RequestCredentials;
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
  readonly headers: { get(name: string): string | null; has(name: string): boolean };
}

/** A request that Peerfold answers, and how. */
export interface Route {
  readonly url: CanonicalUrl;
  readonly destination: string;
  readonly sameOrigin: boolean;
  /** `image`: whole and verified, or the origin's. `whole`: piece by piece. `range`: a part, as 206. */
  readonly kind: 'image' | 'whole' | 'range';
  readonly range?: RangeSpec;
  /** `Content-Disposition` of an answer that is to be saved as a file. */
  readonly saveAs?: string;
}

/** Headers by which a page tells the origin more than "give me this": the origin must answer. */
const TELLING_HEADERS = [
  'authorization',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
];

/**
 * Decides from the literal and the request alone; `undefined` leaves the request to the browser, as
 * if there were no worker. `clientId` is empty for navigations and for what no client waits for.
 */
export function routeOf(facts: RequestFacts, clientId: string, config: SiteConfig): Route | undefined {
  if (facts.method !== 'GET' || facts.mode === 'navigate' || facts.cache !== 'default') return undefined;
  if (clientId === '' || TELLING_HEADERS.some((name) => facts.headers.has(name))) return undefined;
  const url = canonicalUrl(facts.url);
  if (url === undefined) return undefined;
  const address = new URL(url);
  if (!isOurs(config, address, facts.destination)) return undefined;
  const sameOrigin = address.origin === config.site;
  if (isPersonal(facts, address, config)) return undefined;
  return withRange({ url, destination: facts.destination, sameOrigin }, facts.headers.get('range'));
}

/**
 * A navigation that ends in a file: the only kind that is ever ours. `saveAs` is what makes a file of it;
 * a signed header of the same kind does, too.
 */
export function fileRouteOf(facts: RequestFacts, config: SiteConfig): Route | undefined {
  if (facts.method !== 'GET' || facts.mode !== 'navigate' || facts.headers.has('range')) return undefined;
  const url = canonicalUrl(facts.url);
  if (url === undefined) return undefined;
  const address = new URL(url);
  if (address.origin !== config.site || !isOurs(config, address, '')) return undefined;
  return { url, destination: '', sameOrigin: true, kind: 'whole' };
}

/** Those of players: by script, or natively. */
const PLAYER_DESTINATIONS = ['', 'video', 'audio'];

/**
 * The playlist that is asked for, if what it lists can be ours: none that only this visitor may see. How it is
 * cached does not matter, since it is passed through.
 */
export function playlistOf(
  facts: RequestFacts,
  clientId: string,
  config: SiteConfig,
): CanonicalUrl | undefined {
  if (facts.method !== 'GET' || facts.mode === 'navigate' || clientId === '') return undefined;
  if (!PLAYER_DESTINATIONS.includes(facts.destination) || facts.headers.has('authorization'))
    return undefined;
  const url = canonicalUrl(facts.url);
  if (url === undefined) return undefined;
  const address = new URL(url);
  if (!isPlaylist(address) || !isInScope(config, address)) return undefined;
  return isPersonal(facts, address, config) ? undefined : url;
}

/** Our own cross-origin requests carry no credentials; a page that wants them gets the browser's. */
function isPersonal(facts: RequestFacts, { origin }: URL, { site }: SiteConfig): boolean {
  return origin !== site && facts.mode === 'cors' && facts.credentials === 'include';
}

function withRange(route: Omit<Route, 'kind'>, header: string | null): Route | undefined {
  if (header === null) return { ...route, kind: route.destination === 'image' ? 'image' : 'whole' };
  const range = parseRange(header);
  return range && { ...route, kind: 'range', range };
}
