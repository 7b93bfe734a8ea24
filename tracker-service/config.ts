import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { Site } from '../src/core/brands.js';
import { isSite } from '../src/protocol/url.js';
import { MAX_HELD } from './holders/memory-index.js';
import { isToken, parseFederation, parseHashService, parseToken, repeated } from './sites.js';

const port = (byDefault: number) => z.number().int().min(0).max(65_535).default(byDefault);

const count = (byDefault: number, meaning: string, max = 10_000_000) =>
  z.number().int().min(1).max(max).default(byDefault).describe(meaning);

/** Milliseconds, up to ten minutes. */
const duration = (byDefault: number, meaning: string) =>
  z.number().int().min(0).max(600_000).default(byDefault).describe(meaning);

/** One text, or several. */
function texts<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item));
}

/** Texts that `parse` understands; what it says instead is the complaint. */
function ruleTexts(parse: (text: string) => object | string) {
  const rule = z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
  });
  return texts(rule);
}

const settings = z.strictObject({
  port: port(8082).describe('TCP port for visitors; 0 takes a free one'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  operationsPort: z
    .union([z.number().int().min(0).max(65_535), z.literal('none')], {
      error: 'a TCP port or "none" is needed',
    })
    .default(8083)
    .describe('TCP port of /healthz, /readyz and /metrics; 0 takes a free one, "none" does without'),
  operationsHost: z.string().min(1).default('127.0.0.1').describe('address of that port'),
  tlsCert: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the certificate and those that sign it; read again when it changes'),
  tlsKey: z.string().min(1).optional().describe('PEM file of its private key'),
  hasher: ruleTexts(parseHashService)
    .default([])
    .describe(
      'address of the hash service whose admissions count and whose roots are given out, as URL for all sites or SITE=URL for one; not needed for open sites; repeatable',
    ),
  openSites: z
    .array(z.string().transform(toSite))
    .default([])
    .describe(
      'origin of a site without hash service (peerfold sign), whose pages are admitted by their Origin header; repeatable',
    ),
  hasherToken: texts(z.string().refine(isToken, 'a token of 1 to 512 printable characters is needed'))
    .default([])
    .describe(
      "bearer token for the hash service's live roots, as TOKEN or SITE=TOKEN; others on this machine can read a flag, so the variable or the file is better; repeatable",
    ),
  federate: ruleTexts(parseFederation)
    .default([])
    .describe(
      'sites whose visitors share equal roots, as SITE,SITE (with spaces instead of commas in the variable); repeatable',
    ),
  redis: texts(z.url({ protocol: /^rediss?$/, error: 'a URL such as redis://127.0.0.1:6379 is needed' }))
    .default([])
    .describe(
      'Redis or Valkey over which several trackers are one, as redis://HOST:PORT; several for the nodes of a cluster; repeatable',
    ),
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'not an address or CIDR range'))
    .default([])
    .describe('addresses or CIDR ranges of reverse proxies whose X-Forwarded-For is believed'),
  networkDb: texts(z.string().min(1))
    .default([])
    .describe(
      "file in MaxMind's format (.mmdb) that knows the autonomous system or country of addresses, so that close peers are preferred; read again when it changes; repeatable",
    ),
  logLevel: z
    .enum(['silent', 'error', 'warn', 'info'])
    .default('warn')
    .describe('what is logged to standard error: silent, error, warn or info'),
  logAddresses: z
    .boolean()
    .default(false)
    .describe('log the addresses from which sockets were turned away; they are personal data'),
  drainMs: duration(
    0,
    'once asked to stop: milliseconds for which /readyz says 503 while visitors are still taken, for balancers to notice',
  ),
  shutdownMs: duration(10_000, 'after that: milliseconds until the sockets that are left are cut'),
  maxMemoryMb: z
    .number()
    .int()
    .min(64)
    .max(1_000_000)
    .optional()
    .describe(
      'megabytes of memory near which load is shed; without it, what the machine or its container has',
    ),
  maxSockets: count(20_000, 'sockets at once; more are answered 503'),
  socketsPerAddress: count(64, 'sockets at once from one address (IPv6: one /64); an office shares one'),
  newSocketsPerSecond: count(10, 'new sockets a second from one address'),
  messagesPerSecond: count(20, 'messages a second from one visitor; long ones count for several'),
  signalTargetsPerMinute: count(20, 'different peers that one visitor may signal first in a minute'),
  introductionsPerMinute: count(40, 'different peers that one visitor is shown in a minute'),
  offersPerSecond: count(4, 'how often a second one visitor is shown to others'),
  holdersPerRoot: count(64, 'holders remembered for one root'),
  holdersPerNetwork: count(4, 'holders remembered for one root from one public IPv4 /24 or IPv6 /48'),
  rootsPerVisitor: count(10_000, 'roots that one visitor may announce', MAX_HELD),
  minAudience: count(
    1,
    'visitors that a site must have here before any are shown to each other; until then all comes over HTTP',
  ),
  leaseSeconds: count(90, 'seconds of silence after which a visitor is taken for gone'),
  resumeSeconds: count(60, 'seconds for which a dropped visitor may come back as the same peer'),
});

