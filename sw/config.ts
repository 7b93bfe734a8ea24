import { PeerfoldError } from '../src/core/errors.js';
import { isListOf, isObject, isText } from '../src/protocol/check.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { parseUrl, siteOf } from '../src/protocol/url.js';
import type { Site } from '../src/core/brands.js';

const FIELDS = [
  'hasher',
  'tracker',
  'static',
  'include',
  'exclude',
  'origins',
  'partners',
  'headStart',
  'fallbackMs',
  'minSize',
  'composed',
] as const;
type Field = (typeof FIELDS)[number];

/** A worker file of this name is ours alone; one of any other name was there before us, and has duties of its own. */
const OUR_FILE = '/peerfold-sw.js';
/** Long enough for any URL a person writes by hand. */
const MAX_TEXT = 1024;
/** More patterns or origins than this are a mistake; each costs time on every request. */
const MAX_ITEMS = 100;
/** Two minutes of video over HTTP first is a site that wants no peers. */
const MAX_HEAD_START = 120;
/** Beyond this a visitor takes the page for broken. */
const MAX_FALLBACK_MS = 30_000;
const MAX_MIN_SIZE = 2 ** 30;
const DEFAULT_HEAD_START = 10;
/** Below this the question to the page and to a peer costs more than the bytes. */
const DEFAULT_MIN_SIZE = 16_384;

/**
 * What a site says in its worker file, as `self.peerfold` or as argument of `peerfold()`. Everything but the two
 * services has a default; `SiteConfig` has the meanings and units.
 */
export interface SiteLiteral extends Partial<Omit<SiteConfig, 'site' | 'hasher' | 'tracker'>> {
  readonly hasher: string;
  readonly tracker: string;
  /** The worker has duties of its own, and so decides itself when it takes over, and never goes. */
  readonly composed?: boolean;
}

/**
 * Reads the site's literal, `self.peerfold`. `site` is the worker's own origin. Throws `bad-config`
 * with `details.field` for a field that is unknown, missing or malformed.
 */
export function parseConfig(literal: unknown, site: Site): SiteConfig {
  if (!isObject(literal)) throw bad('self.peerfold', 'is missing: set it before importScripts');
  const unknown = Object.keys(literal).find((key) => !(FIELDS as readonly string[]).includes(key));
  if (unknown !== undefined) throw bad(unknown, `is not an option; there are ${FIELDS.join(', ')}`);
  choice(literal, 'composed');
  const fallbackMs = amount(literal, 'fallbackMs', MAX_FALLBACK_MS);
  return {
    site,
    hasher: address(literal, 'hasher', 'http', site),
    tracker: address(literal, 'tracker', 'ws', site),
    static: choice(literal, 'static'),
    include: list(literal, 'include', isPattern, 'patterns such as "/media/*"'),
    exclude: list(literal, 'exclude', isPattern, 'patterns such as "/media/*"'),
    origins: list(literal, 'origins', isOrigin, 'origins such as "https://img.example.com"'),
    partners: list(literal, 'partners', isOrigin, 'origins such as "https://www.example.org"'),
    headStart: amount(literal, 'headStart', MAX_HEAD_START) ?? DEFAULT_HEAD_START,
    ...(fallbackMs === undefined ? {} : { fallbackMs }),
    minSize: amount(literal, 'minSize', MAX_MIN_SIZE) ?? DEFAULT_MIN_SIZE,
  };
}

/** Whether the worker file at `pathname` has duties beside ours: as the literal says, or else by its name. */
export function isComposed(literal: unknown, pathname: string): boolean {
  return (literal as Partial<SiteLiteral>).composed ?? !pathname.endsWith(OUR_FILE);
}

type Literal = Readonly<Record<string, unknown>>;

function address(literal: Literal, field: Field, scheme: 'http' | 'ws', site: Site): string {
  const value = literal[field];
  const url = isText(value, MAX_TEXT) ? parseUrl(value) : undefined;
  const plainAllowed = site.startsWith('http:') || isLoopback(url?.hostname ?? '');
  const protocols = plainAllowed ? [`${scheme}:`, `${scheme}s:`] : [`${scheme}s:`];
  // Paths are appended to the hash service's; a tracker may be told from others by its query.
  const query = url && scheme === 'http' ? url.search + url.hash : '';
  if (url && protocols.includes(url.protocol) && url.username + url.password + query === '') {
    return url.href.replace(/\/+$/, '');
  }
  throw bad(field, `must be ${protocols.join('// or ')}// without credentials or query`);
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function list(
  literal: Literal,
  field: Field,
  check: (value: unknown) => value is string,
  what: string,
): readonly string[] {
  const value = literal[field] ?? [];
  if (isListOf(value, MAX_ITEMS, check)) return value;
  throw bad(field, `must be a list of at most ${MAX_ITEMS} ${what}`);
}

function isPattern(value: unknown): value is string {
  return isText(value, MAX_TEXT) && (value.startsWith('/') || value.startsWith('*') || value.includes('://'));
}

function isOrigin(value: unknown): value is string {
  return isText(value, MAX_TEXT) && siteOf(value) === value;
}

function choice(literal: Literal, field: Field): boolean {
  const value = literal[field] ?? false;
  if (typeof value === 'boolean') return value;
  throw bad(field, 'must be true or false');
}

function amount(literal: Literal, field: Field, max: number): number | undefined {
  const value = literal[field];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  throw bad(field, `must be a number from 0 to ${max}`);
}

function bad(field: string, problem: string): PeerfoldError {
  return new PeerfoldError('bad-config', `${field} ${problem}`, { field });
}
