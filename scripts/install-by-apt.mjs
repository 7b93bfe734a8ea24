import { existsSync } from 'node:fs';
import { run } from './run.mjs';

/**
 * Installs packages of the distribution, where that is Debian's kind and we are root; false where that cannot be done.
 * Whether they are there afterwards whoever asked has to see.
 *
 * @param {readonly string[]} packages
 * @param {string} why
 */
export async function installByApt(packages, why) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log(why);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update'], quiet)) !== 0) return false;
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], quiet);
  return true;
}
