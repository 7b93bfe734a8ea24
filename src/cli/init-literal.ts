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
