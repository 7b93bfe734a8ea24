import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Marks files that a killed process left half-written. */
export const UNFINISHED = '.unfinished';
/** Tells our unfinished files from those of dead processes. */
const RUN = randomUUID();
let count = 0;
/** Up to here (bytes) a buffer that is too large is cheaper than asking for a file's size. */
const SMALL = 64 * 1024;

/**
 * Writes a file so that readers and crashes see the old content or the new, never a part: a synced
 * temporary file beside it, then a rename. Creates missing directories.
 */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await replace(path, content, { mode, isSynced: true });
}

/**
 * The same without waiting for the disk. A crash of this process still leaves the old content or the new;
 * a power cut may leave anything. For what is checked whenever it is read, and can be made anew: syncing
 * each of thousands of small files would cost more than all the rest of making them.
 */
export async function writeUnsynced(path: string, content: string | Uint8Array): Promise<void> {
  await replace(path, content, { mode: 0o644, isSynced: false });
}

interface Manner {
  readonly mode: number;
  readonly isSynced: boolean;
}

async function replace(path: string, content: string | Uint8Array, manner: Manner): Promise<void> {
  const temporary = unfinished(path);
  try {
    await writeNew(temporary, content, manner);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeNew(path: string, content: string | Uint8Array, manner: Manner): Promise<void> {
  const file = await openNew(path, manner.mode);
  try {
    await file.writeFile(content);
    if (manner.isSynced) await file.sync();
  } finally {
    await file.close();
  }
}

/** The directory is nearly always there. */
async function openNew(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, 'wx', mode);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'wx', mode);
  }
}

/** The bytes of a file, or `undefined` when there is none. Other failures are thrown. */
export async function readIfThere(path: string): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The same for a file that should hold no more than `most` bytes: of a longer one, one byte more is read.
 * What is no file at all has no bytes.
 */
export async function readBounded(path: string, most: number): Promise<Buffer<ArrayBuffer> | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const room = most < SMALL ? most : Math.min(most, (await file.stat()).size);
    const bytes = Buffer.alloc(room + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (hasCode(error, 'EISDIR')) return Buffer.alloc(0);
    throw error;
  } finally {
    await file?.close();
  }
}

/** Names in a directory; none when there is no directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Removes what a killed process left half-written in place of files; what this one writes stays. */
export async function removeUnfinished(directory: string): Promise<void> {
  const left = (await namesIn(directory)).filter((name) => name.endsWith(UNFINISHED) && !name.includes(RUN));
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

/** Where to write what takes the place of a file when it is whole. */
export function unfinished(path: string): string {
  return `${path}.${RUN}-${count++}${UNFINISHED}`;
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
