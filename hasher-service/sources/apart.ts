import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PeerfoldError } from '../../src/core/errors.js';
import { isMissing } from '../state/files.js';
import { isWithin } from './paths.js';

/**
 * Throws `bad-config` when the secrets of a data directory would be served with one of the `published`
 * directories. Links are resolved, also that of a `keys` which lies elsewhere.
 */
export async function checkApart(data: string, published: readonly string[]): Promise<void> {
  const directories = await Promise.all(published.map((path) => realOf(resolve(path))));
  for (const secret of [data, join(data, 'keys')]) {
    const place = await realOf(resolve(secret));
    const around = directories.find((directory) => isWithin(place, directory));
    if (around !== undefined)
      throw new PeerfoldError(
        'bad-config',
        `--data ${data} lies within ${around}, which is published: the private keys would be, too`,
      );
  }
}

/** The real path of what may not be there yet. */
export async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error;
    return join(await realOf(dirname(path)), basename(path));
  }
}
