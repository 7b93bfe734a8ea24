import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Site } from '../src/core/brands.js';
import { PeerfoldError } from '../src/core/errors.js';
import { MAX_CONTENT_LENGTH, MAX_RELAYS } from '../src/core/limits.js';
import { isTurnUrl } from '../src/protocol/hasher.js';
import { isUrlPattern } from '../src/protocol/patterns.js';
import { siteOf } from '../src/protocol/url.js';
import { parseAssumption } from './judging/assumptions.js';
import { parseQueryRule } from './judging/queries.js';
import { parseOriginRule } from './origin/rules.js';
import { parseRootRule } from './sources/disk.js';

/** Who asks to be admitted to the tracker. No address: it is the site's own business to know visitors. */
export interface Applicant {
  readonly site: Site;
  /** RFC 7638 thumbprint of the visitor's ephemeral key. */
  readonly jkt: string;
  /** Request headers, lower-case names, for sites that admit by a session of their own. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}
export type Admit = (applicant: Applicant) => boolean | Promise<boolean>;

const FALSE_WORDS: readonly unknown[] = ['false', '0', 'no'];
const TRUE_WORDS: readonly unknown[] = ['', 'true', '1', 'yes'];

/** A list; in an environment variable it is written with commas. */
function listOf<T extends z.ZodType>(item: T) {
  const split = (value: unknown): unknown =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value;
  return z.preprocess(split, z.array(item));
}

/** A switch; a flag without a value and the usual words of environment variables are understood. */
function toSwitch(value: unknown): unknown {
  if (TRUE_WORDS.includes(value)) return true;
  return FALSE_WORDS.includes(value) ? false : value;
}

/** A whole number; flags and environment variables are text. */
function wholeNumber(min: number, max: number) {
  const read = (value: unknown): unknown =>
    typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return z.preprocess(read, z.number().int().min(min).max(max));
}

export const site = z.string().transform((text, context): Site => {
  const origin = siteOf(text);
  if (origin !== undefined && (text === origin || text === `${origin}/`)) return origin;
  context.addIssue({ code: 'custom', message: `"${text}" is not an origin such as https://www.example.com` });
  return z.NEVER;
});

/** A text that `parse` understands; what it says instead of a rule is the complaint. */
function ruleText(parse: (text: string) => object | string) {
  return z.string().superRefine((text, context) => {
    const rule = parse(text);
    if (typeof rule === 'string') context.addIssue({ code: 'custom', message: rule });
  });
}

const urlPattern = z.string().refine(isUrlPattern, {
  error: ({ input }) => `"${String(input)}" is not a pattern of URLs such as /live/*`,
});

const isAdmit = (value: unknown): value is Admit => typeof value === 'function';

/**
 * Everything the hash service can be told, from flags, environment and file alike. Times are
 * milliseconds, sizes bytes.
 */
export const hasherConfig = z.strictObject({
  /** Whose visitors are served: serialised origins. */
  sites: listOf(site).pipe(z.array(z.custom<Site>()).min(1, 'name at least one site')),
  /** Which origins may be fetched: `URL` or `PUBLIC=UPSTREAM`. None: the sites themselves. */
  origins: listOf(ruleText(parseOriginRule)).default([]),
  /** Directories whose files an origin serves from its root on: `DIRECTORY` or `PUBLIC=DIRECTORY`. */
  roots: listOf(ruleText(parseRootRule)).default([]),
  /** Query parameters that matter, as `PATTERN` or `PATTERN?name&name`. */
  keepQueries: listOf(ruleText(parseQueryRule)).default([]),
  /** Query parameters that change nothing and are left out, in the same shape. */
  dropQueries: listOf(ruleText(parseQueryRule)).default([]),
  /** `PATTERN=SECONDS`: how long files are fresh whose origin does not say. */
  assumeFresh: listOf(ruleText(parseAssumption)).default([]),
  /** Patterns of URLs that exist for seconds only: looked at first, and waited for. */
  live: listOf(urlPattern).default([]),
  /** Directory of keys, tokens and layers. */
  data: z.string().min(1).default('.peerfold'),
  /**
   * Shares state with the other instances behind a balancer; they need the same keys in their `data`. Each
   * hash service needs a database of its own, such as `redis://127.0.0.1:6379/2`.
   */
  redis: z.url({ protocol: /^rediss?$/, error: 'a URL such as redis://127.0.0.1:6379 is needed' }).optional(),
  port: wholeNumber(0, 65_535).default(8081),
  host: z.string().min(1).default('127.0.0.1'),
  /** Lets every configured origin be at a private address: for development. */
  allowPrivate: z.preprocess(toSwitch, z.boolean()).default(false),
  /** Where visitors reach this service; the `iss` of every statement. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Bearer token of `/v1/roots`; one is made and kept in `data` when absent. */
  rootsToken: z.string().min(16, 'a token of at least 16 characters is needed').max(256).optional(),
  /** Bearer token of `/v1/purge` and of the dashboard; one is made and kept in `data` when absent. */
  operatorToken: z.string().min(16, 'a token of at least 16 characters is needed').max(256).optional(),
  /** TURN servers that admitted visitors may use, such as `turn:turn.example.com:3478`; and */
  turnUrls: listOf(z.string().refine(isTurnUrl, 'a turn: or turns: URL is needed'))
    .pipe(z.array(z.string()).max(MAX_RELAYS))
    .default([]),
  /** the secret that they share with this service, for passwords that expire (coturn's `static-auth-secret`). */
  turnSecret: z.string().min(16, 'a secret of at least 16 characters is needed').max(256).optional(),
  /** Takes no beacons of pages and no reports of trackers, and has no dashboard. */
  noBeacons: z.preprocess(toSwitch, z.boolean()).default(false),
  /** Decides who is admitted to the tracker; everybody when absent. Library only. */
  admit: z.custom<Admit>(isAdmit, 'must be a function').optional(),
  /** Files above this are refused. */
  maxBytes: wholeNumber(1, MAX_CONTENT_LENGTH).default(MAX_CONTENT_LENGTH),
  /** From the start of a connection to the end of the origin's headers. */
  originTimeout: wholeNumber(1, 120_000).default(10_000),
  /** The slowest origin that is waited for, in bytes per second, judged over `originTimeout`. */
  originMinRate: wholeNumber(1, 2 ** 30).default(8 * 1024),
  /** Looks at origins at a time; as many again for live URLs. */
  originConcurrency: wholeNumber(1, 256).default(8),
  /** Looks at URLs without a token that one address may cause in a minute; as many are saved up. */
  coldFetchesPerMinute: wholeNumber(1, 1_000_000).default(600),
  /** Looks at origins a second, of all together; ten seconds' worth is saved up. */
  originFetchesPerSecond: wholeNumber(1, 100_000).default(50),
  /** Bytes a second read from origins, all together; ten seconds' worth is saved up. */
  originBytesPerSecond: wholeNumber(64 * 1024, 2 ** 40).default(128 * 1024 * 1024),
  /** Threads that hash; each takes 10 MB of memory. */
  hashThreads: wholeNumber(1, 64).default(Math.min(4, availableParallelism())),
  /** Reports from this many distinct admissions withdraw a URL. */
  reportThreshold: wholeNumber(1, 1000).default(3),
  /** Requests per second that one address may make on average; bursts may be ten times that. */
  requestsPerSecond: wholeNumber(1, 100_000).default(50),
  /** Addresses or networks of reverse proxies whose X-Forwarded-For is believed. */
  trustedProxies: listOf(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
  /** Until a whole request must be here. */
  requestTimeoutMs: wholeNumber(100, 600_000).default(10_000),
  /** A connection on which nothing moves is closed after this, also while an answer is not taken. */
  idleTimeoutMs: wholeNumber(100, 600_000).default(30_000),
  /** Once asked to stop: so long `/readyz` says 503 while requests are still taken, for balancers to notice. */
  drainMs: wholeNumber(0, 600_000).default(0),
  /** After that: until requests under way are cut off. */
  shutdownMs: wholeNumber(0, 600_000).default(10_000),
  logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
});

export type HasherConfig = z.output<typeof hasherConfig>;
/** What `createHasher` takes: the sites, and whatever should differ from the defaults. */
export type HasherOptions = Partial<Omit<HasherConfig, 'sites'>> & { readonly sites: readonly string[] };

/** Checks options; throws `bad-config` with a sentence that names every wrong field. */
export function parseHasherConfig(options: unknown): HasherConfig {
  const result = hasherConfig.safeParse(options);
  if (result.success) return consistent(result.data);
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new PeerfoldError('bad-config', faults.join('; '), {
    fields: result.error.issues.map((i) => i.path),
  });
}

function consistent(config: HasherConfig): HasherConfig {
  if (config.turnUrls.length > 0 !== (config.turnSecret !== undefined))
    throw new PeerfoldError('bad-config', 'turnUrls and turnSecret: one is of no use without the other');
  return config;
}
