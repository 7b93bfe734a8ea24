import { existsSync } from 'node:fs';
import { programOnPath } from './on-path.mjs';
import { run } from './run.mjs';

const NAMES = ['firefox-esr', 'firefox'];
/** Debian's Firefox plays MP4 by the system's FFmpeg. */
const PACKAGES = ['firefox-esr', 'libavcodec-extra'];

async function installByApt() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('No Firefox found; installing the one of the distribution.');
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update'], quiet)) !== 0) return undefined;
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], quiet);
  return programOnPath(NAMES);
}

/**
 * Path of a Firefox: the one `PEERFOLD_FIREFOX` names, or an installed one, or one installed now.
 * `undefined` when there is none: the tests that need it then fail and say so, the others run.
 */
export async function findFirefox() {
  return process.env.PEERFOLD_FIREFOX || ((await programOnPath(NAMES)) ?? (await installByApt()));
}