type Settings = z.output<typeof settings>;

/**
 * Everything that can be set: one schema for flags, environment, file and library callers. The limits
 * default to what one page's visitor plausibly needs, several times over.
 */
export const trackerConfig = settings.superRefine((config, context) => {
  for (const [field, complaint] of contradictions(config)) {
    context.addIssue({ code: 'custom', path: [field], message: complaint });
  }
});

export type TrackerConfig = Settings;

/** Fields of which one text may stand for a list of one. */
type Lists = 'hasher' | 'hasherToken' | 'federate' | 'redis' | 'networkDb';
/** What callers give: everything has a default, but for `hasher` or `openSites`. */
export type TrackerOptions = Partial<
  Omit<Settings, Lists | 'openSites'> &
    Record<Lists, string | readonly string[]> & { readonly openSites: readonly string[] }
>;

/** The part of the configuration that the core needs. */
export type Limits = Pick<
  Settings,
  | 'messagesPerSecond'
  | 'signalTargetsPerMinute'
  | 'introductionsPerMinute'
  | 'offersPerSecond'
  | 'holdersPerRoot'
  | 'holdersPerNetwork'
  | 'rootsPerVisitor'
  | 'minAudience'
  | 'leaseSeconds'
  | 'resumeSeconds'
>;

/** What each field alone does not show. */
function* contradictions(config: Settings): Iterable<[field: keyof Settings, complaint: string]> {
  const { hasher, openSites, tlsCert, tlsKey } = config;
  if (hasher.length === 0 && openSites.length === 0)
    yield ['hasher', 'name the hash service, or open sites that need none'];
  if (tlsCert !== undefined && tlsKey === undefined) yield ['tlsCert', 'needs the key as well (tlsKey)'];
  if (tlsKey !== undefined && tlsCert === undefined)
    yield ['tlsKey', 'needs the certificate as well (tlsCert)'];
  const services = hasher.map((text) => parseHashService(text));
  yield* twice('hasher', services.flatMap(siteOf), 'hash service');
  const tokens = config.hasherToken.map(parseToken);
  yield* twice('hasherToken', tokens.flatMap(siteOf), 'token');
  yield* twice('federate', config.federate.map(parseFederation).flat(), 'federation');
  for (const { site } of tokens) {
    if (!services.flatMap(siteOf).includes(site ?? ALL))
      yield ['hasherToken', `no hash service is named for ${site ?? ALL}`];
  }
}

const ALL = 'all sites';

function siteOf(rule: { readonly site: Site | undefined } | string): string[] {
  return typeof rule === 'string' ? [] : [rule.site ?? ALL];
}

function* twice(
  field: keyof Settings,
  sites: readonly string[],
  what: string,
): Iterable<[keyof Settings, string]> {
  for (const site of repeated(sites)) yield [field, `${site} can have only one ${what}`];
}

function toSite(text: string, context: z.RefinementCtx): Site {
  if (isSite(text)) return text;
  context.addIssue({ code: 'custom', message: `"${text}" is not an origin such as https://www.example.com` });
  return z.NEVER;
}

function isNetwork(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}
