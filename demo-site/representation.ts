import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Validators } from './conditions.js';
import { mediaTypeOf } from './media-types.js';
import type { Span } from './range.js';

/** The bytes behind a URL at this moment, and what is said about them. */
export interface Representation extends Validators {
  readonly type: string;
  readonly length: number;
  /** How the bytes are coded, if they are: validator and length are then those of the coded bytes. */
  readonly coding?: 'gzip';
  /** How long it may be kept, where that is not a matter of its type. */
  readonly cacheControl?: string;
  read(span: Span): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const READ_AT_ONCE = 64 * 1024;

/** Strong tags by file identity and state, so that a film is hashed once and not per range. */
const knownTags = new Map<string, string>();
/** More files than any site served from here has; beyond it the tags are simply computed again. */
const MAX_KNOWN_TAGS = 10_000;

/** The regular file at `path`, provided it really lies inside `root`; otherwise `undefined`. */
export async function fileRepresentation(root: string, path: string): Promise<Representation | undefined> {
  const real = await realFile(root, path);
  if (real === undefined) return undefined;
  const { size, mtime, mtimeMs, ino } = await stat(real);
  return {
    type: mediaTypeOf(path),
    length: size,
    lastModified: mtime,
    etag: await tagOf(real, `${real}|${ino}|${size}|${mtimeMs}`),
    read: (span) => readFileSpan(real, span),
  };
}

/** Bytes that lie on no disk: generated files and replaced content. */
export function memoryRepresentation(type: string, content: Uint8Array, lastModified: Date): Representation {
  return {
    type,
    length: content.byteLength,
    lastModified,
    etag: quoted(createHash('sha256').update(content).digest('hex')),
    read: ({ start, end }) => chunksOf(content.subarray(start, end)),
  };
}

/** Symbolic links are followed before the comparison, so that none leads out of the site. */
async function realFile(root: string, path: string): Promise<string | undefined> {
  try {
    const [inside, real] = await Promise.all([realpath(root), realpath(path)]);
    if (!real.startsWith(inside + sep)) return undefined;
    return (await stat(real)).isFile() ? real : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

const ABSENCES: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENCES.includes(error.code);
}

async function tagOf(path: string, state: string): Promise<string> {
  const known = knownTags.get(state);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  if (knownTags.size >= MAX_KNOWN_TAGS) knownTags.clear();
  const tag = quoted(hash.digest('hex'));
  knownTags.set(state, tag);
  return tag;
}

/** Half of the digest is plenty for a validator and keeps logs readable. */
function quoted(digest: string): string {
  return `"${digest.slice(0, 32)}"`;
}

async function* readFileSpan(path: string, { start, end }: Span): AsyncIterable<Uint8Array> {
  if (end <= start) return;
  const stream = createReadStream(path, { start, end: end - 1, highWaterMark: READ_AT_ONCE });
  for await (const chunk of stream) yield chunk as Uint8Array;
}

function* chunksOf(content: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += READ_AT_ONCE) yield content.subarray(at, at + READ_AT_ONCE);
}
