import { z } from 'zod';
import { PeerfoldError } from '../../src/core/errors.js';
import { MAX_STATEMENT_LIFE } from '../../src/core/limits.js';
import { isUrlPattern } from '../../src/protocol/patterns.js';
import { parseUrl } from '../../src/protocol/url.js';
import { site } from '../config.js';

/** Units of `--life`. */
const SECONDS = { h: 3600, d: 24 * 3600 } as const;
/** Shorter ones would end before a deployment is everywhere. */
const SHORTEST_LIFE = SECONDS.h;

/** Seconds that a text such as `12h` or `7d` means; `undefined` for what no statement may live. */
function secondsOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[unit === 'h' ? 'h' : 'd'];
  return seconds >= SHORTEST_LIFE && seconds <= MAX_STATEMENT_LIFE ? seconds : undefined;
}

const life = z.string().refine((text) => secondsOf(text) !== undefined, {
  error: ({ input }) => `"${String(input)}" is no time from 1h to 31d, such as 12h or 7d`,
});

const base = z.string().transform((text, context): string => {
  const path = text.endsWith('/') ? text : `${text}/`;
  // As the URL parser spells it, or links to what is below would be spelled otherwise.
  if (parseUrl(path, 'https://site.example')?.pathname === path) return path;
  context.addIssue({ code: 'custom', message: `"${text}" is not the path of a URL, such as /blog/` });
  return z.NEVER;
});

const pattern = z.string().refine(isUrlPattern, {
  error: ({ input }) => `"${String(input)}" is not a pattern of URLs such as /media/*`,
});

/** What can be said about signing a site's files beforehand, besides which directory they are in. */
export const signOptions = z.strictObject({
  site: site.describe('origin of the site, such as https://www.example.com'),
  out: z
    .string()
    .min(1)
    .optional()
    .describe('directory that the signed files go to; without it, .peerfold in DIRECTORY'),
  data: z
    .string()
    .min(1)
    .default('.peerfold')
    .describe('directory of the private keys and of what was signed before; never publish it, never lose it'),
  life: life
    .default('7d')
    .describe('how long statements are good, from 1h to 31d; sign again before they end'),
  base: base.default('/').describe('path of the URL at which DIRECTORY is served'),
  include: z
    .array(pattern)
    .default([])
    .describe('URL pattern of files that are signed though they are no media, such as *.pdf; repeatable'),
  exclude: z.array(pattern).default([]).describe('URL pattern of files that are not signed; repeatable'),
});

/** What callers give: the directory that the site is served from, and options. */
export type SignOptions = z.input<typeof signOptions> & { readonly directory: string };
/** The same, checked; `life` in seconds. */
export type SignConfig = Omit<z.output<typeof signOptions>, 'life'> & {
  readonly directory: string;
  readonly life: number;
};

/** Checks options; throws `bad-config` with a sentence that names every wrong one. */
export function parseSignOptions({ directory, ...options }: SignOptions): SignConfig {
  const result = signOptions.safeParse(options);
  if (result.success) return { ...result.data, directory, life: secondsOf(result.data.life) ?? 0 };
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new PeerfoldError('bad-config', faults.join('; '));
}
