import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { PeerfoldError } from '../../src/core/errors.js';
import { isMissing, writeWhole } from '../state/files.js';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const PERMISSIONS = 0o7777;
/** No secret of ours is longer than this (bytes). */
const MAX_SECRET = 16 * 1024;
const TOKEN_BYTES = 32;

/** Writes a secret that only this user may read. */
export async function writeSecret(path: string, content: string): Promise<void> {
  await writeWhole(path, content, OWNER_ONLY_FILE);
}

/**
 * Reads a secret; `undefined` when there is none. Throws `bad-config` for what others may read or could
 * have put there: another mode than 0600, a link, or a file of another user. The file that is judged is
 * the one that is read, whatever happens to its name meanwhile.
 */
export async function readSecret(path: string): Promise<string | undefined> {
  const file = await openPlain(path);
  if (!file) return undefined;
  try {
    await judge(path, file);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** A directory that only this user may enter. */
export async function secretDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  await chmod(path, OWNER_ONLY_DIRECTORY);
}

/** A random token, kept in the data directory; made when absent. */
export async function keptToken(data: string, name: string): Promise<string> {
  const path = join(data, name);
  const kept = (await readSecret(path))?.trim();
  if (kept) return kept;
  // No dash at its beginning: it is handed on as a command's argument.
  const made = randomBytes(TOKEN_BYTES).toString('hex');
  await writeSecret(path, `${made}\n`);
  return made;
}

async function openPlain(path: string): Promise<FileHandle | undefined> {
  try {
    // Without O_NONBLOCK the opening of a named pipe would wait for a writer.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ELOOP')
      throw refused(path, 'is a symbolic link; put the file itself there');
    throw error;
  }
}

async function judge(path: string, file: FileHandle): Promise<void> {
  const { mode, uid, size } = await file.stat();
  const seen = (mode & PERMISSIONS).toString(8).padStart(3, '0');
  const owner = process.getuid?.();
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refused(path, 'is not a plain file');
  if (owner !== undefined && uid !== owner)
    throw refused(path, `belongs to user ${uid}, and this process runs as ${owner}: run it as the owner`);
  if ((mode & PERMISSIONS) !== OWNER_ONLY_FILE)
    throw refused(path, `has mode ${seen}, and only its owner may read and write it: chmod 600 "${path}"`);
  if (size > MAX_SECRET) throw refused(path, 'is too large for a secret');
}

function refused(path: string, why: string): PeerfoldError {
  return new PeerfoldError('bad-config', `${path} ${why}`);
}
