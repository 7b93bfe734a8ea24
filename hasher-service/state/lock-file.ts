import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../src/core/clock.js';
import { pause } from '../pause.js';
import { UNFINISHED, isMissing, readIfThere } from './files.js';

/** A lock that one watched unchanged for this long (ms) was left by a killed process: honest holders need milliseconds. */
const STALE = 5000;
/** Between two tries (ms). */
const RETRY = 25;

/** A lock that is held. */
export interface HeldLock {
  /** Whether nobody has taken it for stale. */
  isOurs(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Takes the exclusive lock that the file `path` is, waiting for whoever holds it. Age is what we watched
 * ourselves, not what a file's date says: the writers' clocks, and the file server's, may differ.
 */
export async function lockFile(path: string, clock: Clock): Promise<HeldLock> {
  const token = randomUUID();
  await mkdir(dirname(path), { recursive: true });
  let watched = { holder: await holderOf(path), since: clock.ticks() };
  while (!(await created(path, token))) {
    const holder = await holderOf(path);
    if (watched.holder !== holder) watched = { holder, since: clock.ticks() };
    if (holder !== undefined && clock.ticks() - watched.since >= STALE) await breakOpen(path, holder);
    else await pause(clock, RETRY);
  }
  const isOurs = async (): Promise<boolean> => (await holderOf(path)) === token;
  return {
    isOurs,
    release: async () => {
      if (await isOurs()) await rm(path, { force: true });
    },
  };
}

async function created(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (isThere(error)) return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<string | undefined> {
  return (await readIfThere(path))?.toString('utf8');
}

/** Another waiter may have broken it first, and taken it: then what we moved away is put back. */
async function breakOpen(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if ((await holderOf(aside)) !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
