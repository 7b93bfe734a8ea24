import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Bytes } from '../../src/core/bytes.js';
import type { CanonicalUrl } from '../../src/core/brands.js';
import type { Span } from '../../src/core/pieces.js';
import type { Digested, Hashing } from '../hashing/port.js';
import { OriginFault } from '../origin/fault.js';
import { originOf } from '../origin/rules.js';
import { isWithin } from './paths.js';
import type { Supply } from './supply.js';

/** A directory whose files the public origin serves from its root on. */
export interface RootRule {
  /** `undefined`: of every site. */
  readonly publicOrigin?: string;
  readonly directory: string;
}

/** Reads `DIRECTORY` or `PUBLIC=DIRECTORY`; a text says what is wrong with it. */
export function parseRootRule(text: string): RootRule | string {
  const at = text.indexOf('=');
  const publicOrigin = originOf(text.slice(0, Math.max(0, at)));
  const directory = publicOrigin === undefined ? text : text.slice(at + 1);
  if (directory === '' || (publicOrigin === undefined && text.includes('://')))
    return `"${text}" is not a directory (./public), or PUBLIC=DIRECTORY with an origin`;
  return { directory, ...(publicOrigin === undefined ? {} : { publicOrigin }) };
}

/** The directories, from texts that were checked. */
export function directoriesOf(texts: readonly string[]): string[] {
  return texts.map(parseRootRule).flatMap((rule) => (typeof rule === 'string' ? [] : [rule.directory]));
}

/** The directories of one service. */
export class DiskRoots {
  readonly rules: readonly RootRule[];

  constructor(
    texts: readonly string[],
    private readonly hashing: Hashing,
  ) {
    this.rules = texts.map((text) => {
      const rule = parseRootRule(text);
      if (typeof rule === 'string') throw new TypeError(rule);
      return rule;
    });
  }

  /** The file that the path of `url` names, opened; `undefined` when there is none. */
  async open(url: CanonicalUrl): Promise<DiskFile | undefined> {
    const { origin, pathname, search } = new URL(url);
    const names = search === '' ? namesOf(pathname) : undefined;
    if (!names) return undefined;
    for (const { publicOrigin, directory } of this.rules) {
      if (publicOrigin !== undefined && publicOrigin !== origin) continue;
      const file = await openWithin(directory, names);
      if (file) return new DiskFile(this.hashing, file);
    }
    return undefined;
  }
}

export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly identity: string;
  readonly length: number;
}

/** An open file; what it holds is what it held when it was opened, or `digest` throws. */
export class DiskFile implements Supply {
  readonly length: number;

  constructor(
    private readonly hashing: Hashing,
    private readonly file: OpenFile,
  ) {
    this.length = file.length;
  }

  async read({ start, end }: Span): Promise<Bytes | undefined> {
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await this.file.handle.read(bytes, 0, bytes.byteLength, start);
    return bytesRead === bytes.byteLength ? bytes : undefined;
  }

  async digest(mediaType: string): Promise<Digested | undefined> {
    const { handle, path, identity } = this.file;
    const digested = await this.hashing.hashFile(handle, this.length, mediaType);
    // Written to while it was read, or replaced by another file since.
    const isSame = (await identityOf(handle)) === identity && (await identityAt(path)) === identity;
    if (!isSame) throw new OriginFault('changed');
    return digested;
  }

  async close(): Promise<void> {
    await this.file.handle.close();
  }
}

/** Names along a URL's path; `undefined` when one of them could mean something else to a file system. */
function namesOf(pathname: string): string[] | undefined {
  const names = pathname.slice(1).split('/').map(decoded);
  return names.every(isPlainName) ? names : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isPlainName(name: string | undefined): name is string {
  return name !== undefined && name !== '' && name !== '.' && name !== '..' && !/[/\\\0:]/.test(name);
}

/** Opens a regular file below `directory`; links that lead out of it are not followed. */
async function openWithin(directory: string, names: readonly string[]): Promise<OpenFile | undefined> {
  try {
    const root = await realpath(resolve(directory));
    const path = await realpath(join(root, ...names));
    if (!isWithin(path, root)) return undefined;
    return await openFile(path);
  } catch {
    // Not there or not readable: the public origin supplies the bytes.
    return undefined;
  }
}

/** Opens what lies at a path; `undefined` when it is no regular file. Rejects with the system's error. */
export async function openFile(path: string): Promise<OpenFile | undefined> {
  // A pipe in the place of a file would otherwise be waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await handle.stat({ bigint: true });
  if (stats.isFile()) return { path, handle, identity: spelled(stats), length: Number(stats.size) };
  await handle.close();
  return undefined;
}

async function identityOf(handle: FileHandle): Promise<string> {
  return spelled(await handle.stat({ bigint: true }));
}

async function identityAt(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(spelled, () => undefined);
}

/** What changes whenever a file is written to, or another takes its name. */
function spelled(stats: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
}
