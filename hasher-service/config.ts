import { z } from 'zod';
import type { Site } from '../src/core/brands.js';
import { PeerfoldError } from '../src/core/errors.js';
import { MAX_CONTENT_LENGTH } from '../src/core/limits.js';
import { siteOf } from '../src/protocol/url.js';
import { parseOriginRule } from './origin/rules.js';

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

const site = z.string().transform((text, context): Site => {
  const origin = siteOf(text);
  if (origin !== undefined && (text === origin || text === `${origin}/`)) return origin;
  context.addIssue({ code: 'custom', message: `"${text}" is not an origin such as https://www.example.com` });
  return z.NEVER;
});

const originRule = z.string().superRefine((text, context) => {
  const rule = parseOriginRule(text);
  if (typeof rule === 'string') context.addIssue({ code: 'custom', message: rule });
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
  origins: listOf(originRule).default([]),
  /** Directory of keys, tokens and layers. */
  data: z.string().min(1).default('.peerfold'),
  port: wholeNumber(0, 65_535).default(8081),
  host: z.string().min(1).default('127.0.0.1'),
  /** Lets every configured origin be at a private address: for development. */
  allowPrivate: z.preprocess(toSwitch, z.boolean()).default(false),
  /** Where visitors reach this service; the `iss` of every statement. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Bearer token of `/v1/roots`; one is made and kept in `data` when absent. */
  rootsToken: z.string().min(16, 'a token of at least 16 characters is needed').max(256).optional(),
  /** Decides who is admitted to the tracker; everybody when absent. Library only. */
  admit: z.custom<Admit>(isAdmit, 'must be a function').optional(),
  /** Files above this are refused. */
  maxBytes: wholeNumber(1, MAX_CONTENT_LENGTH).default(MAX_CONTENT_LENGTH),
  /** From the start of a connection to the end of the origin's headers. */
  originTimeout: wholeNumber(1, 120_000).default(10_000),
  /** The slowest origin that is waited for, in bytes per second, judged over `originTimeout`. */
  originMinRate: wholeNumber(1, 2 ** 30).default(8 * 1024),
  /** Origin fetches at a time. */
  originConcurrency: wholeNumber(1, 256).default(8),
  /** Reports from this many distinct admissions withdraw a URL. */
  reportThreshold: wholeNumber(1, 1000).default(3),
  /** Requests per second that one address may make on average; bursts may be ten times that. */
  requestsPerSecond: wholeNumber(1, 100_000).default(50),
  /** Addresses or networks of reverse proxies whose X-Forwarded-For is believed. */
  trustedProxies: listOf(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
  logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
});

export type HasherConfig = z.output<typeof hasherConfig>;
/** What `createHasher` takes: the sites, and whatever should differ from the defaults. */
export type HasherOptions = Partial<Omit<HasherConfig, 'sites'>> & { readonly sites: readonly string[] };

/** Checks options; throws `bad-config` with a sentence that names every wrong field. */
export function parseHasherConfig(options: unknown): HasherConfig {
  const result = hasherConfig.safeParse(options);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new PeerfoldError('bad-config', faults.join('; '), {
    fields: result.error.issues.map((i) => i.path),
  });
}
