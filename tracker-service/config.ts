import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { Site } from '../src/core/brands.js';
import { isSite } from '../src/protocol/url.js';
import { MAX_HELD } from './holders/memory-index.js';

const count = (byDefault: number, meaning: string, max = 10_000_000) =>
  z.number().int().min(1).max(max).default(byDefault).describe(meaning);

const settings = z.strictObject({
  port: z.number().int().min(0).max(65_535).default(8082).describe('TCP port; 0 takes a free one'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  hasher: z
    .url({ protocol: /^https?$/ })
    .transform((address) => address.replace(/\/+$/, ''))
    .optional()
    .describe(
      'address of the hash service whose admissions count and whose roots are given out; not needed when all sites are open',
    ),
  openSites: z
    .array(z.string().transform(toSite))
    .default([])
    .describe(
      'origin of a site without hash service (peerfold sign), whose pages are admitted by their Origin header; repeatable',
    ),
  hasherToken: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe("bearer token for the hash service's live roots"),
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'not an address or CIDR range'))
    .default([])
    .describe('addresses or CIDR ranges of reverse proxies whose X-Forwarded-For is believed'),
  logLevel: z
    .enum(['silent', 'error', 'warn', 'info'])
    .default('warn')
    .describe('what is logged to standard error: silent, error, warn or info'),
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
  leaseSeconds: count(90, 'seconds of silence after which a visitor is taken for gone'),
  resumeSeconds: count(60, 'seconds for which a dropped visitor may come back as the same peer'),
});

/**
 * Everything that can be set: one schema for flags, environment, file and library callers. The limits
 * default to what one page's visitor plausibly needs, several times over.
 */
export const trackerConfig = settings.refine(
  ({ hasher, openSites }) => hasher !== undefined || openSites.length > 0,
  { path: ['hasher'], error: 'name the hash service, or open sites that need none' },
);

/** What callers give: everything has a default, but for `hasher` or `openSites`. */
export type TrackerOptions = z.input<typeof trackerConfig>;
/** The same with every default filled in. */
export type TrackerConfig = z.output<typeof trackerConfig>;

/** The part of the configuration that the core needs. */
export type Limits = Pick<
  TrackerConfig,
  | 'messagesPerSecond'
  | 'signalTargetsPerMinute'
  | 'introductionsPerMinute'
  | 'offersPerSecond'
  | 'holdersPerRoot'
  | 'holdersPerNetwork'
  | 'rootsPerVisitor'
  | 'leaseSeconds'
  | 'resumeSeconds'
>;

function toSite(text: string, context: z.RefinementCtx): Site {
  if (isSite(text)) return text;
  context.addIssue({ code: 'custom', message: `"${text}" is not an origin such as https://www.example.com` });
  return z.NEVER;
}

function isNetwork(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}
