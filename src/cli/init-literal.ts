import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Site } from '../core/brands.js';
import { PeerfoldError } from '../core/errors.js';
import { parseConfig } from '../../sw/config.js';
import { UsageError } from './io.js';

export const WORKER_FILE = 'peerfold-sw.js';

export interface Literal {
  /** The worker has other duties, although its name is that of ours. */
  readonly composed?: true;
  readonly hasher: string;
  readonly tracker: string;
  readonly include: readonly string[];
  /** At `hasher` lie files that were signed. */
  readonly static?: boolean;
}

/** Whatever a worker at any site takes; at a site with HTTPS it takes less, which the doctor tells. */
const LENIENT = 'http://localhost' as Site;

/** Throws a `UsageError` for what the worker would not take. */
export function checkLiteral(literal: Literal): void {
  try {
    parseConfig(literal, LENIENT);
  } catch (error) {
    if (error instanceof PeerfoldError) throw new UsageError(`init: --${error.message}`);
    throw error;
  }
}

/** The two statements of a worker file, as they stand in it. `base` is the path that the site lives below. */
export function workerText({ include, composed, ...literal }: Literal, base: string): string {
  const lines = [
    `hasher: ${quoted(literal.hasher)},`,
    `tracker: ${quoted(literal.tracker)},`,
    ...(literal.static ? ['static: true,'] : []),
    ...(include.length > 0 ? [`include: [${include.map(quoted).join(', ')}],`] : []),
    ...(composed ? ['composed: true,'] : []),
  ];
  const body = lines.map((line) => `  ${line}\n`).join('');
  return `self.peerfold = {\n${body}};\nimportScripts(${quoted(`${base}peerfold-worker.js`)});\n`;
}

/** A string, which is kept, or a comment. */
const STRING_OR_COMMENT = /((["'`])(?:\\.|(?!\2)[^\\\n])*\2)|\/\*[^]*?\*\/|\/\/.*/g;
const LITERAL = /\bself\.peerfold\s*=\s*\{([^{}]*)\}/;
const HASHER = /(?:^|,)\s*["']?hasher["']?\s*:\s*(["'`])(.*?)\1/;
const TRACKER = /(?:^|,)\s*["']?tracker["']?\s*:\s*(["'`])(.*?)\1/;
const INCLUDE = /(?:^|,)\s*["']?include["']?\s*:\s*\[([^\]]*)\]/;
/** Minified code has `!0` for `true`. */
const STATIC = /(?:^|,)\s*["']?static["']?\s*:\s*(?:true|!0)(?!\w)/;

/** What a worker file is to say; nothing of what is left out. */
export interface Wanted {
  readonly hasher?: string | undefined;
  readonly tracker?: string | undefined;
  readonly include?: readonly string[];
  readonly static?: boolean;
}

/**
 * What is missing in a worker file that is there, as it is to be written in it; all of it where the literal is in
 * another file, or put together.
 */
export function missingIn(text: string, wanted: Wanted): string[] {
  const code = text.replace(STRING_OR_COMMENT, '$1');
  const body = LITERAL.exec(code)?.[1] ?? '';
  const included = INCLUDE.exec(body)?.[1] ?? '';
  const lacks = (wanted.include ?? []).some((pattern) => !included.includes(pattern));
  return [
    ...addressIn('hasher', HASHER.exec(body)?.[2], wanted.hasher),
    ...addressIn('tracker', TRACKER.exec(body)?.[2], wanted.tracker),
    ...(lacks ? [`include: [${(wanted.include ?? []).map(quoted).join(', ')}]`] : []),
    ...(wanted.static === true && !STATIC.test(body) ? ['static: true'] : []),
  ];
}

function addressIn(field: string, said = '', wanted?: string): string[] {
  return wanted === undefined || plain(said) === plain(wanted) ? [] : [`${field}: ${quoted(wanted)}`];
}

/** As the worker reads an address. */
function plain(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).href.replace(/\/+$/, '') : undefined;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}

export interface Tag {
  readonly base: string;
  readonly consent: 'required' | 'implied';
  /** Address of the worker file. */
  readonly worker: string;
  /** The loader, for the tag that names its digest. */
  readonly loader?: Uint8Array;
}

export function scriptTag({ base, consent, worker, loader }: Tag): string {
  const sw = worker === `/${WORKER_FILE}` ? '' : ` data-sw="${worker}"`;
  const digest = loader && createHash('sha384').update(loader).digest('base64');
  const integrity = digest === undefined ? '' : ` integrity="sha384-${digest}"`;
  return `<script async src="${base}peerfold.js"${integrity} data-consent="${consent}"${sw}></script>`;
}

/**
 * Patterns for the segments of a site's streams, which players fetch by script: the folder that all below one
 * top folder have in common, or the endings of those that lie at the top.
 */
export function patternsFor(segments: readonly string[], base: string): string[] {
  const byTop = new Map<string, string[]>();
  for (const file of segments) {
    const [top = '', ...rest] = file.split('/');
    const key = rest.length === 0 ? `*${posix.extname(file)}` : top;
    byTop.set(key, [...(byTop.get(key) ?? []), posix.dirname(file)]);
  }
  const patterns = [...byTop].map(([key, folders]) =>
    key.startsWith('*') ? key : `${base}${commonFolder(folders)}/*`,
  );
  return patterns.filter((pattern) => !/^\*\.(m3u8|mpd)$/.test(pattern));
}

function commonFolder([first = '', ...others]: readonly string[]): string {
  const common = others.reduce((parts, folder) => {
    const its = folder.split('/');
    const end = parts.findIndex((part, i) => part !== its[i]);
    return end < 0 ? parts : parts.slice(0, end);
  }, first.split('/'));
  return common.join('/');
}
