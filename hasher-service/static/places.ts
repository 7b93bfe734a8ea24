import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { checkApart, realOf } from '../sources/apart.js';
import { isWithin } from '../sources/paths.js';

/** Real paths: links are resolved, as far as there is something already. */
export interface Places {
  /** What the web server serves. */
  readonly directory: string;
  /** Where the signed files go; it is served, too. */
  readonly out: string;
}

/** Where a run reads and writes, as it was told. */
export interface Given {
  readonly directory: string;
  readonly out: string;
  readonly data: string;
}

/** Resolves the paths of a run. Throws `bad-config` when the private keys would be served with the site. */
export async function placesOf({ directory, out, data }: Given): Promise<Places> {
  const places = { directory: await directoryAt(directory), out: await realOf(resolve(out)) };
  await checkApart(data, [places.directory, places.out]);
  if (isWithin(places.out, await realOf(resolve(join(data, 'keys')))))
    throw fault(`--out ${out} lies among the private keys in --data ${data}`);
  return places;
}

async function directoryAt(path: string): Promise<string> {
  try {
    const real = await realpath(resolve(path));
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    throw fault(`${path} cannot be read: ${reasonOf(error)}`);
  }
  throw fault(`${path} is no directory`);
}

function fault(message: string): PeerfoldError {
  return new PeerfoldError('bad-config', message);
}
