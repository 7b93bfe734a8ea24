import { chmod, mkdir, stat } from 'node:fs/promises';
import { PeerfoldError } from '../../src/core/errors.js';
import { readIfThere, writeWhole } from '../state/files.js';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const OTHERS = 0o077;

/** Writes a secret that only this user may read. */
export async function writeSecret(path: string, content: string): Promise<void> {
  await writeWhole(path, content, OWNER_ONLY_FILE);
}

/** Reads a secret; throws `bad-config` when others may read it too, `undefined` when there is none. */
export async function readSecret(path: string): Promise<string | undefined> {
  const bytes = await readIfThere(path);
  if (!bytes) return undefined;
  const { mode } = await stat(path);
  if ((mode & OTHERS) === 0) return bytes.toString('utf8');
  const seen = (mode & 0o777).toString(8);
  throw new PeerfoldError('bad-config', `${path} has mode ${seen}; others must not read it: chmod 600`);
}

/** A directory that only this user may enter. */
export async function secretDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  await chmod(path, OWNER_ONLY_DIRECTORY);
}
