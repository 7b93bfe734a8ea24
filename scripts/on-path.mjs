import { access, constants } from 'node:fs/promises';
import path from 'node:path';

export async function isExecutable(file) {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first program of one of these names in the folders of PATH.
 *
 * @param {readonly string[]} names
 */
export async function programOnPath(names) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (folder !== '' && (await isExecutable(file))) return file;
    }
  }
  return undefined;
}
