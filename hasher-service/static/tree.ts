import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerfoldError } from '../../src/core/errors.js';
import { isWithin } from '../sources/paths.js';
import type { SkipReason } from './skipping.js';

/** A file below the directory, or why something in it is passed over. `names` lead to it from the top. */
export type Found = { readonly names: readonly string[] } & (
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'skipped'; readonly why: SkipReason }
);

/** Links can make few directories look like any number of them. */
const MAX_FOUND = 1_000_000;

/** A directory on the way down: where it really lies, and the real places of all above it. */
interface Level {
  readonly path: string;
  readonly names: readonly string[];
  readonly above: readonly string[];
}

/**
 * All files that a web server would give from `top` (a real path), in the order of their names. What
 * begins with a dot is passed over, and the directory `left` (a real path) without a word. Links are
 * followed as far as they stay below `top` and lead to no directory that they are in.
 */
export async function* filesBelow(top: string, left: string): AsyncIterable<Found> {
  let count = 0;
  for await (const found of below({ path: top, names: [], above: [] }, { top, left })) {
    if (++count > MAX_FOUND)
      throw new PeerfoldError(
        'bad-config',
        `${top} holds more than ${MAX_FOUND} files, or links multiply them`,
      );
    yield found;
  }
}

interface Bounds {
  readonly top: string;
  readonly left: string;
}

async function* below(level: Level, bounds: Bounds): AsyncIterable<Found> {
  const entries = await entriesOf(level.path);
  if (typeof entries === 'string') {
    yield { kind: 'skipped', names: level.names, why: entries };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const names = [...level.names, entry.name];
    const place = await placeOf(entry, level, bounds);
    if (place === 'left') continue;
    if (typeof place === 'string') yield { kind: 'skipped', names, why: place };
    else if (place.isDirectory)
      yield* below({ path: place.path, names, above: [...level.above, level.path] }, bounds);
    else yield { kind: 'file', names, path: place.path };
  }
}

async function entriesOf(path: string): Promise<Dirent[] | SkipReason> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    return troubleOf(error);
  }
}

interface Place {
  readonly path: string;
  readonly isDirectory: boolean;
}

async function placeOf(
  entry: Dirent,
  { path, above }: Level,
  bounds: Bounds,
): Promise<Place | SkipReason | 'left'> {
  const here = join(path, entry.name);
  if (here === bounds.left) return 'left';
  if (entry.name.startsWith('.')) return 'hidden';
  // Node puts this in the place of bytes that are not UTF-8: then the name does not lead to the file.
  if (entry.name.includes('\uFFFD')) return 'name';
  const place = entry.isSymbolicLink() ? await targetOf(here, bounds.top) : plain(entry, here);
  if (typeof place === 'string' || !place.isDirectory) return place;
  if (place.path === bounds.left) return 'left';
  return place.path === path || above.includes(place.path) ? 'link-loop' : place;
}

function plain(entry: Dirent, path: string): Place | SkipReason {
  if (entry.isDirectory()) return { path, isDirectory: true };
  return entry.isFile() ? { path, isDirectory: false } : 'special';
}

async function targetOf(link: string, top: string): Promise<Place | SkipReason> {
  try {
    const path = await realpath(link);
    if (!isWithin(path, top)) return 'link-outside';
    const target = await stat(path);
    if (target.isDirectory()) return { path, isDirectory: true };
    return target.isFile() ? { path, isDirectory: false } : 'special';
  } catch {
    // Its target is missing, or the links go round in a circle.
    return 'link-broken';
  }
}

/** What a failed look at a file or directory means; other failures than the system's are thrown on. */
export function troubleOf(error: unknown): SkipReason {
  if (!(error instanceof Error) || !('errno' in error) || !('code' in error)) throw error;
  return error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'gone' : 'unreadable';
}
