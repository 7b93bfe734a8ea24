import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../core/errors.js';
import { Failure } from './io.js';

/** A file of a site's folder, as it is to be. */
export interface PlannedFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** What is there now. */
  readonly before: Uint8Array | undefined;
}

export type Change = 'new' | 'changed' | 'same';

export function changeOf({ before, content }: PlannedFile): Change {
  if (!before) return 'new';
  return Buffer.compare(before, content) === 0 ? 'same' : 'changed';
}

/** Each names its source map: without that, DevTools would show an error for every script. */
const BUNDLE = /^peerfold(-[a-z]+)?\.js(\.map)?$/;

/** The scripts for browsers with their source maps, by name, from the folder where the build puts them. */
export async function readBundles(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = (await readdir(folder)).filter((name) => BUNDLE.test(name)).sort();
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const bundles = new Map(names.map((name, i) => [name, contents[i] ?? new Uint8Array()]));
  for (const needed of ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js'])
    if (!bundles.has(needed))
      throw new Failure(`${join(folder, needed)} is missing: build or install Peerfold anew`);
  return bundles;
}

/** What is at `name` now. Throws a `Failure` when that is no file. */
export async function planFile(folder: string, name: string, content: Uint8Array): Promise<PlannedFile> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isFile()) throw new Failure(`${path} is in the way: it is no file`);
  return { name, content, before: found && (await readFile(path)) };
}

/**
 * Puts all in place, or none: everything is written beside its place first, and what was moved before a move
 * failed is moved back.
 */
export async function putInPlace(folder: string, files: readonly PlannedFile[]): Promise<void> {
  const changed = files.filter((file) => changeOf(file) !== 'same');
  if (changed.length === 0) return;
  let beside: string | undefined;
  try {
    beside = await mkdtemp(join(folder, '.peerfold-init-'));
    for (const { name, content } of changed) await writeFile(join(beside, name), content);
    await moveAll(beside, folder, changed);
  } catch (error) {
    throw new Failure(`nothing was changed: ${folder} cannot be written to: ${reasonOf(error)}`);
  } finally {
    if (beside !== undefined) await rm(beside, { recursive: true, force: true });
  }
}

async function moveAll(from: string, to: string, files: readonly PlannedFile[]): Promise<void> {
  const moved: PlannedFile[] = [];
  try {
    for (const file of files) {
      await rename(join(from, file.name), join(to, file.name));
      moved.push(file);
    }
  } catch (error) {
    for (const { name, before } of moved)
      await (before ? writeFile(join(to, name), before) : rm(join(to, name), { force: true }));
    throw error;
  }
}
